"""The stored samples that can be compared with each other."""

from __future__ import annotations

from collections.abc import Iterable

from storage.collection_reader import CollectionReader
from storage.sample_record import BareSample


class ComparableSamples:
    """Stored samples of a collection's own embedding space.

    Args:
        store: The collection.
    """

    def __init__(self, store: CollectionReader) -> None:
        self._store = store
        self._model_id = ""

    @property
    def model_id(self) -> str:
        """Embedding space of the collection, or empty as long as it has none."""
        self._model_id = self._model_id or self._store.meta().get("model_id", "")
        return self._model_id

    def by_id(self, sample_ids: Iterable[str]) -> dict[str, BareSample]:
        """Samples by id; what can't be read or is of another space is left out."""
        found = self._store.bare_samples(sample_ids)
        return {s.sample_id: s for s in found if s.model_id == (self.model_id or s.model_id)}
