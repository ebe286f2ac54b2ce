"""Groups of vectors among which most neighbours are, where comparing all with all takes too long."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from workers.clustering.cancellation import checkpoint

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Pivots, and how many of them a vector is kept at, and looks around at. Of people of two or three tracks
# among 150,000, 93 of 100 pairs with a cosine from 0.55 to 0.65 meet, and 99 above. To be kept and to look at
# 16 each finds a few more, and takes more than twice as many comparisons. With more tracks, pivots are among
# them: each then meets those around its own, and through them the others.
_PIVOTS = 4800
_KEPT, _LOOKED = 5, 32
# What most vectors have in common draws them all to the same few pivots: it counts this much less.
_COMMON = 2.0
# Vectors whose pivots are looked for together: bounds the memory.
_AT_ONCE = 1024


def lists_around_pivots(vectors: FloatArray, order: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Which vectors to compare with which, so that most of those that are alike are.

    Inverted lists of the nearest pivots, which are some of the vectors themselves: Amato and Savino 2008,
    "Approximate similarity search in metric spaces using inverted files".

    Args:
        vectors: float32 (N, D), of unit length.
        order: intp (M,), rows of vectors.

    Yields:
        For each pivot the places in `order` of those that look around there, and of those that are kept
        there, both ascending. The same vectors in the same order give the same lists.
    """
    count = len(order)
    pivots = min(_PIVOTS, count)
    kept, looked = min(_KEPT, pivots), min(_LOOKED, pivots)
    random = np.random.default_rng(count)
    chosen = vectors[order[random.choice(count, pivots, replace=False)]]
    common = _COMMON * (chosen @ vectors.mean(axis=0))
    nearest = np.empty((count, looked), np.int32)
    for start in range(0, count, _AT_ONCE):
        checkpoint()
        likeness = vectors[order[start : start + _AT_ONCE]] @ chosen.T - common
        around = np.argpartition(likeness, -looked, axis=1)[:, -looked:]
        ranked = np.argpartition(np.take_along_axis(likeness, around, axis=1), -kept, axis=1)
        nearest[start : start + _AT_ONCE] = np.take_along_axis(around, ranked, axis=1)
    # The nearest few come last.
    yield from zip(_by_pivot(nearest, pivots), _by_pivot(nearest[:, -kept:], pivots), strict=True)


def _by_pivot(nearest: npt.NDArray[np.int32], pivots: int) -> list[IntArray]:
    """The rows that have each pivot among theirs, ascending."""
    named = np.ascontiguousarray(nearest).ravel()
    order = np.argsort(named, kind="stable")
    borders = np.searchsorted(named[order], np.arange(1, pivots))
    return np.split(order // nearest.shape[1], borders)
