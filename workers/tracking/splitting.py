"""Tracks that changed their face on the way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def split_point(ratios: npt.NDArray[np.float32], threshold: float = -2.0) -> int | None:
    """Where a track's samples fall into two people.

    Two people who cross, or a cut that was not seen, can end up in one track. It is split in time, not by
    clustering: a face doesn't change back and forth.

    Args:
        ratios: float32 (K, K), symmetric log-likelihood ratios of the track's samples in order of time.
        threshold: Both sides must be less alike than this on average.

    Returns:
        The first sample of the second person, in 1..K-1, or None where the samples agree.
    """
    count = len(ratios)
    best, at = threshold, None
    for k in range(1, count):
        across = float(ratios[:k, k:].mean())
        if across < best:
            best, at = across, k
    return at
