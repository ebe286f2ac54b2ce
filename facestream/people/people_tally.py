"""Who was seen where since somebody began to count, kept up from what happens to identities."""

from __future__ import annotations

import re
from collections import defaultdict

from storage.identity_record import ChangeKind, IdentityChange

_IN_SOURCE = re.compile(r"\.[0-9]+\.[0-9]+(\.[a-z])?$")


def source_of(track_id: str) -> str:
    """The source that a track is in, or a part of a track that was divided."""
    return _IN_SOURCE.sub("", track_id)


class PeopleTally:
    """Counts the people of each source without reading the collection; memory grows with people alone.

    A person whose last track in a source turns out to be somebody else's is still counted there.
    """

    def __init__(self) -> None:
        self._by_source: defaultdict[str, set[str]] = defaultdict(set)

    def take(self, change: IdentityChange) -> None:
        """Take in what happened next."""
        match change.kind:
            case ChangeKind.CREATED | ChangeKind.ASSIGNED | ChangeKind.SPLIT if change.track_id:
                self._by_source[source_of(change.track_id)].add(change.identity_id)
            case ChangeKind.MERGED:
                for people in self._by_source.values():
                    if change.identity_id in people:
                        people.discard(change.identity_id)
                        people.add(change.other_id)
            case ChangeKind.VANISHED | ChangeKind.FORGOTTEN:
                for people in self._by_source.values():
                    people.discard(change.identity_id)

    def people(self, source_id: str) -> int:
        """How many people were seen in a source."""
        return len(self._by_source.get(source_id, ()))

    def total(self) -> int:
        """How many were seen in any."""
        return len(set().union(*self._by_source.values()))
