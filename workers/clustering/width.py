"""Clusters that hold more than one person, by what their own members say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint

FloatArray = npt.NDArray[np.float32]


# Rows looked at together: bounds the memory.
_BLOCK = 512


def heard(ratios_of: Callable[[slice], FloatArray], weights: FloatArray) -> FloatArray:
    """What each track of a cluster hears from the others on the mean.

    Average linkage merges clusters that are alike on the whole; a single track may be carried along.

    Args:
        ratios_of: Gives some rows float32 (K, N) of the symmetric log-likelihood ratios of the tracks of a
            cluster; the diagonal plays no part.
        weights: float32 (N,), positive: weight of each track.

    Returns:
        float32 (N,); infinite for a track that is alone.
    """
    if len(weights) < 2:
        return np.full(len(weights), np.inf, np.float32)
    mass = np.asarray(weights, np.float64)
    told = np.empty(len(mass))
    for start in range(0, len(mass), _BLOCK):
        checkpoint()
        block = slice(start, min(start + _BLOCK, len(mass)))
        off = ratios_of(block).astype(np.float64)
        own = np.arange(len(off))
        off[own, start + own] = 0.0
        told[block] = off @ mass
    return np.asarray(told / (mass.sum() - mass), np.float32)
