"""HDBSCAN on the graph of neighbours, one component at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hdbscan import HDBSCAN
from scipy.sparse import coo_array, csr_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
SlotArray = npt.NDArray[np.int32]

# A distance of 0 would be no edge to a sparse matrix. Less than what float32 rounds in a similarity.
_LEAST_DISTANCE = 1e-7


def component_clusters(
    count: int, first: SlotArray, second: SlotArray, distances: FloatArray, eps: float, floor: float
) -> IntArray:
    """The clusters of a connected component of the graph of neighbours, by HDBSCAN* (Campello et al. 2013).

    The density around a track is that of its nearest neighbour, and two tracks make a cluster. With an
    epsilon floor (Malzer and Baum 2020), so that one person isn't torn for a few tracks that are more alike
    than others: a component that holds together within the floor is one cluster. One in which more than half
    of all pairs are neighbours may be one cluster as a whole: one person would be torn without it, while many
    people in one cluster would often last longest.

    Only edges of a minimum spanning tree matter to the tree of mutual reachability here, so that time and
    memory go with the number of pairs of neighbours.

    Args:
        count: Number of tracks.
        first: int32 (E,), one track of each pair of neighbours, each pair once.
        second: int32 (E,), the other one.
        distances: float32 (E,), cosine distances of the pairs, at most `eps`.
        eps: Largest distance of neighbours.
        floor: Clusters that are no farther apart than this are not told apart.

    Returns:
        (count,) cluster of each track from 0; -1 is a track by itself.
    """
    graph = coo_array(
        (np.maximum(distances, _LEAST_DISTANCE).astype(np.float64), (first, second)), shape=(count, count)
    ).tocsr()
    near = graph.copy()
    near.data[near.data > floor] = 0
    near.eliminate_zeros()
    if connected_components(near, directed=False, return_labels=False) == 1:
        return np.zeros(count, np.intp)
    one_person = len(first) > count * (count - 1) / 4
    tree = minimum_spanning_tree(graph)
    found = HDBSCAN(
        min_cluster_size=2,
        min_samples=1,
        metric="precomputed",
        cluster_selection_epsilon=float(eps if one_person else floor),
        allow_single_cluster=one_person,
    ).fit(csr_matrix(tree + tree.T))
    return np.asarray(found.labels_, np.intp)
