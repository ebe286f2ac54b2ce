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


def border_between(ratios: npt.NDArray[np.float32], low: int, high: int) -> int:
    """Where exactly the second person of a split track begins.

    Args:
        ratios: float32 (K, K), symmetric log-likelihood ratios of faces in order of time.
        low: Faces before this one are the first person's.
        high: Faces from this one on are the second's, low <= high < K and low > 0.

    Returns:
        The first face of the second person, in low..high: those between go where they are more like.
    """
    # How much more each face between is like the first person.
    lean = ratios[low:high, :low].mean(axis=1) - ratios[low:high, high:].mean(axis=1)
    gain = np.concatenate([[0.0], np.cumsum(lean)])
    return low + int(gain.argmax())
