"""K-medoids: clusters around items that stand for them.

BUILD of PAM (Kaufman and Rousseeuw 1990, Finding Groups in Data, chapter 2) finds where to begin. What a
candidate gains only gets less with every choice, so that most of them need no second look (Minoux 1978). Then
medoids are swapped for other items as long as that brings the items nearer to them: FasterPAM (Schubert and
Rousseeuw 2021, Fast and eager k-medoids clustering, Information Systems 101), which weighs a candidate
against all medoids in one look at its distances. Nothing is drawn by lot.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from workers.clustering.distances import checked_distances
from workers.clustering.grouping import DoubleArray, IntArray

# Rows whose distances to all medoids are copied at once.
_BLOCK = 1024
# A swap that gains a smaller share than this may be rounding, and could be undone for ever.
_LEAST_GAIN = 1e-12


def medoids(distances: npt.ArrayLike, k: int) -> IntArray:
    """Items that stand for the others, such that no swap of one of them brings the items nearer to theirs.

    Args:
        distances: (N, N), symmetric.
        k: How many, [1, N].

    Returns:
        int (k,), rows of the items. The sum of the distances of all items to the nearest of them is at most
        that of `first_medoids`.

    Raises:
        ValueError: If these are no distances, or k doesn't fit.
    """
    table = checked_distances(distances)
    chosen = first_medoids(table, k)
    if 1 < k < len(table):
        _Swapping(table, chosen).run()
    return chosen


def first_medoids(distances: DoubleArray, k: int) -> IntArray:
    """BUILD: the most central item, then again and again the one that brings the others nearest.

    Args:
        distances: float64 (N, N), symmetric.
        k: How many, [1, N].

    Returns:
        int (k,), rows of the items.

    Raises:
        ValueError: If k doesn't fit.
    """
    count = len(distances)
    if not 1 <= k <= count:
        raise ValueError(f"k is {k}, and there are {count} items: it must be from 1 to {count}")
    first = int(distances.sum(axis=1).argmin())
    chosen, nearest = [first], distances[first].copy()

    def gain(item: int) -> float:
        return float(np.maximum(nearest - distances[item], 0.0).sum())

    # What an item gained when it was last looked at; by now it is that or less.
    waiting = [(-gain(item), item) for item in range(count) if item != first]
    heapq.heapify(waiting)
    while len(chosen) < k:
        _, item = heapq.heappop(waiting)
        now = (-gain(item), item)
        if waiting and now > waiting[0]:
            heapq.heappush(waiting, now)
            continue
        chosen.append(item)
        np.minimum(nearest, distances[item], out=nearest)
    return np.array(chosen, np.intp)


def nearest_medoids(distances: DoubleArray, chosen: IntArray) -> IntArray:
    """Which medoid each item belongs to, int (N,); a medoid belongs to itself, even beside its double."""
    labels = np.empty(len(distances), np.intp)
    for start in range(0, len(distances), _BLOCK):
        rows = slice(start, start + _BLOCK)
        labels[rows] = distances[rows, chosen].argmin(axis=1)
    labels[chosen] = np.arange(len(chosen))
    return labels


class _Swapping:
    """The swaps of FasterPAM; `chosen` is changed in place."""

    def __init__(self, distances: DoubleArray, chosen: IntArray) -> None:
        self._distances, self._chosen = distances, chosen
        count = len(distances)
        self._own, self._other = np.empty(count, np.intp), np.empty(count, np.intp)
        self._own_distance, self._other_distance = np.empty(count), np.empty(count)
        self._look_up(np.arange(count, dtype=np.intp))

    def run(self) -> None:
        """Swap until no swap gains anything."""
        count = len(self._distances)
        least = _LEAST_GAIN * float(self._own_distance.sum())
        is_medoid = np.zeros(count, bool)
        is_medoid[self._chosen] = True
        loss = self._loss()
        candidate = tried_in_vain = 0
        while tried_in_vain < count:
            if not is_medoid[candidate]:
                medoid, change = self._best(candidate, loss)
                if change < -least:
                    is_medoid[self._chosen[medoid]] = False
                    is_medoid[candidate] = True
                    self._swap(medoid, candidate)
                    loss = self._loss()
                    tried_in_vain = 0
            tried_in_vain += 1
            candidate = (candidate + 1) % count

    def _loss(self) -> DoubleArray:
        """What it would cost to take each medoid away."""
        return self._sums(self._own, self._other_distance - self._own_distance)

    def _sums(self, owners: IntArray, values: DoubleArray) -> DoubleArray:
        return np.asarray(np.bincount(owners, values, len(self._chosen)), np.float64)

    def _best(self, candidate: int, loss: DoubleArray) -> tuple[int, float]:
        """The medoid that the candidate should replace, and by how much the sum of distances changes."""
        row = self._distances[candidate]
        near = np.flatnonzero(row < self._other_distance)
        row, own, other = row[near], self._own_distance[near], self._other_distance[near]
        # Items that come nearer do so whichever medoid goes; of the others, those who lose theirs have the
        # candidate to fall back to.
        gained = float(np.minimum(row - own, 0.0).sum())
        change = loss + self._sums(self._own[near], np.maximum(row, own) - other)
        medoid = int(change.argmin())
        return medoid, gained + float(change[medoid])

    def _swap(self, medoid: int, candidate: int) -> None:
        self._chosen[medoid] = candidate
        lost = (self._own == medoid) | (self._other == medoid)
        row = self._distances[candidate]
        first = ~lost & (row < self._own_distance)
        second = ~lost & ~first & (row < self._other_distance)
        self._other[first], self._other_distance[first] = self._own[first], self._own_distance[first]
        self._own[first], self._own_distance[first] = medoid, row[first]
        self._other[second], self._other_distance[second] = medoid, row[second]
        self._look_up(np.flatnonzero(lost))

    def _look_up(self, items: IntArray) -> None:
        """Find the two medoids that are nearest to some items."""
        for start in range(0, len(items), _BLOCK):
            rows = items[start : start + _BLOCK]
            table = self._distances[np.ix_(rows, self._chosen)]
            two = np.argpartition(table, 1, axis=1)[:, :2]
            at = np.take_along_axis(table, two, axis=1)
            swapped = at[:, 0] > at[:, 1]
            two[swapped], at[swapped] = two[swapped, ::-1], at[swapped, ::-1]
            self._own[rows], self._other[rows] = two.T
            self._own_distance[rows], self._other_distance[rows] = at.T
