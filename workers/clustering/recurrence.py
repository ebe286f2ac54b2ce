"""How often people come back in a recording: what speaks for one person before two tracks are looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt

from workers.clustering.likelihood import LikelihoodSettings

FloatArray = npt.NDArray[np.float32]

# The share is known better than that long before.
_ROUNDS, _STEP = 200, 1e-5
# Beyond, a ratio says the same: float64 holds its exponential.
_SURE = 50.0
# Ratios are counted by twentieths: what becomes of them then takes as long for any number of pairs.
_PER_UNIT = 20
_LIKELIHOODS = np.exp(np.arange(-_SURE * _PER_UNIT, _SURE * _PER_UNIT + 1) / _PER_UNIT)


def recurrence(ratios: FloatArray, settings: LikelihoodSettings) -> float:
    """How much likelier than usual it is that two tracks of a recording are of one person.

    In a row of single shots nobody comes back, in an interview one of two does. The log-likelihood ratios of
    all pairs tell which: they are a mixture of those of one person and those of two, of known densities but
    of an unknown share. It is estimated from them (empirical Bayes, by the expectation maximisation of
    Dempster, Laird and Rubin 1977).

    Args:
        ratios: float32 (P,), of pairs that may be one person by all else that is known.
        settings: See `LikelihoodSettings`.

    Returns:
        Natural logarithm of the odds beside those of `settings.recurrence_share`; added to each pair's ratio.
    """
    usual, worth = settings.recurrence_share, settings.recurrence_pairs
    bins = np.rint((np.clip(ratios.astype(np.float64), -_SURE, _SURE) + _SURE) * _PER_UNIT).astype(np.intp)
    counts = np.bincount(bins, minlength=len(_LIKELIHOODS))
    there = np.flatnonzero(counts)
    counts, likelihood = counts[there], _LIKELIHOODS[there]
    share = usual
    for _ in range(_ROUNDS):
        one = share * likelihood
        of_one = float((counts * one / (one + 1 - share)).sum())
        before, share = share, (of_one + worth * usual) / (len(ratios) + worth)
        if abs(share - before) < _STEP * share:
            break
    more = _log_odds(share) - _log_odds(usual)
    return min(max(more, -settings.recurrence_against), settings.recurrence_for)


def free_pairs(track_ids: Sequence[str], apart: Callable[[str], AbstractSet[str]]) -> npt.NDArray[np.bool_]:
    """Pairs of tracks that may be of one person, each once: bool (N, N), nothing below the diagonal or on it.

    Args:
        track_ids: N tracks, each once.
        apart: Gives those that are certainly of others than a track.
    """
    free = np.triu(np.ones((len(track_ids), len(track_ids)), np.bool_), 1)
    place = {track_id: k for k, track_id in enumerate(track_ids)}
    for track_id, k in place.items():
        free[k, [place[other] for other in apart(track_id) if other in place]] = False
    return free


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))
