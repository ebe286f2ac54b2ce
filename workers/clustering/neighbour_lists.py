"""The graph of neighbours as lists, in which points come and go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array

from workers.clustering.number_lists import NumberLists

SlotArray = npt.NDArray[np.int32]

_FIRST_SLOTS = 64
# A list is swept when it has more names of points that are gone than of others, and more than these.
_STALE = 8


class NeighbourLists:
    """For each point the points that are its neighbours; who is a neighbour is said once, when a point comes.

    Points have slots, which stay theirs while they are there. A removed point is not looked for in the lists
    of its neighbours: it is left there until a list has more such names than others, and its slot is used
    again when no list names it any more. So a point comes and goes in a time of the order of its number of
    neighbours. Takes 4 to 12 bytes for each neighbour of each point.
    """

    def __init__(self) -> None:
        self._lists = NumberLists()
        self._lists.grow(_FIRST_SLOTS)
        self._used = 0
        self._free: list[int] = []
        # Of each slot: whether a point is there, its neighbours, what its list names in vain, and how many
        # lists name it in vain.
        self._there = np.zeros(_FIRST_SLOTS, np.bool_)
        self._degrees = np.zeros(_FIRST_SLOTS, np.int32)
        self._stale = np.zeros(_FIRST_SLOTS, np.int32)
        self._named = np.zeros(_FIRST_SLOTS, np.int32)

    @property
    def capacity(self) -> int:
        """All slots are below this number; it grows."""
        return len(self._there)

    @property
    def degrees(self) -> SlotArray:
        """int32 (capacity,), number of neighbours of the point in each slot."""
        return self._degrees

    def of(self, slot: int) -> SlotArray:
        """The slots of a point's neighbours."""
        named = self._lists[slot]
        return named[self._there[named]]

    def fill(self, points: int, first: SlotArray, second: SlotArray) -> None:
        """Take in the first points all at once, with the slots 0 to points - 1.

        Args:
            points: How many.
            first: (E,), one of each pair of neighbours.
            second: (E,), the other one.
        """
        while self.capacity < points:
            self._grow()
        ends = np.concatenate([first, second]), np.concatenate([second, first])
        # A compressed matrix sorts them in linear time.
        rows = coo_array((np.ones(len(ends[0]), np.bool_), ends), shape=(points, points)).tocsr()
        self._degrees[:points] = np.diff(rows.indptr)
        self._there[:points] = True
        self._lists.fill(rows.indices, np.diff(rows.indptr))
        self._used = points

    def add(self, neighbours: SlotArray) -> int:
        """Take in a point with all its neighbours among those that are there, and return its slot."""
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._used
            self._used += 1
            if slot == self.capacity:
                self._grow()
        self._lists.put(slot, neighbours)
        self._lists.append(neighbours, slot)
        self._there[slot] = True
        self._degrees[slot] = len(neighbours)
        self._stale[slot] = 0
        self._degrees[neighbours] += 1
        return slot

    def remove(self, slot: int) -> SlotArray:
        """Forget a point, and return who its neighbours were."""
        neighbours = self.of(slot)
        self._sweep(slot)
        self._lists.put(slot, np.zeros(0, np.int32))
        self._there[slot] = False
        self._named[slot] = len(neighbours)
        self._degrees[neighbours] -= 1
        self._stale[neighbours] += 1
        if len(neighbours) == 0:
            self._free.append(slot)
        much = self._stale[neighbours] > self._degrees[neighbours] + _STALE
        for neighbour in neighbours[much].tolist():
            self._sweep(neighbour)
        return neighbours

    def _sweep(self, slot: int) -> None:
        """Take the names of points that are gone out of a list."""
        if self._stale[slot] == 0:
            return
        named = self._lists[slot]
        there = self._there[named]
        gone = named[~there]
        self._lists.put(slot, named[there])
        self._stale[slot] = 0
        self._named[gone] -= 1
        self._free += gone[self._named[gone] == 0].tolist()

    def _grow(self) -> None:
        """Twice as many slots."""
        self._lists.grow(self.capacity)
        self._there = np.concatenate([self._there, np.zeros_like(self._there)])
        self._degrees = np.concatenate([self._degrees, np.zeros_like(self._degrees)])
        self._stale = np.concatenate([self._stale, np.zeros_like(self._stale)])
        self._named = np.concatenate([self._named, np.zeros_like(self._named)])
