"""Clusters that hold more than one person, by what their own members say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def heard(ratios: FloatArray, weights: FloatArray) -> FloatArray:
    """What each track of a cluster hears from the others on the mean.

    Average linkage merges clusters that are alike on the whole; a single track may be carried along.

    Args:
        ratios: float32 (N, N), symmetric log-likelihood ratios of the tracks of a cluster; the diagonal
            plays no part.
        weights: float32 (N,), positive: weight of each track.

    Returns:
        float32 (N,); infinite for a track that is alone.
    """
    if len(weights) < 2:
        return np.full(len(weights), np.inf, np.float32)
    off = ratios.astype(np.float64)
    np.fill_diagonal(off, 0.0)
    mass = np.asarray(weights, np.float64)
    return np.asarray(off @ mass / (mass.sum() - mass), np.float32)
