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

    A group goes where most of it is. Tracks that joined another part of it come along, if that part, with
    those that were of the same person before, outweighs the others: they came for its sake. A part that
    joined others leaves them instead: a poor track that people gave to somebody must not bring in whomever
    it looks like. So does one in a cluster where another group is at home, and one whose company must be
    apart from the rest.

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
    groups = _with_their_nodes(ties.groups, nodes)
    homes = [_heaviest(labels[group], weights[group]) for group in groups]
    said = np.zeros(len(labels), np.bool_)
    for group in groups:
        said[group] = True
    for group, home in zip(groups, homes, strict=True):
        for label in sorted(set(labels[group].tolist()) - {home}):
            there = labels == label
            part = np.zeros(len(labels), np.bool_)
            part[group] = True
            part &= there
            company = there & ~part
            theirs = there & np.isin(before, before[group])
            follows = (
                label not in homes
                and not (company & said).any()
                and weights[company & ~theirs].sum() <= weights[part | theirs].sum()
                and not _are_apart(company, found == home, ties)
            )
            found[there if follows else part] = home
    return in_order(found)


def _with_their_nodes(groups: Sequence[Sequence[int]], nodes: IntArray) -> list[IntArray]:
    """Groups with all that belongs to their tracks; groups with a node in common are one."""
    group_of: dict[int, int] = {}
    members: defaultdict[int, set[int]] = defaultdict(set)
    for number, group in enumerate(groups):
        own = set(nodes[list(group)].tolist())
        for other in {group_of[node] for node in own if node in group_of}:
            own |= members.pop(other)
        members[number] = own
        group_of.update(dict.fromkeys(own, number))
    numbers = np.array([group_of.get(node, -1) for node in nodes.tolist()], np.intp)
    return [np.flatnonzero(numbers == number) for number in sorted(members)]


def _heaviest(labels: IntArray, weights: FloatArray) -> int:
    """The label with most weight; of several the lowest."""
    return int(np.bincount(labels, weights).argmax())


def _are_apart(some: BoolArray, others: BoolArray, ties: Ties) -> bool:
    first, second = ties.apart.T
    if bool(((some[first] & others[second]) | (some[second] & others[first])).any()):
        return True
    return any(
        (some[list(one)].any() and others[list(other)].any())
        or (some[list(other)].any() and others[list(one)].any())
        for one, other in ties.sides
    )
