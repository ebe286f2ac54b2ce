"""Who goes with whom, where each goes with one at most."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

# Of so few ways each is tried, which takes a tenth of a millisecond; to load a solver takes 300.
_MOST_WAYS = 100


def assign(gain: npt.NDArray[np.floating[Any]]) -> list[tuple[int, int]]:
    """Pairs of rows and columns that gain the most together, each row and each column in one pair at most.

    The assignment problem (Kuhn 1955).

    Args:
        gain: (R, C), what each pair gains; where it is nothing or less, the two make no pair.

    Returns:
        The pairs by their rows.
    """
    rows, columns = np.nonzero(gain > 0)
    # Mostly nobody has a choice.
    chosen = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    pairs = [*zip(rows[chosen].tolist(), columns[chosen].tolist(), strict=True)]
    if not chosen.all():
        pairs += _solved(gain, rows[~chosen], columns[~chosen])
    return sorted(pairs)


def _solved(
    gain: npt.NDArray[np.floating[Any]], rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
) -> list[tuple[int, int]]:
    """The same among some pairs, of which each gains something."""
    here, wanted = np.unique(rows), np.unique(columns)
    some = np.maximum(gain[np.ix_(here, wanted)], 0)
    if len(here) == 1 or len(wanted) == 1:
        row, column = np.unravel_index(some.argmax(), some.shape)
        return [(int(here[row]), int(wanted[column]))]
    # Each goes with one of those that gain something, or with nobody.
    choices = [[*np.flatnonzero(line).tolist(), -1] for line in some]
    if math.prod(map(len, choices)) > _MOST_WAYS:
        # Late: it takes longest to load of all that is needed to look at videos or to carry out decisions.
        from scipy.optimize import linear_sum_assignment

        found = linear_sum_assignment(some, maximize=True)
        return [(int(here[a]), int(wanted[b])) for a, b in zip(*found, strict=True) if some[a, b] > 0]
    lines = np.arange(len(here))
    ways = np.array([*itertools.product(*choices)])
    # Nobody goes with two.
    taken = np.sort(ways, axis=1)
    ways = ways[~((taken[:, 1:] == taken[:, :-1]) & (taken[:, 1:] >= 0)).any(axis=1)]
    best = ways[np.where(ways < 0, 0.0, some[lines, ways]).sum(axis=1).argmax()]
    return [(int(here[a]), int(wanted[b])) for a, b in enumerate(best.tolist()) if b >= 0]


def load_solver() -> None:
    """Load now what choices are made with, for whoever can't wait once it is under way."""
    import scipy.optimize  # noqa: F401
