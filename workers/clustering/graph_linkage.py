"""Average linkage of many items, of which only near pairs are looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


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
    count: int,
    near: tuple[IntArray, IntArray],
    apart: tuple[IntArray, IntArray],
    affinity: MeanAffinity,
    threshold: float,
    must: Iterable[tuple[int, int]] = (),
) -> IntArray:
    """Merge the most alike clusters until none are alike enough.

    The same as `constrained_average_linkage` where `near` holds all pairs. Clusters that are each other's
    nearest are merged at the same time, all over the graph: for average linkage that gives the hierarchy of
    one merge after the other (reciprocal nearest neighbours; Murtagh 1983), and takes few rounds. A cluster
    like none of its neighbours is done: what those grow into is, on the mean, no more like it.

    Args:
        count: Number of items.
        near: Pairs of items that may begin a merge, two arrays (E,). Pairs that aren't there count in the
            mean of clusters all the same.
        apart: Pairs of items that must not be in one cluster, two arrays.
        affinity: Of single items as yet; is used up.
        threshold: Clusters merge only if their mean affinity is at least this.
        must: Pairs that belong together whatever their affinity; one that contradicts `apart` is ignored.

    Returns:
        (count,) cluster numbers from 0, in the order of each cluster's first item.
    """
    parent = np.arange(count)
    _join_said(parent, apart, must, affinity)
    first, second, never = _contracted(parent, near, apart)
    value = _values(first, second, never, affinity)
    # Those that may still merge, under numbers from 0.
    open_ = np.arange(count)
    while True:
        checkpoint()
        count = len(open_)
        best = np.full(count, -np.inf, np.float32)
        np.maximum.at(best, first, value)
        np.maximum.at(best, second, value)
        # Whose best is too little is done; so is a pair with one who is.
        going_on = (best[first] >= threshold) & (best[second] >= threshold)
        first, second, value, never = first[going_on], second[going_on], value[going_on], never[going_on]
        into, gone = _reciprocal(first, second, value, best, threshold)
        if len(into) == 0:
            break
        affinity.merge(into, gone)
        parent[open_[gone]] = open_[into]
        moved = np.arange(count)
        moved[gone] = into
        changed = np.zeros(count, np.bool_)
        changed[into] = changed[gone] = True
        stale = changed[first] | changed[second]
        new_first, new_second, new_never = _distinct(
            moved[first[stale]], moved[second[stale]], never[stale], count
        )
        first = np.concatenate([first[~stale], new_first])
        second = np.concatenate([second[~stale], new_second])
        never = np.concatenate([never[~stale], new_never])
        value = np.concatenate([value[~stale], _values(new_first, new_second, new_never, affinity)])
        there = np.zeros(count, np.bool_)
        there[first] = there[second] = True
        left = np.flatnonzero(there)
        if len(left) < count / 2:
            affinity.keep(left)
            first, second = np.searchsorted(left, first), np.searchsorted(left, second)
            open_ = open_[left]
    return _in_order(_roots(parent))


def _values(
    first: IntArray, second: IntArray, never: npt.NDArray[np.bool_], affinity: MeanAffinity
) -> FloatArray:
    """Mean affinities of pairs, -inf for those that must not merge."""
    value = np.full(len(first), -np.inf, np.float32)
    value[~never] = affinity.between(first[~never], second[~never])
    return value


def _reciprocal(
    first: IntArray, second: IntArray, value: FloatArray, best: FloatArray, threshold: float
) -> tuple[IntArray, IntArray]:
    """Pairs of which each is the other's best; among equals the pair with the lowest numbers comes first."""
    count = len(best)
    key = first * count + second
    good = value >= threshold
    choice = np.full(count, np.iinfo(np.intp).max)
    for end in (first, second):
        top = good & (value == best[end])
        np.minimum.at(choice, end[top], key[top])
    mutual = good & (choice[first] == key) & (choice[second] == key)
    return first[mutual], second[mutual]


def _contracted(
    parent: IntArray, near: tuple[IntArray, IntArray], apart: tuple[IntArray, IntArray]
) -> tuple[IntArray, IntArray, npt.NDArray[np.bool_]]:
    """Pairs of clusters of which some items are near or apart, and which of them must not merge."""
    root = _roots(parent)
    return _distinct(
        root[np.concatenate([near[0], apart[0]])],
        root[np.concatenate([near[1], apart[1]])],
        np.repeat([False, True], [len(near[0]), len(apart[0])]),
        len(parent),
    )


def _distinct(
    first: IntArray, second: IntArray, never: npt.NDArray[np.bool_], count: int
) -> tuple[IntArray, IntArray, npt.NDArray[np.bool_]]:
    """Each pair of two different clusters once, the lower number first."""
    keys = np.minimum(first, second) * count + np.maximum(first, second)
    real = first != second
    # With what must not merge as the last bit, the last of equal pairs tells.
    marked = np.sort(keys[real] * 2 + never[real])
    keys, never = marked // 2, marked % 2 == 1
    last = np.append(keys[1:] != keys[:-1], True) if len(keys) else np.zeros(0, np.bool_)
    return keys[last] // count, keys[last] % count, never[last]


def _join_said(
    parent: IntArray,
    apart: tuple[IntArray, IntArray],
    must: Iterable[tuple[int, int]],
    affinity: MeanAffinity,
) -> None:
    """Merge what belongs together, one pair after the other."""
    foes: dict[int, set[int]] = {}
    for a, b in zip(*(side.tolist() for side in apart), strict=True):
        foes.setdefault(a, set()).add(b)
        foes.setdefault(b, set()).add(a)

    def root(item: int) -> int:
        while parent[item] != item:
            item = int(parent[item])
        return item

    for a, b in must:
        checkpoint()
        into, gone = sorted((root(a), root(b)))
        if into == gone or gone in foes.get(into, ()):
            continue
        pair = np.array([into]), np.array([gone])
        if np.isneginf(affinity.between(*pair))[0]:
            continue
        affinity.merge(*pair)
        parent[gone] = into
        for foe in foes.pop(gone, set()):
            foes[foe].discard(gone)
            foes[foe].add(into)
            foes.setdefault(into, set()).add(foe)


def _roots(parent: IntArray) -> IntArray:
    """The cluster that each item ended in."""
    root = parent
    while not np.array_equal(root, root[root]):
        root = root[root]
    return root


def _in_order(labels: IntArray) -> IntArray:
    """Numbers from 0 in the order of each label's first item."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    result: IntArray = rank[inverse]
    return result
