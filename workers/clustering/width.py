"""Clusters that hold more than one person, by what their own members say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def is_wide(ratios: FloatArray, weights: FloatArray, threshold: float) -> bool:
    """Whether a cluster holds a track that the others of it would not let in.

    Average linkage merges clusters that are alike on the whole; a single track may be carried along.

    Args:
        ratios: float32 (N, N), symmetric log-likelihood ratios of the tracks of a cluster; the diagonal
            plays no part.
        weights: float32 (N,), positive: weight of each track.
        threshold: Least mean ratio of one person.
    """
    if len(weights) < 2:
        return False
    off = ratios.astype(np.float64)
    np.fill_diagonal(off, 0.0)
    mass = np.asarray(weights, np.float64)
    return bool((off @ mass / (mass.sum() - mass)).min() < threshold)
