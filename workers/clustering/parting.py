"""Clusters by looks, made to keep to what is known of who is whom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workers.clustering.contraction import Contraction
from workers.clustering.cosine_sums import CosineSums
from workers.clustering.graph_linkage import graph_average_linkage
from workers.clustering.linkage import constrained_average_linkage

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
Near = Callable[[IntArray], tuple[IntArray, IntArray]]
Facing = tuple[IntArray, IntArray]

# Below every cosine: only those stay apart who have to.
_WHATEVER = -2.0


def keep_to(
    contraction: Contraction,
    labels: IntArray,
    vectors: FloatArray,
    weights: FloatArray,
    near: Near,
    limit: int,
) -> IntArray:
    """Unite clusters whose tracks belong together, and part those that hold who must be apart.

    A cluster is parted by average linkage of cosine similarities, tracks that belong together first, which
    ends only where two parts must be apart.

    Args:
        contraction: N tracks, those that belong together as one.
        labels: (N,), cluster of each, from 0.
        vectors: float32 (N, D), of unit length.
        weights: float32 (N,), positive: weight of each in the mean of a part.
        near: Gives the pairs of neighbours among some tracks, as places among them.
        limit: Most nodes of a cluster that are compared all with all; of more, only neighbours merge.

    Returns:
        (N,) cluster numbers from 0.
    """
    nodes = contraction.nodes
    result = np.empty(len(labels), np.intp)
    count = 0
    for members in _members(_united(labels, nodes)):
        own, node = np.unique(nodes[members], return_inverse=True)
        apart, sides = contraction.apart(own)
        part = np.zeros(len(own), np.intp)
        if len(apart) or sides:
            node, apart, sides = _with_twins(node, apart, sides, vectors[members])
            sums = CosineSums(vectors[members], weights[members], node, sides)
            if len(sums) <= limit:
                part = _all_with_all(sums, apart, sides)
            else:
                first, second = near(members)
                part = graph_average_linkage(
                    sums.weights, (node[first], node[second]), (apart[:, 0], apart[:, 1]), sums, _WHATEVER
                )
        result[members] = count + part[node]
        count += int(part.max()) + 1
    return result


def _with_twins(
    node: IntArray, apart: IntArray, sides: list[Facing], vectors: FloatArray
) -> tuple[IntArray, IntArray, list[Facing]]:
    """Let nodes that are apart from nobody and have the same vector be one: ties take linkage very long.

    Args:
        node: (K,), node of each track, all numbers from 0.
        apart: (P, 2), pairs of nodes that must be apart.
        sides: Nodes that must be apart from other nodes.
        vectors: float32 (K, D), of the tracks.

    Returns:
        The same with fewer nodes.
    """
    twin = np.arange(len(node))
    bound = np.concatenate([apart.reshape(-1), *(side for facing in sides for side in facing)])
    free = np.flatnonzero(~np.isin(node, bound))
    _, first, same = np.unique(vectors[free], axis=0, return_index=True, return_inverse=True)
    twin[free] = free[first[same.reshape(-1)]]
    _, fewer = np.unique(_united(node, twin), return_inverse=True)
    now = np.empty(int(node.max()) + 1, np.intp)
    now[node] = fewer
    return fewer, now[apart], [(now[one], now[other]) for one, other in sides]


def _all_with_all(sums: CosineSums, apart: IntArray, sides: list[Facing]) -> IntArray:
    affinity = sums.all()
    for one, other in sides:
        affinity[np.ix_(one, other)] = affinity[np.ix_(other, one)] = -np.inf
    first, second = apart.T
    affinity[first, second] = affinity[second, first] = -np.inf
    return constrained_average_linkage(affinity, sums.weights, _WHATEVER)


def _united(labels: IntArray, nodes: IntArray) -> IntArray:
    """Numbers of clusters of which those that share a node are one."""
    count = int(labels.max(initial=-1)) + 1
    # Clusters and nodes as points, tracks as lines between them.
    shape = count + len(nodes), count + len(nodes)
    lines = coo_array((np.ones(len(nodes), np.bool_), (labels, count + nodes)), shape=shape)
    _, component = connected_components(lines, directed=False)
    united: IntArray = component[labels].astype(np.intp)
    return united


def _members(labels: IntArray) -> list[IntArray]:
    """Places of each label, ascending, in the order of the first of each."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []
    return sorted(groups, key=lambda group: int(group[0]))
