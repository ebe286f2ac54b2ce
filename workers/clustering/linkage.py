"""Average linkage under constraints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

_NEVER = np.float32(-np.inf)
# Rows copied at once.
_BLOCK = 256


def constrained_average_linkage(
    affinity: FloatArray, weights: FloatArray, threshold: float, must: Iterable[tuple[int, int]] = ()
) -> IntArray:
    """Merge the two most alike clusters until none are alike enough.

    Agglomerative clustering with weighted average linkage (UPGMA; Sokal and Michener 1958) on an affinity,
    with pairwise constraints in the sense of Davidson and Ravi 2005: a cannot-link forbids every merge that
    would put the two into one cluster.

    Args:
        affinity: float32 (N, N), symmetric; -inf for pairs that must stay apart; the diagonal is ignored. It
            is used as working memory and holds nothing of value afterwards.
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
    matrix = affinity
    np.fill_diagonal(matrix, _NEVER)
    alive = np.ones(count, bool)

    def merge(i: int, j: int) -> None:
        checkpoint()
        total = mass[i] + mass[j]
        # Minus infinity survives every mean: who must stay apart from one stays apart from both. What is the
        # same for both stays so to the last bit: evidence has a limit, which many pairs reach.
        mean = matrix[i] * np.float32(mass[i] / total) + matrix[j] * np.float32(mass[j] / total)
        row = np.where(matrix[i] == matrix[j], matrix[i], mean)
        row[i] = _NEVER
        matrix[i], matrix[:, i] = row, row
        matrix[j], matrix[:, j] = _NEVER, _NEVER
        mass[i], alive[j] = total, False
        parent[parent == j] = i

    for a, b in must:
        i, j = int(parent[a]), int(parent[b])
        if i != j and matrix[i, j] > _NEVER:
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
            # Who liked neither of the two more than the two together likes nobody more.
            better = (matrix[a] > best) | (stale & (matrix[a] >= best))
            better[[a, b]] = False
            partner[better], best[better] = a, matrix[a][better]
            best[b] = _NEVER
            stale &= ~better
            stale[a] = True
            rows = np.flatnonzero(stale & alive)
            for start in range(0, len(rows), _BLOCK):
                part = rows[start : start + _BLOCK]
                partner[part] = matrix[part].argmax(axis=1)
                best[part] = matrix[part, partner[part]]
    return in_order(parent)


def in_order(labels: IntArray) -> IntArray:
    """Numbers from 0 for labels (N,), in the order of each one's first item."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    result: IntArray = rank[inverse]
    return result


def roots(parent: IntArray) -> IntArray:
    """Where each of N items ends, (N,), that follows its parent until one is its own."""
    root = parent
    while not np.array_equal(root, root[root]):
        root = root[root]
    return root
