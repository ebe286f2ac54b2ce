"""Many lists of numbers in one array."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NumberArray = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.intp]

_FIRST_NUMBERS = 1 << 10
# What a list may have room for: each size is a third or half as much again as the one before.
_ROOMS = np.sort(np.concatenate([[4], 2 ** np.arange(3, 31), 3 * 2 ** np.arange(2, 29)]))


class NumberLists:
    """Lists of int32, of which thousands get a number at their end at once, without a step for each.

    A list that is full moves to a place with more room; the place that it leaves is for other lists. So all
    of it takes at most five times as much as there ever were numbers, where all lists grow one by one, and
    less than half as much again for those that `fill` brings.
    """

    def __init__(self) -> None:
        self._pool = np.empty(_FIRST_NUMBERS, np.int32)
        self._end = 0
        # Of each list: where it begins in the pool, how many numbers fit, and how many there are.
        self._start = np.zeros(0, np.intp)
        self._room = np.zeros(0, np.intp)
        self._length = np.zeros(0, np.intp)
        # Places that nobody is in, by their room.
        self._spare: dict[int, list[int]] = {}

    def __len__(self) -> int:
        """Number of lists."""
        return len(self._start)

    @property
    def pool_numbers(self) -> int:
        """How many numbers all places have room for, those included that nobody is in."""
        return self._end

    def __getitem__(self, number: int) -> NumberArray:
        """A list, int32 (K,): a view of this moment."""
        start = self._start[number]
        return self._pool[start : start + self._length[number]]

    def grow(self, more: int) -> None:
        """Add so many empty lists."""
        none = np.zeros(more, np.intp)
        self._start, self._room, self._length = (
            np.concatenate([known, none]) for known in (self._start, self._room, self._length)
        )

    def fill(self, numbers: NumberArray, lengths: IntArray) -> None:
        """Give the first lists, which must all be empty, their numbers.

        Args:
            numbers: int32 (E,), those of the first list, then those of the second, and so on.
            lengths: intp (K,), how many each list gets.
        """
        count = len(lengths)
        rooms = np.where(lengths > 0, _ROOMS[np.searchsorted(_ROOMS, lengths)], 0)
        starts = np.cumsum(rooms) - rooms
        self._end = int(rooms.sum())
        # Pages that nothing is written to take no memory.
        self._pool = np.empty(max(2 * self._end, _FIRST_NUMBERS), np.int32)
        self._start[:count], self._room[:count], self._length[:count] = starts, rooms, lengths
        before = np.cumsum(lengths) - lengths
        self._pool[np.arange(len(numbers)) + np.repeat(starts - before, lengths)] = numbers

    def put(self, number: int, numbers: NumberArray) -> None:
        """Let a list hold these numbers in place of others."""
        if len(numbers) > self._room[number] or len(numbers) == 0:
            self._leave(number)
            self._enter(number, len(numbers))
        self._length[number] = len(numbers)
        self[number][:] = numbers

    def append(self, lists: IntArray | NumberArray, number: int) -> None:
        """Put one number at the end of some lists (K,), none of which is named twice."""
        for full in lists[self._length[lists] == self._room[lists]].tolist():
            held = self[full]
            self._leave(full)
            self._enter(full, len(held) + 1)
            # Only another place is written to.
            self[full][:] = held
        self._pool[self._start[lists] + self._length[lists]] = number
        self._length[lists] += 1

    def _leave(self, number: int) -> None:
        """A list gives back its place."""
        room = int(self._room[number])
        if room:
            self._spare.setdefault(room, []).append(int(self._start[number]))
        self._room[number] = 0

    def _enter(self, number: int, length: int) -> None:
        """A list gets a place with room for so many numbers."""
        if length == 0:
            return
        room = int(_ROOMS[np.searchsorted(_ROOMS, length)])
        spare = self._spare.get(room)
        if spare:
            self._start[number] = spare.pop()
        else:
            if self._end + room > len(self._pool):
                larger = np.empty(2 * len(self._pool) + room, np.int32)
                larger[: self._end] = self._pool[: self._end]
                self._pool = larger
            self._start[number] = self._end
            self._end += room
        self._room[number] = room
