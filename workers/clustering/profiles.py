"""People as wholes: what all tracks of each are together, and which two people are likely one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.likelihood import paired_face_log_ratio
from workers.clustering.search import SEARCH_SETTINGS, variance_of
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Columns of a block of comparisons.
_COLUMNS = 8192
# What the corners of the calibration's tables may miss between them, as similarity.
_BETWEEN = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """What the tracks of each person are together.

    Attributes:
        person_ids: P people, each once.
        means: float32 (P, D), weighted mean of their templates; not normalised, so that the product of two is
            the mean similarity of all pairs of their tracks.
        size_weights: float32 (P, S), weighted mean of their tracks' size weights.
        views: float32 (P,), number of equal tracks that would weigh as much (Kish 1965).
        video_share: float32 (P,), share of them that is from videos.
    """

    person_ids: Sequence[str]
    means: FloatArray
    size_weights: FloatArray
    views: FloatArray
    video_share: FloatArray

    def __len__(self) -> int:
        """Number of people."""
        return len(self.person_ids)


@dataclass(frozen=True, slots=True, eq=False)
class LikePairs:
    """Pairs of people and how alike they are.

    Attributes:
        first: intp (K,), row of one in their profiles.
        second: intp (K,), row of the other.
        similarity: float32 (K,), weighted mean similarity of their tracks.
        log_ratio: float64 (K,), how much likelier it is for one person than for two, natural logarithm.
    """

    first: IntArray
    second: IntArray
    similarity: FloatArray
    log_ratio: npt.NDArray[np.float64]


def compare_pairs(
    one: Profiles, first: IntArray, other: Profiles, second: IntArray, calibration: Calibration
) -> LikePairs:
    """How alike the people of some pairs are, weighed as a search weighs a face against a person.

    A pair in which one has a single track says what a search for that track's face would; where both have
    several, the one who has more counts as the person searched for, which claims no more than is known.

    Args:
        one: Where the first of each is.
        first: intp (K,), their rows.
        other: Where the second of each is.
        second: intp (K,), their rows.
        calibration: Of the embedder.
    """
    similarity = np.einsum("kd,kd->k", one.means[first], other.means[second])
    rise = np.maximum(one.video_share[first], other.video_share[second]) * np.float32(calibration.video_rise)
    ratio = paired_face_log_ratio(
        similarity,
        one.size_weights[first],
        other.size_weights[second],
        rise,
        calibration,
        SEARCH_SETTINGS,
    )
    views = np.maximum(one.views[first], other.views[second])
    return LikePairs(first, second, similarity, ratio / variance_of(views))


def pair_sureness(log_ratio: npt.ArrayLike, people: int) -> npt.NDArray[np.float64]:
    """Probability that two people are one, by Bayes' rule.

    Before the look it is as likely as that somebody among so many is a given person: one in so many.

    Args:
        log_ratio: As of `LikePairs`.
        people: Number of people there are.
    """
    odds = np.asarray(log_ratio, np.float64) - math.log(max(people, 1))
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


def like_pairs(
    everybody: Profiles, rows: IntArray, calibration: Calibration, least_log_ratio: float, begin: int = 0
) -> Iterator[LikePairs]:
    """Pairs of some people and anybody else who are likely enough to be one, block by block.

    Only pairs whose mean similarity could reach that at any size are compared in full: of those among a
    hundred thousand people, hardly any.

    Args:
        everybody: All people.
        rows: intp (K,), of whom one of each pair is; at most a few hundred.
        calibration: Of the embedder.
        least_log_ratio: Least `LikePairs.log_ratio`.
        begin: Rows before this one are not looked at.

    Yields:
        Pairs, `first` being among `rows`; from either side where both are.
    """
    least = least_similarity(calibration, least_log_ratio)
    some = everybody.means[rows]
    for start in range(begin, len(everybody), _COLUMNS):
        first, second = np.nonzero(some @ everybody.means[start : start + _COLUMNS].T >= least)
        first, second = rows[first], second + start
        others = first != second
        pairs = compare_pairs(everybody, first[others], everybody, second[others], calibration)
        good = pairs.log_ratio >= least_log_ratio
        yield LikePairs(pairs.first[good], pairs.second[good], pairs.similarity[good], pairs.log_ratio[good])


def least_similarity(calibration: Calibration, log_ratio: float) -> float:
    """A similarity that is needed for a log-likelihood ratio, whatever the sizes and however many views.

    Args:
        calibration: Of the embedder.
        log_ratio: As of `LikePairs`.
    """
    if log_ratio <= 0:
        return -1.0
    # As `workers.clustering.likelihood` has it, at the measured sizes; a rise would ask for more.
    gap = np.maximum(calibration.genuine - calibration.impostor, 0.75 * calibration.spread)
    middle = (calibration.genuine + calibration.impostor) / 2
    # Many views make evidence stronger.
    needed = min(log_ratio * float(variance_of(np.inf)), SEARCH_SETTINGS.limit)
    return float((middle + calibration.spread**2 / gap * needed).min()) - _BETWEEN
