"""Whom a search has to look at again, whose first look is quick and a little off."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]
AnyFloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

SURENESS_ERROR = 0.005
"""Most that the sureness of somebody may be off."""

# Looked at again beyond those asked for: only people who are as unlike as can be said are tied in such
# numbers.
_MOST_TIED = 1000


def likely_first(
    values: AnyFloatArray, ties: Callable[[], AnyFloatArray], most: int, error: float
) -> IntArray:
    """Places of those values that may be among the largest, ascending.

    Args:
        values: (P,), each of them off by at most `error`.
        ties: Gives (P,), what tells those apart whose values have reached the limit of what a face may say.
        most: How many largest values are asked for.
        error: See `values`.
    """
    if most >= len(values):
        return np.arange(len(values))
    least = np.partition(values, -most)[-most]
    chosen = np.flatnonzero(values >= least - 2 * error)
    if len(chosen) > most + _MOST_TIED:
        order = np.lexsort((-ties()[chosen], -np.maximum(values[chosen], least)))
        chosen = np.sort(chosen[order[: most + _MOST_TIED]])
    return chosen


def that_matter(evidence: DoubleArray, error: float) -> npt.NDArray[np.bool_]:
    """Who must be known exactly, that nobody's sureness is off by more than `SURENESS_ERROR`.

    Args:
        evidence: float64 (P,), log-likelihood ratio of each person, off by at most `error`.
        error: See `evidence`.

    Returns:
        bool (P,).
    """
    # The sureness x / whole changes by x / whole times what the whole changes by, and x is no more than that.
    # As in `sureness`: what each person adds to a sum in which nobody has as many votes as there are people.
    highest = max(float(evidence.max()), 0.0)
    share = np.exp(evidence - highest)
    whole = float(share.sum()) * math.exp(-error) + len(evidence) * math.exp(-highest)
    allowed = SURENESS_ERROR * whole / math.expm1(error) if error > 0 else math.inf
    # Those who can't add up to half of what is allowed need no sorting.
    large = np.flatnonzero(share > allowed / 2 / len(evidence))
    order = large[np.argsort(share[large])]
    kept = np.cumsum(share[order]) <= allowed / 2
    matters = np.zeros(len(evidence), np.bool_)
    matters[order[~kept]] = True
    return matters
