"""Average linkage of many items, of which only near pairs are looked at."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint
from workers.clustering.linkage import in_order, roots

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Share of a mass that is rounding: less than a pair of single items is of the largest clusters, since a pair
# that never met may be one that must not merge.
_NOTHING = 1e-12


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
    pairs = _Pairs(mass, threshold, *_once(near, apart, affinity, threshold, known))
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
        pairs.tell(unsure, affinity.between(pairs.first[unsure], pairs.second[unsure]), mass)
        if len(into) == 0:
            continue
        affinity.merge(into, gone)
        parent[open_[gone]] = open_[into]
        mass[into] += mass[gone]
        pairs.contract(open_pairs, into, gone, mass)
        there = np.zeros(len(mass), np.bool_)
        there[pairs.first] = there[pairs.second] = True
        left = np.flatnonzero(there)
        if len(left) < len(mass) / 2:
            affinity.keep(left)
            number = np.zeros(len(mass), np.intp)
            number[left] = np.arange(len(left))
            pairs.renumber(number)
            open_, mass = open_[left], mass[left]
    return in_order(roots(parent))


def _once(
    near: tuple[IntArray, IntArray],
    apart: tuple[IntArray, IntArray],
    affinity: MeanAffinity,
    threshold: float,
    known: FloatArray | None,
) -> tuple[IntArray, IntArray, npt.NDArray[np.float64]]:
    """Pairs that reach the threshold, and those that must not merge, each once: ends and values."""
    count = max((int(end.max(initial=0)) for end in (*near, *apart)), default=0) + 1
    ends = [np.concatenate(pair) for pair in zip(near, apart, strict=True)]
    value = np.full(len(ends[0]), -np.inf)
    value[: len(near[0])] = np.nan if known is None else known
    real = ends[0] != ends[1]
    keys = (np.minimum(*ends) * count + np.maximum(*ends))[real]
    value = value[real]
    # Of equal pairs, the last one tells: what must not merge, if any, came last.
    order, keys = _sorted(keys, count * count)
    last = np.diff(keys, append=-1) != 0
    keys, value = keys[last], value[order[last]]
    first, second = keys // count, keys % count
    asked = np.flatnonzero(np.isnan(value))
    value[asked] = affinity.between(first[asked], second[asked])
    told = np.isneginf(value) | (value >= threshold)
    return first[told], second[told], value[told]


class _Pairs:
    """Pairs of clusters, in no order.

    What is known of a pair is the sum, over pairs of items of the two, of how far their affinity is above the
    threshold: when clusters become one, sums are added, and for items that never met nothing is.

    Args:
        mass: float64 (N,), mass of each cluster.
        threshold: What pairs of items that never met are below.
        first: intp (E,), the lower number.
        second: intp (E,), the higher one.
        value: float64 (E,), mean affinity; -inf for those that must not merge.

    Attributes:
        first: As above.
        second: As above.
        value: float64 (E,), mean affinity, or an upper bound of it.
        sure: bool (E,), whether it is no bound.
    """

    def __init__(
        self,
        mass: npt.NDArray[np.float64],
        threshold: float,
        first: IntArray,
        second: IntArray,
        value: npt.NDArray[np.float64],
    ) -> None:
        self._threshold = threshold
        self.first, self.second, self.value = first, second, value
        self.sure = np.ones(len(first), np.bool_)
        # Of those that met: the mass, and the sum.
        self._met = mass[first] * mass[second]
        self._excess = (value - threshold) * self._met

    def tell(self, places: IntArray, value: FloatArray, mass: npt.NDArray[np.float64]) -> None:
        """Take in the mean affinities of some pairs."""
        self.value[places], self.sure[places] = value, True
        self._met[places] = mass[self.first[places]] * mass[self.second[places]]
        self._excess[places] = (self.value[places] - self._threshold) * self._met[places]

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

    def contract(
        self, kept: npt.NDArray[np.bool_], into: IntArray, gone: IntArray, mass: npt.NDArray[np.float64]
    ) -> None:
        """Follow clusters that have taken others in, which are no more.

        Args:
            kept: bool (E,), which pairs are still looked at.
            into: Those that took others in.
            gone: The others.
            mass: Mass of each cluster since.
        """
        count = len(mass)
        moved = np.arange(count)
        moved[gone] = into
        changed = np.zeros(count, np.bool_)
        changed[into] = changed[gone] = True
        # Numbers of pairs, since there are many: they are quicker than a mask.
        stale = np.flatnonzero(kept & (changed[self.first] | changed[self.second]))
        a, b = moved[self.first[stale]], moved[self.second[stale]]
        first, second = np.minimum(a, b), np.maximum(a, b)
        key = first * count + second
        order, key = _sorted(key, count * count)
        begins = np.diff(key, prepend=-1) > 0
        again = np.flatnonzero(~begins)
        # Pairs that have become the same, four at most: what is known of all goes to the first one.
        same = again - 1
        while (inner := ~begins[same]).any():
            same -= inner
        same, again = order[same], order[again]
        for sums in (self._met, self._excess):
            np.add.at(sums, stale[same], sums[stale[again]])
        over = first == second
        over[again] = True
        left = ~over
        there, first, second = stale[left], first[left], second[left]
        total, met, excess = mass[first] * mass[second], self._met[there], self._excess[there]
        self.first[there], self.second[there] = first, second
        self.value[there] = self._threshold + excess / total
        self.sure[there] = (met >= (1 - _NOTHING) * total) | np.isneginf(excess)
        self._drop(np.concatenate([stale[over], np.flatnonzero(~kept)]))

    def renumber(self, number: IntArray) -> None:
        """Give clusters other numbers, in the same order."""
        self.first, self.second = number[self.first], number[self.second]

    def _drop(self, places: IntArray) -> None:
        """Let go of the pairs at some places: the last ones go there, and all others stay where they are."""
        length = len(self.first) - len(places)
        stays = np.ones(len(places), np.bool_)
        stays[places[places >= length] - length] = False
        source, target = length + np.flatnonzero(stays), places[places < length]
        for values in (self.first, self.second, self.value, self.sure, self._met, self._excess):
            values[target] = values[source]
        self.first, self.second = self.first[:length], self.second[:length]
        self.value, self.sure = self.value[:length], self.sure[:length]
        self._met, self._excess = self._met[:length], self._excess[:length]


def _sorted(keys: IntArray, above: int) -> tuple[IntArray, IntArray]:
    """Indices that sort keys, equal ones in their order, and the keys in that order.

    Args:
        keys: intp (E,), from 0.
        above: What they are below.
    """
    bits = len(keys).bit_length()
    if above.bit_length() + bits > np.iinfo(np.intp).bits - 1:
        order = np.argsort(keys, kind="stable")
        return order, keys[order]
    # Numbers that hold key and place are sorted in a tenth of the time of places by their keys.
    packed = (keys << bits) | np.arange(len(keys))
    packed.sort()
    return packed & ((1 << bits) - 1), packed >> bits
