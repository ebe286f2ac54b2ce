"""Which tracks were seen together, and are different people therefore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from workers.clustering.constraints import NO_CONSTRAINTS, Constraints, Pair
from workers.clustering.evidence import TrackEvidence, seen_together

# Moments of a stretch, fifths of a second: as long as most tracks at most.
_STRETCH = 300
_NONE: frozenset[str] = frozenset()


class Company:
    """Pairs of tracks of one source that are visible at the same moment.

    Attributes:
        by_source: Ids of the tracks of each source that has any.
        photos: Which of these sources are photos.
        constraints: What people said. What belongs together may be seen together: mirrors and screens exist.
    """

    def __init__(self) -> None:
        self.by_source: dict[str, set[str]] = {}
        self.photos: set[str] = set()
        self.constraints: Constraints = NO_CONSTRAINTS
        self._seen: dict[str, set[str]] = {}
        # By source and stretch of time: a camera sees many tracks, and few at a time.
        self._during: dict[tuple[str, int], set[str]] = {}

    def snapshot(self) -> Company:
        """The same, as of now, for somebody else."""
        clone = Company()
        clone.by_source = {source_id: set(tracks) for source_id, tracks in self.by_source.items()}
        clone.photos = self.photos.copy()
        clone.constraints = self.constraints
        clone._seen = {track_id: set(others) for track_id, others in self._seen.items()}
        clone._during = {stretch: set(tracks) for stretch, tracks in self._during.items()}
        return clone

    def insert(self, track: TrackEvidence, tracks: Mapping[str, TrackEvidence]) -> None:
        """Take in a track that isn't there.

        Args:
            track: The track.
            tracks: All those that are there.
        """
        beside: set[str] = set()
        for stretch in _stretches(track):
            there = self._during.setdefault(stretch, set())
            beside |= there
            there.add(track.track_id)
        seen = {other for other in beside if seen_together(track, tracks[other])}
        for other in seen:
            self._seen[other].add(track.track_id)
        self._seen[track.track_id] = seen
        self.by_source.setdefault(track.source_id, set()).add(track.track_id)
        if track.photo:
            self.photos.add(track.source_id)

    def remove(self, track: TrackEvidence) -> bool:
        """Forget a track that is there; returns whether its source has none any more."""
        for other in self._seen.pop(track.track_id):
            self._seen[other].discard(track.track_id)
        for stretch in _stretches(track):
            self._during[stretch].discard(track.track_id)
            if not self._during[stretch]:
                del self._during[stretch]
        neighbours = self.by_source[track.source_id]
        neighbours.discard(track.track_id)
        if not neighbours:
            del self.by_source[track.source_id]
            self.photos.discard(track.source_id)
        return not neighbours

    def of(self, track_id: str) -> AbstractSet[str]:
        """Tracks that were seen with a track, but those that people put together with it."""
        return self._seen[track_id] - self.constraints.with_(track_id)

    def apart_from(self, track_id: str) -> AbstractSet[str]:
        """Tracks that are of others than a track: they were seen with it, or people said so."""
        return self.of(track_id) | self.constraints.against(track_id)

    def of_groups(self) -> Iterator[Pair]:
        """Groups that people put together, each with all who are of others as they were seen with one of it.

        What is so of a track is so of all that people put together with it.
        """
        for group in self.constraints.together:
            seen = _NONE.union(*(self.of(track_id) for track_id in group if track_id in self._seen))
            if seen:
                theirs = {id(whole): whole for whole in map(self.constraints.with_, seen)}
                yield group, seen.union(*theirs.values())

    def accompanied(self) -> Iterator[str]:
        """Tracks that were seen with others, as most of a large collection were not."""
        return (track_id for track_id, others in self._seen.items() if others)

    def pairs(self, source_id: str) -> list[tuple[str, str]]:
        """Pairs of a source that are different people, sorted."""
        return sorted((a, b) for a in self.by_source[source_id] for b in self.of(a) if a < b)


def _stretches(track: TrackEvidence) -> list[tuple[str, int]]:
    """The stretches of time that a track was seen in; who was seen with it was so in one of them."""
    return [(track.source_id, stretch) for stretch in np.unique(track.moments // _STRETCH).tolist()]
