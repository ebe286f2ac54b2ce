"""What clothes say: within one source, and as far as two sources may show people on one occasion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.clustering.likelihood import LikelihoodSettings

FloatArray = npt.NDArray[np.float32]

# Fewer pairs say nothing about how people of a source dress.
_LEAST_PAIRS = 5
# What is less likely than this counts for less than a tenth, however alike clothes are.
_NEGLIGIBLE = 0.01


def clothing_distance(rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Bhattacharyya (Hellinger) distance of clothing histograms.

    Args:
        rows: float32 (N, C), square roots of histograms with sum 1.
        columns: float32 (M, C), likewise.

    Returns:
        float32 (N, M) in [0, 1].
    """
    return np.asarray(np.sqrt(np.clip(1.0 - rows @ columns.T, 0.0, 1.0)), np.float32)


def even_clothing(known_apart: FloatArray, settings: LikelihoodSettings) -> float:
    """The distance of clothes that speaks for neither side in one source.

    Where people who are seen together dress alike (uniforms, dark suits), likeness of clothes means little:
    the even point then moves down to what those pairs show.

    Args:
        known_apart: (P,) distances of pairs seen together.
        settings: See `LikelihoodSettings`.
    """
    if len(known_apart) < _LEAST_PAIRS:
        return settings.clothing_even
    return min(settings.clothing_even, float(np.quantile(known_apart, 0.1)))


def clothing_log_ratio(
    distance: FloatArray, even: FloatArray | float, settings: LikelihoodSettings
) -> FloatArray:
    """Log-likelihood ratio of clothes that were seen on one occasion.

    Args:
        distance: float32 (N, M), see `clothing_distance`.
        even: Distance that speaks for neither side, see `even_clothing`.
        settings: See `LikelihoodSettings`.

    Returns:
        float32 (N, M).
    """
    ratio = np.clip(
        (even - distance) * settings.clothing_slope, -settings.clothing_against, settings.clothing_for
    )
    return np.asarray(ratio, np.float32)


def shared_occasion(
    first_s: FloatArray, second_s: FloatArray, sources: FloatArray, settings: LikelihoodSettings
) -> FloatArray:
    """Probability that tracks of two sources show people in the clothes of one occasion.

    Two halves of a recording, or two videos of an afternoon, do; of two videos that somebody keeps, nothing
    else says so. Of sources that last for long, two tracks are as likely of one time as clothes are worn.

    Args:
        first_s: Time between the first and the last track of the one source, s; any shape.
        second_s: Of the other; broadcast to it.
        sources: How many there are: the more, the less likely it is of two of them; broadcast to it.
        settings: See `LikelihoodSettings`.

    Returns:
        float32, the broadcast shape, in [0, 1]; 0 where it would tell next to nothing.
    """
    share = settings.clothing_shared * np.minimum(1.0, settings.clothing_sources / np.maximum(sources, 1))
    if (share < _NEGLIGIBLE).all():
        return np.zeros(np.broadcast_shapes(first_s.shape, second_s.shape, share.shape), np.float32)
    longest_s = np.maximum(np.maximum(first_s, second_s), settings.clothing_reach_s)
    shared = share * settings.clothing_reach_s / longest_s
    return np.where(shared < _NEGLIGIBLE, 0.0, shared).astype(np.float32)


def across_occasions(ratio: FloatArray, shared: FloatArray) -> FloatArray:
    """Log-likelihood ratio of clothes that may be of two occasions, between which people change them.

    Args:
        ratio: float32, what they say if they are of one, see `clothing_log_ratio`.
        shared: float32, the same shape, probability that they are.

    Returns:
        float32, the same shape.
    """
    return np.where(shared == 1.0, ratio, np.log1p(shared * np.expm1(ratio))).astype(np.float32)
