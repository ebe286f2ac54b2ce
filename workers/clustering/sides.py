"""Clusters that must stay apart, as their items are on different sides of what is held apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.intp]
Side = Sequence[int] | IntArray

# Pairs looked at together: bounds the memory.
_AT_ONCE = 1 << 15


class Sides:
    """Which clusters have an item on which side; begins with one item in each.

    Sides of thousands of items each are millions of pairs, of which none is ever listed.

    Args:
        sides: Items that must not be in one cluster with other items.
        count: Number of items.
    """

    def __init__(self, sides: Sequence[tuple[Side, Side]], count: int) -> None:
        self._one = _flags([one for one, _ in sides], count)
        self._other = _flags([other for _, other in sides], count)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._one.size > 0

    def hold_apart(self, a: IntArray, b: IntArray) -> npt.NDArray[np.bool_]:
        """Whether pairs of clusters must stay apart, bool (E,)."""
        held = np.empty(len(a), np.bool_)
        for start in range(0, len(a), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            first, second = a[part], b[part]
            facing = self._one[first] & self._other[second]
            facing |= self._other[first] & self._one[second]
            held[part] = facing.any(axis=1)
        return held

    def grouped(self, labels: IntArray) -> Sides:
        """Those of groups of these clusters.

        Args:
            labels: intp (N,), the group of each, all numbers from 0.
        """
        groups = Sides((), 0)
        count = int(labels.max(initial=-1)) + 1
        groups._one, groups._other = (np.zeros((count, self._one.shape[1]), np.uint8) for _ in range(2))
        np.bitwise_or.at(groups._one, labels, self._one)
        np.bitwise_or.at(groups._other, labels, self._other)
        return groups

    def merge(self, into: IntArray, gone: IntArray) -> None:
        """Let clusters take others in; no cluster is named twice."""
        self._one[into] |= self._one[gone]
        self._other[into] |= self._other[gone]

    def keep(self, clusters: IntArray) -> None:
        """Go on with these clusters alone, in this order."""
        self._one, self._other = self._one[clusters], self._other[clusters]


def _flags(sides: Sequence[Side], count: int) -> npt.NDArray[np.uint8]:
    """Eight sides in a byte: uint8 (N, B)."""
    flags = np.zeros((count, (len(sides) + 7) // 8), np.uint8)
    for number, side in enumerate(sides):
        flags[side, number // 8] |= 1 << (number % 8)
    return flags
