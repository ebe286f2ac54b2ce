"""Average linkage of many items, of which only near pairs are looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint
from workers.clustering.linkage import in_order, roots

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Share of a mass that is rounding.
_NOTHING = 1e-9


class MeanAffinity(Protocol):
    """What clusters think of each other; begins with one item in each."""

    def between(self, first: IntArray, second: IntArray) -> FloatArray:
        """Mean affinities float32 (E,) of pairs of clusters, over all pairs of their items.

        -inf for those that must stay apart: whatever they grow into has to as well.
        """
        ...

    def merge(self, into: IntArray, gone: IntArray) -> None:
        """Let clusters take others in; no cluster is named twice."""
        ...

    def keep(self, clusters: IntArray) -> None:
        """Go on with these clusters alone, which get the numbers from 0 in this order."""
        ...


def graph_average_linkage(
    weights: npt.NDArray[np.floating[Any]],
    near: tuple[IntArray, IntArray],
    apart: tuple[IntArray, IntArray],
    affinity: MeanAffinity,
    threshold: float,
    slack: float = 0.0,
    known: FloatArray | None = None,
) -> IntArray:
    """Merge the most alike clusters until none are alike enough.

    The same as `constrained_average_linkage` where `near` holds all pairs that reach the threshold and there
    is no slack. Clusters that are each other's nearest are merged at the same time, all over the graph: for
    average linkage that gives the hierarchy of one merge after the other (reciprocal nearest neighbours;
    Murtagh 1983). Where many items are alike, most have the same one for their nearest, which merges with one
    of them at a time: hundreds of rounds. With slack, clusters merge that are nearly each other's nearest
    (Dhulipala et al. 2022, "Hierarchical agglomerative graph clustering in poly-logarithmic depth"), and a
    few rounds are enough. What a cluster thinks of one that has grown follows from what it thought of the
    parts (Lance and Williams 1967); where it never met one of them, that part was below the threshold, which
    gives an upper bound, and only a bound that is the highest of a cluster is looked into. A cluster whose
    highest is below the threshold is done: what its neighbours grow into is, on the mean, no more like it.

    Args:
        weights: float (N,), positive: weight of each item in the mean of a cluster.
        near: Pairs of items that may begin a merge, two arrays (E,). Pairs that aren't there count in the
            mean of clusters all the same.
        apart: Pairs of items that must not be in one cluster, two arrays.
        affinity: Of single items as yet; is used up.
        threshold: Clusters merge only if their mean affinity is at least this.
        slack: How far below the highest of both its clusters a pair may be that is merged.
        known: float32 (E,), affinities of the near pairs, where somebody has them.

    Returns:
        (N,) cluster numbers from 0, in the order of each cluster's first item.
    """
    parent = np.arange(len(weights))
    mass = weights.astype(np.float64)
    pairs = _Pairs.of(near, apart, affinity, threshold, known)
    # Those that may still merge, under numbers from 0.
    open_ = np.arange(len(weights))
    while True:
        checkpoint()
        best = pairs.best(len(mass))
        of_first, of_second = best[pairs.first], best[pairs.second]
        # Whose best is too little is done; so is a pair with one who is.
        open_pairs = np.minimum(of_first, of_second) >= threshold
        highest = open_pairs & (pairs.value == np.minimum(of_first, of_second))
        nearly = open_pairs & (pairs.value >= np.maximum(np.maximum(of_first, of_second) - slack, threshold))
        unsure = np.flatnonzero((highest | nearly) & ~pairs.sure)
        into, gone = pairs.matched(np.flatnonzero(nearly & pairs.sure), len(mass))
        if len(into) + len(unsure) == 0:
            break
        pairs.value[unsure] = affinity.between(pairs.first[unsure], pairs.second[unsure])
        pairs.sure[unsure] = True
        if len(into) == 0:
            continue
        affinity.merge(into, gone)
        parent[open_[gone]] = open_[into]
        pairs = pairs.contracted(open_pairs, into, gone, mass, threshold)
        mass[into] += mass[gone]
        there = np.zeros(len(mass), np.bool_)
        there[pairs.first] = there[pairs.second] = True
        left = np.flatnonzero(there)
        if len(left) < len(mass) / 2:
            affinity.keep(left)
            pairs = replace(
                pairs, first=np.searchsorted(left, pairs.first), second=np.searchsorted(left, pairs.second)
            )
            open_, mass = open_[left], mass[left]
    return in_order(roots(parent))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Pairs of clusters.

    Attributes:
        first: intp (E,), the lower number.
        second: intp (E,), the higher one.
        value: float64 (E,), mean affinity, or an upper bound of it; -inf for those that must not merge.
        sure: bool (E,), whether it is no bound.
    """

    first: IntArray
    second: IntArray
    value: npt.NDArray[np.float64]
    sure: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        near: tuple[IntArray, IntArray],
        apart: tuple[IntArray, IntArray],
        affinity: MeanAffinity,
        threshold: float,
        known: FloatArray | None,
    ) -> _Pairs:
        """Pairs that reach the threshold, and those that must not merge; each once."""
        count = max((int(end.max(initial=0)) for end in (*near, *apart)), default=0) + 1
        ends = [np.concatenate(pair) for pair in zip(near, apart, strict=True)]
        value = np.full(len(ends[0]), -np.inf)
        value[: len(near[0])] = np.nan if known is None else known
        real = ends[0] != ends[1]
        keys = (np.minimum(*ends) * count + np.maximum(*ends))[real]
        value = value[real]
        # Of equal pairs, the last one tells: what must not merge, if any, came last.
        order = np.argsort(keys, kind="stable")
        order = order[np.append(np.diff(keys[order]) > 0, True)] if len(keys) else order
        keys, value = keys[order], value[order]
        first, second = keys // count, keys % count
        asked = np.flatnonzero(np.isnan(value))
        value[asked] = affinity.between(first[asked], second[asked])
        pairs = cls(first, second, value, np.ones(len(first), np.bool_))
        return pairs.where(np.isneginf(value) | (value >= threshold))

    def where(self, chosen: npt.NDArray[np.bool_]) -> _Pairs:
        """Some of them."""
        return _Pairs(self.first[chosen], self.second[chosen], self.value[chosen], self.sure[chosen])

    def best(self, count: int) -> npt.NDArray[np.float64]:
        """The highest value of each of so many clusters."""
        best = np.full(count, -np.inf)
        np.maximum.at(best, self.first, self.value)
        np.maximum.at(best, self.second, self.value)
        return best

    def matched(self, chosen: IntArray, count: int) -> tuple[IntArray, IntArray]:
        """Pairs of which no two share a cluster: the highest of all, the highest of those left, and so on.

        Args:
            chosen: Numbers of pairs to choose from; among equals the lowest clusters come first.
            count: Number of clusters.
        """
        into: list[IntArray] = []
        gone: list[IntArray] = []
        while len(chosen):
            first, second, value = self.first[chosen], self.second[chosen], self.value[chosen]
            best = np.full(count, -np.inf)
            choice = np.full(count, np.iinfo(np.intp).max)
            key = first * count + second
            for end in (first, second):
                np.maximum.at(best, end, value)
            for end in (first, second):
                mine = value == best[end]
                np.minimum.at(choice, end[mine], key[mine])
            # Each is the other's best: no other pair of either comes before it.
            mutual = (choice[first] == key) & (choice[second] == key)
            into.append(first[mutual])
            gone.append(second[mutual])
            taken = np.zeros(count, np.bool_)
            taken[first[mutual]] = taken[second[mutual]] = True
            chosen = chosen[~(taken[first] | taken[second])]
        none = np.zeros(0, np.intp)
        return np.concatenate([none, *into]), np.concatenate([none, *gone])

    def contracted(
        self,
        kept: npt.NDArray[np.bool_],
        into: IntArray,
        gone: IntArray,
        mass: npt.NDArray[np.float64],
        threshold: float,
    ) -> _Pairs:
        """Some of the pairs when clusters have taken others in, which are no more.

        Args:
            kept: bool (E,), which pairs.
            into: Those that take others in.
            gone: The others.
            mass: Mass of each cluster before.
            threshold: What pairs of clusters that are not there are below.
        """
        count = len(mass)
        moved = np.arange(count)
        moved[gone] = into
        grown = mass.copy()
        grown[into] += mass[gone]
        changed = np.zeros(count, np.bool_)
        changed[into] = changed[gone] = True
        touched = changed[self.first] | changed[self.second]
        # Numbers of pairs, since there are many: they are quicker than a mask.
        rest, stale = np.flatnonzero(kept & ~touched), np.flatnonzero(kept & touched)
        as_they_are = _Pairs(self.first[rest], self.second[rest], self.value[rest], self.sure[rest])
        first, second = self.first[stale], self.second[stale]
        known = mass[first] * mass[second]
        a, b = moved[first], moved[second]
        key = np.minimum(a, b) * count + np.maximum(a, b)
        order = np.argsort(key, kind="stable")
        order = order[a[order] != b[order]]
        key, known, stale = key[order], known[order], stale[order]
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        if len(starts) == 0:
            return as_they_are
        first, second = key[starts] // count, key[starts] % count
        total = grown[first] * grown[second]
        missing = np.maximum(total - np.add.reduceat(known, starts), 0.0)
        value = (np.add.reduceat(known * self.value[stale], starts) + missing * threshold) / total
        sure = np.logical_and.reduceat(self.sure[stale], starts) & (missing <= _NOTHING * total)
        return _Pairs(
            np.concatenate([as_they_are.first, first]),
            np.concatenate([as_they_are.second, second]),
            np.concatenate([as_they_are.value, value]),
            np.concatenate([as_they_are.sure, sure | np.isneginf(value)]),
        )
