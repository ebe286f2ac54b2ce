"""How often people come back in a recording: what speaks for one person before two tracks are looked at."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from workers.clustering.likelihood import LikelihoodSettings

FloatArray = npt.NDArray[np.float32]

# The share is known better than that long before.
_ROUNDS, _STEP = 200, 1e-5


def recurrence(ratios: FloatArray, settings: LikelihoodSettings) -> float:
    """How much likelier than usual it is that two tracks of a recording are of one person.

    In a row of single shots nobody comes back, in an interview one of two does. The log-likelihood ratios of
    all pairs tell which: they are a mixture of those of one person and those of two, of known densities but
    of an unknown share. It is estimated from them (empirical Bayes, by the expectation
    maximisation of Dempster, Laird and Rubin 1977).

    Args:
        ratios: float32 (P,), of pairs that may be one person by all else that is known.
        settings: See `LikelihoodSettings`.

    Returns:
        Natural logarithm of the odds beside those of `settings.recurrence_share`; added to each pair's ratio.
    """
    usual, worth = settings.recurrence_share, settings.recurrence_pairs
    likelihood = np.exp(ratios.astype(np.float64))
    share = usual
    for _ in range(_ROUNDS):
        one = share * likelihood
        before, share = (
            share,
            float(((one / (one + 1 - share)).sum() + worth * usual) / (len(ratios) + worth)),
        )
        if abs(share - before) < _STEP * share:
            break
    more = _log_odds(share) - _log_odds(usual)
    return min(max(more, -settings.recurrence_against), settings.recurrence_for)


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))
