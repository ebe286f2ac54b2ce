"""Tracks that changed their face on the way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DIFFERENT = -2.0
"""Log-likelihood ratio below which two faces of a track speak for two people."""

# Who turns their head and back again is less unlike themselves than this.
_OTHERS = -4.0
# Faces of a stretch in which somebody has their turn.
_LEAST_TURN = 2


def split_point(ratios: npt.NDArray[np.float32], threshold: float = DIFFERENT) -> int | None:
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


def turns(ratios: npt.NDArray[np.float32], threshold: float = _OTHERS) -> list[int]:
    """Where two people or more take turns in a track, as of cuts that nobody saw between faces framed alike.

    The faces are divided into stretches of at least two so that the ratios within stretches are highest in
    sum: correlation clustering (Bansal, Blum and Chawla 2004) of a sequence, exactly, by dynamic programming.
    A single odd face is a poor one, not somebody else.

    Args:
        ratios: float32 (K, K), symmetric log-likelihood ratios of the track's faces in order of time.
        threshold: Neighbouring stretches must be less alike than this on average.

    Returns:
        The first face of each stretch but the first, ascending: two or more, or none at all. Where one person
        gives way to another once and for all, that is for `split_point` to tell.
    """
    count = len(ratios)
    best, begin = np.full(count + 1, -np.inf), np.zeros(count + 1, np.intp)
    best[0] = 0.0
    for end in range(_LEAST_TURN, count + 1):
        for start in range(end - _LEAST_TURN + 1):
            inside = best[start] + float(np.triu(ratios[start:end, start:end], 1).sum())
            if inside > best[end]:
                best[end], begin[end] = inside, start
    borders: list[int] = []
    at = int(begin[count])
    while at > 0:
        borders.insert(0, at)
        at = int(begin[at])
    while borders:
        bounds = [0, *borders, count]
        across = [
            float(ratios[a:b, b:c].mean()) for a, b, c in zip(bounds[:-2], borders, bounds[2:], strict=True)
        ]
        likest = int(np.argmax(across))
        if across[likest] < threshold:
            break
        del borders[likest]
    return borders if len(borders) > 1 else []


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
