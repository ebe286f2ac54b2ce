"""How well each single item lies in its cluster: pure. The mean over all is `separation.silhouette`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Items whose distances to all clusters are held at once.
_BLOCK = 4096
# Rounding leaves such distances between equal vectors.
_ROUNDING = 1e-6


def silhouettes(vectors: FloatArray, labels: IntArray) -> DoubleArray:
    """Silhouette of each item with cosine distances (Rousseeuw 1987): (b - a) / max(a, b).

    a is the mean distance to the others of the own cluster, b to the nearest other one. With vectors of
    length 1 the mean distance to a cluster is 1 minus the product with its mean, so no distances of pairs are
    needed, and any number of items can be measured.

    Args:
        vectors: float32 (N, D), L2-normalised.
        labels: int (N,), clusters from 0 without gaps; -1 is an item without a cluster.

    Returns:
        float64 (N,), [-1, 1]; 0 for items that are alone in their cluster, NaN for those without one, and
        for all where there are fewer than two clusters.
    """
    clusters = int(labels.max(initial=-1)) + 1
    result = np.full(len(labels), np.nan)
    if clusters < 2:
        return result
    inside = np.flatnonzero(labels >= 0)
    sizes = np.bincount(labels[inside], minlength=clusters)
    sums = np.zeros((clusters, vectors.shape[1]))
    np.add.at(sums, labels[inside], vectors[inside])
    for start in range(0, len(inside), _BLOCK):
        rows = inside[start : start + _BLOCK]
        own = labels[rows]
        at = np.arange(len(rows))
        # Sums of distances to all of each cluster; the distance to itself is 0.
        sums_of_distances = np.maximum(sizes - vectors[rows].astype(np.float64) @ sums.T, 0.0)
        within = sums_of_distances[at, own] / np.maximum(sizes[own] - 1, 1)
        between = sums_of_distances / sizes
        between[at, own] = np.inf
        nearest = between.min(axis=1)
        widest = np.maximum(within, nearest)
        value = np.where(widest > _ROUNDING, (nearest - within) / np.maximum(widest, _ROUNDING), 0.0)
        result[rows] = np.where(sizes[own] > 1, value, 0.0)
    return result
