"""All ids of people, kept up to date beside the steps that merge them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from storage.collection_reader import CollectionReader
from storage.effects import Effects
from storage.older_ids import older_ids


class PastIds:
    """All ids of people, as of the last step, for whoever leads a collection: nobody else merges anybody.

    Redis is asked about every id that was ever given, once, when somebody is forgotten for the first time.

    Args:
        store: The collection.
    """

    def __init__(self, store: CollectionReader) -> None:
        self._store = store
        self._into: dict[str, str] | None = None

    def of(self, identity_ids: Collection[str], merged: Mapping[str, str]) -> set[str]:
        """All ids of people, older ones included.

        Args:
            identity_ids: The people.
            merged: Who took whom over in the step that is under way.
        """
        if self._into is None:
            self._into = self._store.merged()
        ids = {*identity_ids, *(old for old, successor in merged.items() if successor in identity_ids)}
        return ids | older_ids(self._into, ids)

    def committed(self, effects: Effects) -> None:
        """A step is in Redis."""
        if self._into is None:
            return
        for identity in effects.identities:
            # Who was merged may be brought back, or merged into somebody else.
            self._into.pop(identity.identity_id, None)
            if identity.merged_into:
                self._into[identity.identity_id] = identity.merged_into
        for identity_id in effects.forgotten:
            self._into.pop(identity_id, None)
