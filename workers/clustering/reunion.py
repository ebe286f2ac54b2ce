"""Tracks that people put together become one cluster, after all have found whom they look like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workers.clustering.linkage import in_order
from workers.clustering.ties import Ties

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


def reunited(
    labels: IntArray, nodes: IntArray, ties: Ties, weights: FloatArray, before: IntArray
) -> IntArray:
    """Clusters in which each group that people put together is in one.

    A group goes where most of it is; of two that must be apart the lighter one goes elsewhere. Tracks that
    joined another part of it come along, if that part, with those that were of the same person before,
    outweighs the others: they came for its sake. A part that joined others leaves them instead: a poor track
    that people gave to somebody must not bring in whomever it looks like. So does one in a cluster where
    another group is at home, and one whose company must be apart from the rest. Whoever is in the cluster
    that a part goes to, and must be apart from it, goes elsewhere.

    Args:
        labels: intp (N,), cluster of each track, numbers from 0.
        nodes: intp (N,), the same number for tracks that belong together by anything else, or that people
            put together and that look like each other; those of a node have one label.
        ties: Of the tracks.
        weights: float32 (N,), weight of each in the mean of a cluster.
        before: intp (N,), the same number for tracks that an earlier re-cluster put together.

    Returns:
        (N,) cluster numbers from 0, in the order of each cluster's first track.
    """
    found = labels.copy()
    foes = _Foes(ties)
    groups = _with_their_nodes(ties.groups, nodes, foes)
    homes = _homes(groups, labels, weights, foes)
    said = np.zeros(len(labels), np.bool_)
    for group in groups:
        said[group] = True
    members, taken = _Places(labels), frozenset(homes)
    elsewhere = int(labels.max(initial=-1)) + 1 + len(groups)
    for group, home in zip(groups, homes, strict=True):
        for label in sorted(set(labels[group].tolist()) - {home}):
            there = members.of(label)
            part = there[np.isin(there, group)]
            company = there[~np.isin(there, part)]
            theirs = company[np.isin(before[company], before[group])]
            others = np.setdiff1d(company, theirs)
            follows = (
                label not in taken
                and not said[company].any()
                and weights[others].sum() <= weights[part].sum() + weights[theirs].sum()
                and not (found[foes.of(company)] == home).any()
            )
            coming = there if follows else part
            strangers = _strangers(found, home, foes.of(coming), nodes, said)
            if len(strangers):
                found[strangers] = elsewhere
                elsewhere += 1
            found[coming] = home
    return in_order(found)


def _strangers(found: IntArray, home: int, foes: IntArray, nodes: IntArray, said: BoolArray) -> IntArray:
    """Tracks of a cluster that must be apart from others that come, and those that belong to them."""
    there = np.flatnonzero((found == home) & ~said)
    hostile = np.intersect1d(there, foes)
    if len(hostile) == 0:
        return hostile
    return there[np.isin(nodes[there], nodes[hostile])]


class _Places:
    """Places of each of the numbers in an array.

    Args:
        numbers: intp (N,).
    """

    def __init__(self, numbers: IntArray) -> None:
        self._order = np.argsort(numbers, kind="stable")
        self._sorted = numbers[self._order]

    def of(self, number: int) -> IntArray:
        """Where a number is, ascending."""
        start, end = np.searchsorted(self._sorted, [number, number + 1])
        return self._order[start:end]


class _Foes:
    """Whom tracks must be apart from.

    Args:
        ties: Of the tracks.
    """

    def __init__(self, ties: Ties) -> None:
        first, second = ties.apart.T
        self._other = np.concatenate([second, first])
        self._places = _Places(np.concatenate([first, second]))
        self._sides = [(frozenset(one), frozenset(other)) for one, other in ties.sides]

    def of(self, tracks: IntArray) -> IntArray:
        """All that any of some tracks must be apart from."""
        seen = [self._other[self._places.of(track)] for track in tracks.tolist()]
        mine = frozenset(tracks.tolist())
        said = [
            np.array(sorted(there), np.intp)
            for one, other in self._sides
            for here, there in ((one, other), (other, one))
            if not mine.isdisjoint(here)
        ]
        return np.concatenate([np.zeros(0, np.intp), *seen, *said])


def _with_their_nodes(groups: Sequence[Sequence[int]], nodes: IntArray, foes: _Foes) -> list[IntArray]:
    """Groups with all that belongs to their tracks; groups with a node in common are one.

    What belongs to a track by anything else than what people said stays away where it must be apart from
    what is there already.
    """
    places = _Places(nodes)
    group_of: dict[int, int] = {}
    members: dict[int, set[int]] = {}
    said = {track for group in groups for track in group}
    for number, group in enumerate(groups):
        own = set(group)
        for node in sorted(set(nodes[list(group)].tolist())):
            other = group_of.get(node, number)
            if other != number:
                # Another group has it, and all that belongs to it.
                if _may_meet(own, members[other], foes):
                    own |= members.pop(other)
                    group_of = {one: number if whose == other else whose for one, whose in group_of.items()}
                continue
            mates = set(places.of(node).tolist()) - said
            if _may_meet(mates, own, foes):
                own |= mates
                group_of[node] = number
        members[number] = own
    return [np.array(sorted(members[k]), np.intp) for k in sorted(members)]


def _may_meet(some: set[int], others: set[int], foes: _Foes) -> bool:
    """Whether tracks need not be apart from others."""
    return not some or others.isdisjoint(foes.of(np.array(sorted(some), np.intp)).tolist())


def _homes(groups: Sequence[IntArray], labels: IntArray, weights: FloatArray, foes: _Foes) -> list[int]:
    """The label that each group goes to: where it has most weight, and none that it must be apart from is.

    Where there is no such label, a group gets one of its own.
    """
    wishes = [_by_weight(labels[group], weights[group]) for group in groups]
    homes = [-1] * len(groups)
    there: defaultdict[int, list[IntArray]] = defaultdict(list)
    # Those with most to lose first; of several the first.
    for k in sorted(range(len(groups)), key=lambda k: (-wishes[k][0][1], k)):
        apart = foes.of(groups[k])
        own = int(labels.max()) + 1 + k
        homes[k] = next(
            (
                label
                for label, _ in wishes[k]
                if not any(np.isin(other, apart).any() for other in there[label])
            ),
            own,
        )
        there[homes[k]].append(groups[k])
    return homes


def _by_weight(labels: IntArray, weights: FloatArray) -> list[tuple[int, float]]:
    """Labels and their weight, the heaviest first; of several the lowest."""
    known, at = np.unique(labels, return_inverse=True)
    sums = np.bincount(at, weights)
    order = np.lexsort((known, -sums))
    return list(zip(known[order].tolist(), sums[order].tolist(), strict=True))
