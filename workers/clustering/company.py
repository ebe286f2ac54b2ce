"""Which tracks were seen together, and are different people therefore."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from workers.clustering.constraints import NO_CONSTRAINTS, Constraints, Pair
from workers.clustering.evidence import TrackEvidence, seen_together

# Moments of a stretch, fifths of a second: as long as most tracks at most.
_STRETCH = 300
_NONE: frozenset[str] = frozenset()

NumberArray = npt.NDArray[np.int64]

_NO_NUMBERS: NumberArray = np.zeros(0, np.int64)


class Company:
    """Pairs of tracks of one source that are visible at the same moment.

    Every track has a number, the higher the later it came, and knows by it whom it found there that it was
    seen with. So each pair is told of once, in eight bytes, and nothing of a track has to change when another
    one comes: who came later is looked for in the stretches of time, or in an index of all, where many are
    asked for. No array is ever written to, so that snapshots share them.

    Attributes:
        by_source: Ids of the tracks of each source that has any.
        photos: Which of these sources are photos.
        constraints: What people said. What belongs together may be seen together: mirrors and screens exist.
    """

    def __init__(self) -> None:
        self.by_source: dict[str, set[str]] = {}
        self.photos: set[str] = set()
        self.constraints: Constraints = NO_CONSTRAINTS
        self._next_number = 0
        # In the order of the numbers: a dictionary keeps that in which tracks came.
        self._number: dict[str, int] = {}
        self._tracks: dict[int, TrackEvidence] = {}
        # Some of them may be gone.
        self._found: dict[int, NumberArray] = {}
        # By source and stretch of time, int64 (N, 3), ascending: number, first and last moment of each track.
        # A camera sees many tracks, and few at a time.
        self._during: dict[tuple[str, int], NumberArray] = {}
        # Made where many are asked for; gone with the next change.
        self._index: _Index | None = None

    def snapshot(self) -> Company:
        """The same, as of now, for somebody else."""
        clone = Company()
        clone.by_source = {source_id: set(tracks) for source_id, tracks in self.by_source.items()}
        clone.photos = self.photos.copy()
        clone.constraints = self.constraints
        clone._next_number = self._next_number
        clone._number, clone._tracks = self._number.copy(), self._tracks.copy()
        clone._found, clone._during = self._found.copy(), self._during.copy()
        clone._index = self._index
        return clone

    def insert(self, track: TrackEvidence) -> None:
        """Take in a track that isn't there."""
        number, self._index = self._next_number, None
        self._next_number += 1
        stretches = _stretches(track)
        beside = self._beside(track, stretches).tolist()
        seen = [other for other in beside if seen_together(track, self._tracks[other])]
        row = np.array([[number, track.moments[0], track.moments[-1]]], np.int64)
        for stretch in stretches:
            there = self._during.get(stretch)
            self._during[stretch] = row if there is None else np.concatenate([there, row])
        self._number[track.track_id] = number
        self._tracks[number] = track
        self._found[number] = np.array(seen, np.int64) if seen else _NO_NUMBERS
        self.by_source.setdefault(track.source_id, set()).add(track.track_id)
        if track.photo:
            self.photos.add(track.source_id)

    def remove(self, track: TrackEvidence) -> bool:
        """Forget a track that is there; returns whether its source has none any more."""
        number, self._index = self._number.pop(track.track_id), None
        del self._tracks[number], self._found[number]
        for stretch in _stretches(track):
            there = self._during[stretch]
            if len(there) > 1:
                self._during[stretch] = there[there[:, 0] != number]
            else:
                del self._during[stretch]
        neighbours = self.by_source[track.source_id]
        neighbours.discard(track.track_id)
        if not neighbours:
            del self.by_source[track.source_id]
            self.photos.discard(track.source_id)
        return not neighbours

    def of(self, track_id: str) -> AbstractSet[str]:
        """Tracks that were seen with a track, but those that people put together with it."""
        seen = self._seen(track_id) if self._index is None else self._index.of(track_id)
        theirs = self.constraints.with_(track_id)
        return seen - theirs if theirs else seen

    def apart_from(self, track_id: str) -> AbstractSet[str]:
        """Tracks that are of others than a track: they were seen with it, or people said so."""
        against = self.constraints.against(track_id)
        return self.of(track_id) | against if against else self.of(track_id)

    def of_groups(self) -> Iterator[Pair]:
        """Groups that people put together, each with all who are of others as they were seen with one of it.

        What is so of a track is so of all that people put together with it.
        """
        for group in self.constraints.together:
            seen = _NONE.union(*(self.of(track_id) for track_id in group if track_id in self._number))
            if seen:
                theirs = {id(whole): whole for whole in map(self.constraints.with_, seen)}
                yield group, seen.union(*theirs.values())

    def accompanied(self) -> Iterator[str]:
        """Tracks that were seen with others, as most of a large collection were not."""
        return self._all().accompanied()

    def pairs(self, source_id: str) -> list[tuple[str, str]]:
        """Pairs of a source that are different people, sorted."""
        pairs = self._all().pairs(self.by_source[source_id])
        with_ = self.constraints.with_
        return [(a, b) for a, b in pairs if b not in with_(a)] if self.constraints.together else pairs

    def _seen(self, track_id: str) -> AbstractSet[str]:
        """Tracks that were seen with one."""
        number = self._number[track_id]
        tracks, found = self._tracks, self._found
        numbers = [other for other in found[number].tolist() if other in tracks]
        beside = self._beside(tracks[number], _stretches(tracks[number]))
        later = beside[beside > number].tolist()
        if later:
            # Whoever came later knows of it.
            theirs = [found[other] for other in later]
            which = np.repeat(np.arange(len(later)), [len(some) for some in theirs])
            numbers += [later[k] for k in which[np.concatenate(theirs) == number].tolist()]
        return {tracks[other].track_id for other in numbers}

    def _beside(self, track: TrackEvidence, stretches: list[tuple[str, int]]) -> NumberArray:
        """Numbers of tracks whose time overlaps that of a track, itself included if it is there, ascending.

        Args:
            track: The track.
            stretches: Those that it was seen in.
        """
        there = [self._during[stretch] for stretch in stretches if stretch in self._during]
        if not there:
            return _NO_NUMBERS
        some = there[0] if len(there) == 1 else np.concatenate(there)
        first, last = track.moments[0], track.moments[-1]
        numbers: NumberArray = some[(some[:, 1] <= last) & (some[:, 2] >= first), 0]
        return numbers if len(there) == 1 else np.unique(numbers)

    def _all(self) -> _Index:
        """Who was seen with whom, of all tracks: many are asked for."""
        if self._index is None:
            self._index = _Index.of_all(self._number, self._found)
        return self._index


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Who was seen with each of some tracks.

    Attributes:
        ids: The tracks (N,), ascending.
        place: Place of each in `ids`.
        starts: Where those of each track begin in `others`, and where they end for the last one (N + 1,).
        others: int32, places of those who were seen with the first track, ascending, then with the second,
            and so on.
    """

    ids: list[str]
    place: dict[str, int]
    starts: list[int]
    others: npt.NDArray[np.int32]

    @classmethod
    def of_all(cls, number: Mapping[str, int], found: Mapping[int, NumberArray]) -> Self:
        """Gather them.

        Args:
            number: Number of each track, ascending.
            found: By number, in the same order, those of tracks that each was seen with and that came before
                it; of some that are gone, too.
        """
        ids = sorted(number)
        place = dict(zip(ids, itertools.count(), strict=False))
        places = np.fromiter(map(place.__getitem__, number), np.int32, len(number))
        numbers = np.fromiter(found, np.int64, len(found))
        before = np.concatenate([_NO_NUMBERS, *found.values()])
        at = np.minimum(np.searchsorted(numbers, before), max(len(numbers) - 1, 0))
        there = numbers[at] == before
        lengths = np.fromiter(map(len, found.values()), np.intp, len(found))
        early, late = places[at[there]], np.repeat(places, lengths)[there]
        one, other = np.concatenate([early, late]), np.concatenate([late, early])
        starts = np.cumsum(np.bincount(one, minlength=len(ids))).tolist()
        # By both, in one number.
        order = np.argsort(one.astype(np.int64) << 32 | other)
        return cls(ids, place, [0, *starts], other[order])

    def of(self, track_id: str) -> AbstractSet[str]:
        """Tracks that were seen with one."""
        return set(map(self.ids.__getitem__, self._others(self.place[track_id])))

    def accompanied(self) -> Iterator[str]:
        """Tracks that were seen with any."""
        borders = zip(self.ids, itertools.pairwise(self.starts), strict=True)
        return (track_id for track_id, (start, end) in borders if end > start)

    def pairs(self, track_ids: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of which the first is one of some tracks, each pair ascending, and they are, too."""
        ids = self.ids
        places = sorted(map(self.place.__getitem__, track_ids))
        return [(ids[one], ids[other]) for one in places for other in self._others(one) if other > one]

    def _others(self, place: int) -> list[int]:
        start, end = self.starts[place], self.starts[place + 1]
        return self.others[start:end].tolist() if end > start else []


def _stretches(track: TrackEvidence) -> list[tuple[str, int]]:
    """The stretches of time that a track was seen in; who was seen with it was so in one of them."""
    first, last = int(track.moments[0]) // _STRETCH, int(track.moments[-1]) // _STRETCH
    if first == last:
        return [(track.source_id, first)]
    return [(track.source_id, stretch) for stretch in np.unique(track.moments // _STRETCH).tolist()]
