"""Which of some groups is the best by its mean, looking at no more of large ones than it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

ENOUGH = 48
"""Of groups of no more, all are looked at; of larger ones first so many at most."""

# By so many standard errors is the mean of some off the mean of all as good as never.
_STANDARD_ERRORS = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was seen of some members of groups.

    Attributes:
        group: intp (K,), position of the group that each is of among those that were looked at.
        value: float32 (K,).
        weight: float32 (K,), of each in the mean of its group, above 0.
    """

    group: IntArray
    value: FloatArray
    weight: FloatArray


Look = Callable[[Sequence[int], int | None], Seen]
"""Looks at groups, given by their positions: at so many members of each at most, evenly spread, or at all.

Members that are not there are left out.
"""


def best_group(sizes: Sequence[int], look: Look, least: float) -> int | None:
    """The group whose weighted mean is highest, if it reaches the least one.

    Of large groups some members are looked at, evenly spread; of those that may still be the best one, all.
    (Maron and Moore 1993, "Hoeffding Races", with standard errors in place of Hoeffding's bound, which knows
    nothing of how little values differ.)

    Args:
        sizes: Number of members of each.
        look: Tells what the values of members are.
        least: Least mean.

    Returns:
        Position of the group; None if there is none. Where some were enough, it is as good as certain that
        all would have said the same.
    """
    if not sizes:
        return None
    whole = np.array(sizes) <= ENOUGH
    mean, error = _means(look(range(len(sizes)), ENOUGH), len(sizes))
    error[whole] = 0.0
    low, high = mean - error, mean + error
    bar = max(float(low.max()), least)
    may_win = high >= bar
    is_decided = np.count_nonzero(may_win) == 1 and low[may_win].item() >= least
    # Of some that are all gone, nothing is known.
    is_open = np.isneginf(mean) if is_decided else np.isneginf(mean) | may_win
    unsure = np.flatnonzero(is_open & ~whole).tolist()
    if unsure:
        mean[unsure], _ = _means(look(unsure, None), len(unsure))
    best = int(mean.argmax())
    return best if mean[best] >= least else None


def _means(seen: Seen, groups: int) -> tuple[DoubleArray, DoubleArray]:
    """Weighted mean of each group, float64 (G,), -inf for none, and how far that of all may be off."""
    of, weight = seen.group, seen.weight.astype(np.float64)
    count, total = np.bincount(of, minlength=groups), np.bincount(of, weight, minlength=groups)
    there = count > 0
    mean = np.full(groups, -np.inf)
    mean[there] = np.bincount(of, seen.value * weight, minlength=groups)[there] / total[there]
    square = np.bincount(of, (weight * (seen.value - mean[of])) ** 2, minlength=groups)
    error = np.where(there, np.inf, 0.0)
    several = count > 1
    error[several] = np.sqrt(square[several] * count[several] / (count[several] - 1)) / total[several]
    return mean, error * _STANDARD_ERRORS
