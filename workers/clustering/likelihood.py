"""How much likelier a likeness is for one person than for two: log-likelihood ratios of pairs of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
AnyFloatArray = npt.NDArray[np.floating[Any]]

# Means of genuine and impostor similarities lie apart by at least so many times their spread.
_LEAST_GAP = 0.75
# More than float32 is off in all that leads from a cosine to a ratio.
_ROUNDING = 1e-4


@dataclass(frozen=True, slots=True)
class LikelihoodSettings:
    """How evidence is weighed. Likelihood ratios are natural logarithms.

    Attributes:
        limit: Faces count at most this much, for and against.
        tolerance: Rise of impostor similarity in a source that the calibration explains by itself.
        prior_pairs: Pairs that `Calibration.video_rise` is worth when a video's own pairs speak.
        genuine_share: Part of a source's rise that genuine pairs share.
        clothing_even: Bhattacharyya distance of clothes that speaks for neither side.
        clothing_slope: Log-likelihood per unit of that distance.
        clothing_for: Clothes speak for one person at most this much.
        clothing_against: Clothes speak against at most this much: people take jackets off.
        clothing_reach_s: Clothes are compared only within this time.
        clothing_shared: Probability that two recordings, of which nothing more is known, show people in the
            same clothes.
        clothing_sources: Most sources for which that holds; the more there are, the less likely it is of two.
        source_prior: Two tracks of different sources start this much, times the logarithm of the number of
            sources of their kind, on the side of two people: the more sources, the more people there are.
        recurrence_share: Of pairs of tracks of a recording, the share that is of one person as a rule, see
            `recurrence`.
        recurrence_pairs: Pairs that this is worth when a recording's own pairs speak.
        recurrence_for: That people come back counts at most this much for one person,
        recurrence_against: and that they don't at most this much against.
        rarity_against: That pairs of tracks of two videos are of one person more rarely than
            `recurrence_share` counts at most this much against.
        stay: Two tracks of one source that an earlier re-cluster put together start this much on the side of
            one person.
        stay_sources: Two of two sources do so less, and not at all up to so many sources: among few, each
            new one changes much of what is asked of one person.
    """

    limit: float = 8.0
    tolerance: float = 0.015
    prior_pairs: float = 10.0
    genuine_share: float = 0.5
    clothing_even: float = 0.68
    clothing_slope: float = 10.0
    clothing_for: float = 2.5
    clothing_against: float = 0.5
    clothing_reach_s: float = 600.0
    clothing_shared: float = 0.25
    clothing_sources: int = 10
    source_prior: float = 0.75
    recurrence_share: float = 0.1
    recurrence_pairs: float = 60.0
    recurrence_for: float = 1.0
    recurrence_against: float = 2.0
    rarity_against: float = 0.75
    stay: float = 1.0
    stay_sources: int = 50


def impostor_rise(excess: FloatArray, expected: float, settings: LikelihoodSettings) -> float:
    """How much more alike than calibrated the people of one source are.

    People of one production share light, make-up and camera. Those seen at the same moment are certainly
    different people, so that they measure it without any label.

    Args:
        excess: (P,) similarity of pairs seen together, minus what the calibration expects of impostors.
        expected: The rise of such sources in general, >= 0.
        settings: See `LikelihoodSettings`.

    Returns:
        The rise of similarity to allow for, >= 0.
    """
    if len(excess) == 0:
        return expected
    trust = len(excess) / (len(excess) + settings.prior_pairs)
    measured = max(float(np.median(excess)) - settings.tolerance, 0.0)
    return measured * trust + expected * (1 - trust)


def face_log_ratio(
    similarity: FloatArray,
    weights_a: FloatArray,
    weights_b: FloatArray,
    rise: FloatArray | float,
    calibration: Calibration,
    settings: LikelihoodSettings,
) -> FloatArray:
    """Log-likelihood ratio of faces: genuine and impostor similarities as two normal distributions.

    Args:
        similarity: float32 (N, M), cosine.
        weights_a: (N, S), size weights of the rows, see `Calibration.size_weights`.
        weights_b: (M, S), size weights of the columns.
        rise: (N, M) or a number: impostor rise that applies to each pair.
        calibration: Of the embedder.
        settings: See `LikelihoodSettings`.

    Returns:
        float32 (N, M), limited to +-settings.limit; positive speaks for one person.
    """
    expected = _expected(weights_a, weights_b, calibration)
    return _ratio(similarity, *_normals(*expected, rise, settings), settings)


def least_similarity(
    least: float,
    weights: FloatArray,
    most_rise: float,
    calibration: Calibration,
    settings: LikelihoodSettings,
) -> float:
    """A cosine that one face and another must have at least, of whatever size, for a log-likelihood ratio.

    It is a lower bound: most faces that are so similar still have a lower ratio.

    Args:
        least: The ratio of faces, see `face_log_ratio`.
        weights: float32 (S,), size weights of the one face, see `Calibration.size_weights`.
        most_rise: Highest impostor rise that there is, >= 0.
        calibration: Of the embedder.
        settings: See `LikelihoodSettings`.

    Returns:
        The cosine; minus infinity where every face has that ratio.
    """
    if least <= -settings.limit:
        return -np.inf
    # Whatever the size of the other face, it lies between those that were measured, and a rise never lowers
    # the middle.
    genuine, impostor, spread = (
        weights.astype(np.float64) @ table
        for table in (calibration.genuine, calibration.impostor, calibration.spread)
    )
    middle = float((genuine + impostor).min()) / 2
    if least < 0:
        return middle + least * float(spread.max()) / _LEAST_GAP - _ROUNDING
    widened = max(settings.genuine_share - 1, 0.0) * most_rise
    gap = max(float((genuine - impostor).max()) + widened, _LEAST_GAP * float(spread.max()))
    return middle + least * float(spread.min()) ** 2 / gap - _ROUNDING


def paired_face_log_ratio(
    similarity: FloatArray,
    weights_a: FloatArray,
    weights_b: FloatArray,
    rise: FloatArray,
    calibration: Calibration,
    settings: LikelihoodSettings,
) -> FloatArray:
    """The same as `face_log_ratio` for pairs, given one by one.

    Args:
        similarity: float32 (E,), cosine.
        weights_a: (E, S), size weights of the first of each pair, see `Calibration.size_weights`.
        weights_b: (E, S), size weights of the second.
        rise: (E,), impostor rise that applies to each pair.
        calibration: Of the embedder.
        settings: See `LikelihoodSettings`.

    Returns:
        float32 (E,), limited to +-settings.limit.
    """
    genuine, impostor, spread = (
        np.einsum("es,es->e", weights_a @ table, weights_b)
        for table in (calibration.genuine, calibration.impostor, calibration.spread)
    )
    return _ratio(similarity, *_normals(genuine, impostor, spread, rise, settings), settings)


def expected_likeness(weights_a: FloatArray, weights_b: FloatArray, calibration: Calibration) -> FloatArray:
    """Genuine and impostor mean similarity and spread of one face with each of many, float32 (3, M).

    Args:
        weights_a: float32 (S,), size weights of the face, see `Calibration.size_weights`.
        weights_b: float32 (M, S), size weights of the others.
        calibration: Of the embedder.
    """
    tables = (calibration.genuine, calibration.impostor, calibration.spread)
    return np.asarray(np.stack([weights_a @ table for table in tables]) @ weights_b.T, np.float32)


def face_evidence(
    similarity: FloatArray, expected: FloatArray, rise: FloatArray | float, settings: LikelihoodSettings
) -> tuple[FloatArray, FloatArray]:
    """What the likeness of one face to each of many says, and how much it can tell at all.

    Args:
        similarity: float32 (M,), cosine.
        expected: float32 (3, M), see `expected_likeness`.
        rise: (M,) or a number: impostor rise that applies to each pair.
        settings: See `LikelihoodSettings`.

    Returns:
        float32 (M,): the log-likelihood ratio as of `face_log_ratio`; and float32 (M,), positive: the squared
        distance of the two distributions, d' squared of signal detection theory.
    """
    genuine, impostor, spread = expected
    middle, gap, spread = _normals(genuine, impostor, spread, rise, settings)
    information = np.asarray((gap / spread) ** 2, np.float32)
    return _ratio(similarity, middle, gap, spread, settings), information


def _expected(
    weights_a: FloatArray, weights_b: FloatArray, calibration: Calibration
) -> tuple[AnyFloatArray, AnyFloatArray, AnyFloatArray]:
    """Genuine and impostor mean similarity and spread of all pairs, (N, M) each."""
    return (
        weights_a @ calibration.genuine @ weights_b.T,
        weights_a @ calibration.impostor @ weights_b.T,
        weights_a @ calibration.spread @ weights_b.T,
    )


def _normals(
    genuine: AnyFloatArray,
    impostor: AnyFloatArray,
    spread: AnyFloatArray,
    rise: FloatArray | float,
    settings: LikelihoodSettings,
) -> tuple[AnyFloatArray, AnyFloatArray, AnyFloatArray]:
    """Middle between genuine and impostor mean similarity of each pair, their distance, and their spread."""
    genuine = genuine + settings.genuine_share * rise
    impostor = impostor + rise
    # One common spread keeps the ratio monotonic; a gap that the rise has closed must not turn it around.
    return (genuine + impostor) / 2, np.maximum(genuine - impostor, _LEAST_GAP * spread), spread


def _ratio(
    similarity: AnyFloatArray,
    middle: AnyFloatArray,
    gap: AnyFloatArray,
    spread: AnyFloatArray,
    settings: LikelihoodSettings,
) -> FloatArray:
    ratio = gap / spread**2 * (similarity - middle)
    return np.clip(ratio, -settings.limit, settings.limit).astype(np.float32)
