"""Who goes with whom, where each goes with one at most."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def assign(gain: npt.NDArray[np.floating[Any]]) -> list[tuple[int, int]]:
    """Pairs of rows and columns that gain the most together, each row and each column in one pair at most.

    The assignment problem (Kuhn 1955).

    Args:
        gain: (R, C), what each pair gains; where it is nothing or less, the two make no pair.

    Returns:
        The pairs by their rows.
    """
    rows, columns = np.nonzero(gain > 0)
    if len(rows) == 0:
        return []
    if 1 in gain.shape:
        rows, columns = np.unravel_index([int(gain.argmax())], gain.shape)
    elif len(set(rows.tolist())) < len(rows) or len(set(columns.tolist())) < len(columns):
        # Late: it takes longest to load of all that is needed to look at videos or to carry out decisions,
        # and mostly nobody has a choice.
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(np.maximum(gain, 0), maximize=True)
    return [(a, b) for a, b in zip(rows.tolist(), columns.tolist(), strict=True) if gain[a, b] > 0]


def load_solver() -> None:
    """Load now what choices are made with, for whoever can't wait once it is under way."""
    import scipy.optimize  # noqa: F401
