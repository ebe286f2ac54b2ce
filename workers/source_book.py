"""The sources of a collection, as the cluster worker knows them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord
from workers.people import SourceTimes


class SourceBook(Mapping[str, SourceRecord]):
    """The sources of a collection by their ids, as of when they were read last.

    Args:
        store: The collection.

    Attributes:
        retimed: Sources of which `times` says something else than before, to be emptied by whoever heeds it.
    """

    def __init__(self, store: IdentityStore) -> None:
        self._store = store
        self._sources: dict[str, SourceRecord] = {}
        # Those that were read in this step: a run may have told something new about them since.
        self._fresh: set[str] = set()
        self.retimed: set[str] = set()

    def load(self) -> None:
        """Take in what is in Redis."""
        for source in self._store.sources():
            self._sources[source.source_id] = source

    def committed(self) -> None:
        """The step is in Redis."""
        self._fresh.clear()

    def fresh(self, source_id: str) -> SourceRecord | None:
        """A source as it is in Redis, with what this step changes; None if there is none."""
        if source_id not in self._fresh:
            source = self._store.source(source_id)
            if source is None:
                return None
            self._note(source)
            self._fresh.add(source_id)
        return self._sources[source_id]

    def write(self, source: SourceRecord, effects: Effects) -> None:
        """Let the progress of a source be another."""
        self._note(source)
        effects.sources[source.source_id] = source

    def remove(self, source_id: str, effects: Effects) -> None:
        """Let nothing of a source be left."""
        if self._sources.pop(source_id, None) is not None:
            self.retimed.add(source_id)
        self._fresh.discard(source_id)
        effects.sources.pop(source_id, None)
        effects.sources_removed.add(source_id)

    def times(self, source_id: str) -> SourceTimes:
        """When and how long faces of a source were seen, as of when it was read last."""
        source = self._sources.get(source_id)
        return SourceTimes() if source is None else _times_of(source)

    def _note(self, source: SourceRecord) -> None:
        if self.times(source.source_id) != _times_of(source):
            self.retimed.add(source.source_id)
        self._sources[source.source_id] = source

    def __getitem__(self, source_id: str) -> SourceRecord:
        """A source as it was read last."""
        return self._sources[source_id]

    def __iter__(self) -> Iterator[str]:
        """Ids of all."""
        return iter(self._sources)

    def __len__(self) -> int:
        """Number of all."""
        return len(self._sources)


def _times_of(source: SourceRecord) -> SourceTimes:
    return SourceTimes(
        source.recorded_at_s,
        1 / source.fps if source.fps else 0.0,
        source.duration_s or math.inf,
    )
