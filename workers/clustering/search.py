"""Search by face: who of all people a face is like, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.clustering.likelihood import LikelihoodSettings, expected_likeness, face_evidence
from workers.models.calibration import Calibration

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]
DoubleArray = npt.NDArray[np.float64]

# Share of the variance of likeness that is of the single view (pose, light, blur), and gets less the more
# views of a person there are; the rest stays. Measured on the half "calibrate" of LFW and clips made from it.
_VIEW_NOISE = 0.3
# A search weighs one face against many people, and has to tell the very likely from the nearly certain;
# clustering sums over many pairs, where one must not decide alone.
SEARCH_SETTINGS = LikelihoodSettings(limit=20.0)
"""How evidence is weighed in a search."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchGallery:
    """The tracks to search in.

    Attributes:
        templates: float32 (N, D), L2-normalised, size-compensated.
        sizes_px: (N,), effective size of the faces of each.
        weights: float32 (N,), weight of each in the mean of its person.
        in_video: bool (N,), whether its source is a video.
        owners: intp (N,), person of each, 0 to P - 1.
    """

    templates: FloatArray
    sizes_px: FloatArray
    weights: FloatArray
    in_video: npt.NDArray[np.bool_]
    owners: IntArray


@dataclass(frozen=True, slots=True)
class Match:
    """How like a face one person is.

    Attributes:
        owner: The person, as in `SearchGallery.owners`.
        similarity: Weighted mean cosine similarity to their tracks, [-1, 1].
        log_ratio: Natural logarithm of how much likelier that likeness is for the same person than for two.
        sureness: Probability that it is the same person, see `sureness`.
        best_track: Row of the track that is most like the face.
    """

    owner: int
    similarity: float
    log_ratio: float
    sureness: float
    best_track: int


def search(
    vector: FloatArray,
    size_px: float,
    effective_px: float,
    gallery: SearchGallery,
    calibration: Calibration,
    settings: LikelihoodSettings | None = None,
    most: int | None = None,
) -> list[Match]:
    """Rank all people by their likeness to a face of a photo.

    The log-likelihood ratios of a person's tracks are averaged, each weighted by what it can tell: one large,
    frontal face says more than many of 20 px. More views average out what is of the view alone, and leave
    what makes two people look alike in all of them (see `_VIEW_NOISE`).

    Args:
        vector: float32 (D,), embedding of the face.
        size_px: Size of the face.
        effective_px: Size of a frontal face that would tell as much.
        gallery: The tracks to search in.
        calibration: Of the embedder that made all vectors.
        settings: How evidence is weighed.
        most: Most people to return; None for all who have a track.

    Returns:
        One match for each person, the likeliest first.
    """
    count = len(gallery.owners)
    if count == 0:
        return []
    settings = settings or SEARCH_SETTINGS
    query = calibration.compensate(vector[None], [size_px])
    similarity = (gallery.templates @ query[0]).astype(np.float32)
    sizes = calibration.size_weights([effective_px])[0], calibration.size_weights(gallery.sizes_px)
    rise = np.where(gallery.in_video, np.float32(calibration.video_rise), np.float32(0))
    expected = expected_likeness(*sizes, calibration)
    ratios, information = face_evidence(similarity, expected, rise, settings)
    people = int(gallery.owners.max()) + 1
    weights = gallery.weights * information
    evidence, present = evidence_of_people(ratios, weights, gallery.owners, people)
    mean_similarity = mean_of_people(similarity, weights, gallery.owners, people)
    best = _best_rows(gallery.owners, ratios, people)
    sure = np.zeros(people)
    sure[present] = sureness(evidence[present])
    order = present[np.lexsort((-mean_similarity[present], -evidence[present]))]
    return [
        Match(k, float(mean_similarity[k]), float(evidence[k]), float(sure[k]), int(best[k]))
        for k in order[:most].tolist()
    ]


def evidence_of_people(
    ratios: FloatArray, weights: FloatArray, owners: IntArray, people: int
) -> tuple[DoubleArray, IntArray]:
    """What the tracks of each person say together.

    Args:
        ratios: float32 (N,), log-likelihood ratio of each track.
        weights: float32 (N,), positive: what each can tell.
        owners: intp (N,), person of each, 0 to `people` - 1.
        people: P.

    Returns:
        Log-likelihood ratio, float64 (P,), 0 for those without a track; and who has one, ascending.
    """
    total = np.bincount(owners, weights, people)
    present = np.flatnonzero(total)
    divisor = np.where(total > 0, total, 1.0)
    # Number of equal tracks that would weigh as much (Kish 1965).
    views = total**2 / np.where(total > 0, np.bincount(owners, weights**2, people), 1.0)
    return np.bincount(owners, ratios * weights, people) / divisor / variance_of(views), present


def mean_of_people(values: FloatArray, weights: FloatArray, owners: IntArray, people: int) -> DoubleArray:
    """Weighted mean of a value of the tracks of each person, float64 (P,); 0 for those without a track."""
    total = np.bincount(owners, weights, people)
    return np.asarray(np.bincount(owners, values * weights, people) / np.where(total > 0, total, 1.0))


def variance_of(views: npt.ArrayLike) -> DoubleArray:
    """Variance of the mean likeness of so many views, in shares of that of one, see `_VIEW_NOISE`."""
    return np.asarray((1 - _VIEW_NOISE) + _VIEW_NOISE / np.maximum(views, 1.0), np.float64)


def sureness(log_ratios: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Probability of each person to be the one, by Bayes' rule.

    Before the look, each of the people is as likely as the others, and nobody of them as likely as all
    together: the more people there are, the more of them look alike by chance, and the less a likeness says.
    A face is one person's at most: where one is all but certain, another who looks alike is unlikely.

    Args:
        log_ratios: (P,) natural logarithm of how much likelier the likeness to each person is for the same
            person than for two.

    Returns:
        (P,) in [0, 1]; their sum is at most 1.
    """
    ratios = np.asarray(log_ratios, np.float64)
    if ratios.size == 0:
        return ratios
    # Nobody has the likelihood ratio 1, and as many votes as there are people.
    highest = max(float(ratios.max()), 0.0)
    each = np.exp(ratios - highest)
    return np.asarray(each / (each.sum() + ratios.size * np.exp(-highest)))


def _best_rows(owners: IntArray, ratios: FloatArray, people: int) -> IntArray:
    """Row of the highest ratio of each person."""
    order = np.argsort(ratios, kind="stable")
    best = np.zeros(people, np.intp)
    # Of rows with one owner the last one written stays: the highest.
    best[owners[order]] = order
    return best
