"""Whether a track is of somebody who was forgotten, by a few templates that were kept of them. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workers.clustering.kmedoids import medoids
from workers.clustering.profiles import Profiles, compare_pairs
from workers.clustering.search import sureness
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

MOST_KEPT = 5
"""Templates that are kept of a person at most."""

SURE_RETURN = 0.99
"""Least probability that a track is of somebody who was forgotten: less sure ones are taken in."""

# A template that tells less than this share of what the best one does would only blur what is kept.
_LEAST_SHARE = 0.5
# Of more templates, those that tell most are chosen among: distances of all pairs are looked at.
_MOST_CHOSEN_AMONG = 500


def templates_to_keep(templates: FloatArray, telling: FloatArray) -> IntArray:
    """Which of the templates that tell much stand best for all of these: views that differ (k-medoids).

    Args:
        templates: float32 (N, D), L2-normalised; N is at least 1.
        telling: float32 (N,), how much each can tell, positive.

    Returns:
        intp (K,), rows, ascending, each once; at most `MOST_KEPT`.
    """
    order = np.argsort(-telling, kind="stable")
    sound = order[telling[order] >= _LEAST_SHARE * telling.max()]
    best = np.sort(sound[:_MOST_CHOSEN_AMONG])
    if len(best) <= MOST_KEPT:
        return np.asarray(best, np.intp)
    some = templates[best].astype(np.float64)
    distances = np.clip(1 - some @ some.T, 0.0, 2.0)
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    return np.asarray(np.sort(best[medoids(distances, MOST_KEPT)]), np.intp)


def profile_of(
    name: str,
    templates: FloatArray,
    sizes_px: FloatArray,
    weights: FloatArray,
    in_video: npt.NDArray[np.bool_],
    calibration: Calibration,
) -> Profiles:
    """What some tracks are together, as one person.

    Args:
        name: Whose they are.
        templates: float32 (N, D), L2-normalised, size-compensated; N is at least 1.
        sizes_px: float32 (N,), effective size of the faces of each.
        weights: float32 (N,), weight of each, positive.
        in_video: bool (N,), whether its source is a video.
        calibration: Of the embedder.
    """
    shares = weights / weights.sum()
    return Profiles(
        [name],
        (shares @ templates)[None].astype(np.float32),
        (shares @ calibration.size_weights(sizes_px))[None].astype(np.float32),
        np.array([weights.sum() ** 2 / (weights**2).sum()], np.float32),
        np.array([(shares * in_video).sum()], np.float32),
    )


def return_sureness(
    track: Profiles,
    forgotten: Profiles,
    rival: Profiles | None,
    calibration: Calibration,
) -> float:
    """Probability that a track is of anybody who was forgotten, as a comparison of two faces has it.

    Before the look, both cases are equally likely, however many people the collection has: in a search the
    many make each of them unlikely, and hardly anybody who comes back would be left out. The person of the
    collection who would get the track has the same say: whoever is more like them than like somebody who was
    forgotten is not left out.

    Args:
        track: Of the track alone.
        forgotten: Those who were forgotten.
        rival: Who would get the track, without it; None for nobody.
        calibration: Of the embedder.

    Returns:
        It, in [0, 1].
    """
    ratios = []
    for known in [forgotten] if rival is None else [forgotten, rival]:
        rows = np.arange(len(known))
        pairs = compare_pairs(known, rows, track, np.zeros(len(known), np.intp), calibration)
        ratios.append(pairs.log_ratio)
    return float(sureness(np.concatenate(ratios))[: len(forgotten)].sum())
