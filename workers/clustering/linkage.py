"""Average linkage under constraints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

_NEVER = np.float32(-np.inf)


def constrained_average_linkage(
    affinity: FloatArray,
    cannot: BoolArray,
    weights: FloatArray,
    threshold: float,
    must: Iterable[tuple[int, int]] = (),
) -> IntArray:
    """Merge the two most alike clusters until none are alike enough.

    Agglomerative clustering with weighted average linkage (UPGMA; Sokal and Michener 1958) on an affinity,
    with pairwise constraints in the sense of Davidson and Ravi 2005: a cannot-link forbids every merge that
    would put the two into one cluster.

    Args:
        affinity: float32 (N, N), symmetric; the diagonal is ignored.
        cannot: bool (N, N), symmetric: pairs that must stay apart.
        weights: float32 (N,), positive: weight of each item in the mean of a cluster.
        threshold: Clusters merge only if their mean affinity is at least this.
        must: Pairs that belong together whatever their affinity; one that contradicts a cannot-link is
            ignored.

    Returns:
        (N,) cluster numbers from 0, in the order of each cluster's first item.
    """
    count = len(affinity)
    parent = np.arange(count)
    mass = np.asarray(weights, np.float64).copy()
    forbidden = cannot.copy()
    matrix = np.where(forbidden, _NEVER, affinity).astype(np.float32)
    np.fill_diagonal(matrix, _NEVER)
    alive = np.ones(count, bool)

    def merge(i: int, j: int) -> None:
        forbidden[i] |= forbidden[j]
        forbidden[:, i] = forbidden[i]
        total = mass[i] + mass[j]
        with np.errstate(invalid="ignore"):
            row = matrix[i] * np.float32(mass[i] / total) + matrix[j] * np.float32(mass[j] / total)
        row[forbidden[i] | ~alive] = _NEVER
        row[[i, j]] = _NEVER
        matrix[i], matrix[:, i] = row, row
        matrix[j], matrix[:, j] = _NEVER, _NEVER
        mass[i], alive[j] = total, False
        parent[parent == j] = i

    for a, b in must:
        i, j = int(parent[a]), int(parent[b])
        if i != j and not forbidden[i, j]:
            merge(min(i, j), max(i, j))
    if count > 1:
        partner = matrix.argmax(axis=1)
        best = matrix[np.arange(count), partner]
        while True:
            i = int(best.argmax())
            if best[i] == _NEVER or not best[i] >= threshold:
                break
            a, b = sorted((i, int(partner[i])))
            stale = alive & ((partner == a) | (partner == b))
            merge(a, b)
            stale[a] = True
            better = matrix[a] > best
            partner[better], best[better] = a, matrix[a][better]
            best[b] = _NEVER
            rows = np.flatnonzero(stale & alive)
            partner[rows] = matrix[rows].argmax(axis=1)
            best[rows] = matrix[rows, partner[rows]]
    _, first, labels = np.unique(parent, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    result: IntArray = rank[labels]
    return result
