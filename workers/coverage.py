"""How much of a line of time is covered by stretches that come and go."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

Stretch = tuple[int, int]


class Coverage:
    """The length of a union of stretches, kept while these change.

    A change costs a look at those that begin or end within what it adds or takes away.

    Attributes:
        total_us: Length of all that is covered.
    """

    def __init__(self) -> None:
        self.total_us = 0
        # Where the number of stretches changes, ascending, and how many there are from there on.
        self._at_us: list[int] = []
        self._depth: list[int] = []

    def change(self, gone: Iterable[Stretch], come: Iterable[Stretch]) -> None:
        """Take stretches out that are there, and others in; each is from when to when, in microseconds."""
        # One that grows differs at its end alone, however many lie under it.
        edges: defaultdict[int, int] = defaultdict(int)
        for stretches, more in ((gone, -1), (come, 1)):
            for start_us, end_us in stretches:
                edges[start_us] += more
                edges[end_us] -= more
        more = 0
        for start_us, end_us in pairwise(sorted(at_us for at_us, step in edges.items() if step)):
            more += edges[start_us]
            if more:
                self._deepen(start_us, end_us, more)

    def _deepen(self, start_us: int, end_us: int, more: int) -> None:
        """Let so many stretches more lie over a part."""
        first, last = self._cut(start_us), self._cut(end_us)
        for place in range(first, last):
            before = self._depth[place]
            self._depth[place] = before + more
            covers = bool(before + more) - bool(before)
            self.total_us += covers * (self._at_us[place + 1] - self._at_us[place])
        for place in (last, first):
            if self._depth[place] == (self._depth[place - 1] if place else 0):
                del self._at_us[place], self._depth[place]

    def _cut(self, at_us: int) -> int:
        """The place of a moment, which is made where there is none."""
        place = bisect_left(self._at_us, at_us)
        if place == len(self._at_us) or self._at_us[place] != at_us:
            self._at_us.insert(place, at_us)
            self._depth.insert(place, self._depth[place - 1] if place else 0)
        return place
