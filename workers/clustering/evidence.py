"""What clustering knows of a track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.models.calibration import Calibration, normalised

FloatArray = npt.NDArray[np.float32]

MOMENTS_PER_S = 5
"""So many moments are told apart: as many at any sampling rate from that one on."""

# Observations beyond this number add no weight: they look like the ones before.
_FULL_WEIGHT = 12


@dataclass(frozen=True, slots=True, eq=False)
class TrackEvidence:
    """One track as the clusterer sees it.

    Attributes:
        track_id: Names the track.
        source_id: Where it was seen; who is seen at the same moment of it is somebody else.
        template: float32 (D,), L2-normalised: weighted mean of size-compensated embeddings.
        size_px: Weighted mean of the effective sizes of its samples.
        moments: int64 (N,), ascending: moments of its source in which it was seen, see `MOMENTS_PER_S`.
        middle_s: Middle of its time, s in the source.
        founder: Whether it may make a person of its own; others may only join.
        photo: Whether the source is a photo, where one common moment is enough to tell two people apart.
        clothing: float32 (C,), histogram with sum 1, or None.
        continues: Track of which this one is known to be the continuation, or None.
        seen_s: First and last time at which it was seen, s in the source; None where moments are all that is
            known.
    """

    track_id: str
    source_id: str
    template: FloatArray
    size_px: float
    moments: npt.NDArray[np.int64]
    middle_s: float
    founder: bool
    photo: bool = False
    clothing: FloatArray | None = None
    continues: str | None = None
    seen_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse what would poison every comparison."""
        if self.template.ndim != 1 or not np.isfinite(self.template).all() or not self.template.any():
            raise ValueError(
                f"track {self.track_id}: template of shape {self.template.shape} must be one finite, "
                "non-zero vector"
            )
        if not np.isfinite((self.size_px, self.middle_s)).all():
            raise ValueError(
                f"track {self.track_id}: size {self.size_px} px and middle {self.middle_s} s must be finite"
            )
        if len(self.moments) == 0:
            raise ValueError(f"track {self.track_id}: was seen at no moment")
        if self.clothing is not None and not np.isfinite(self.clothing).all():
            raise ValueError(f"track {self.track_id}: clothing must be finite")

    @property
    def weight(self) -> float:
        """Weight of the track in the mean of a cluster."""
        return float(np.sqrt(min(len(self.moments), _FULL_WEIGHT)))


def make_template(
    vectors: FloatArray,
    sizes_px: FloatArray,
    effective_px: FloatArray,
    values: FloatArray,
    calibration: Calibration,
) -> tuple[FloatArray, float]:
    """The template of a track and the effective size that goes with it.

    Args:
        vectors: float32 (K, D), L2-normalised embeddings of the track's samples.
        sizes_px: float32 (K,), sizes of the faces.
        effective_px: float32 (K,), sizes of frontal faces that would tell as much.
        values: float32 (K,), qualities in (0, 1], used as weights.
        calibration: Of the embedder.

    Returns:
        The template, float32 (D,), and the effective size, px.
    """
    weights = values / values.sum()
    compensated = calibration.compensate(vectors, sizes_px)
    template = normalised((compensated * weights[:, None]).sum(axis=0, keepdims=True))[0]
    return template.astype(np.float32), float((effective_px * weights).sum())


def seen_together(a: TrackEvidence, b: TrackEvidence) -> bool:
    """Whether two tracks of one source were visible together long enough to be two people.

    One common moment of a video may be a detector's double sight; several, or half of the shorter track, are
    not. Nor is the fifth of a second in which one ended and the other began.
    """
    if a.source_id != b.source_id or a.moments[0] > b.moments[-1] or b.moments[0] > a.moments[-1]:
        return False
    if a.seen_s is not None and b.seen_s is not None and follow_each_other(a.seen_s, b.seen_s):
        return False
    return share_moments(a.moments, b.moments, photo=a.photo or b.photo)


def follow_each_other(a_s: tuple[float, float], b_s: tuple[float, float]) -> bool:
    """Whether one of two tracks ended before the other began, by the first and last time of each, s."""
    return a_s[1] < b_s[0] or b_s[1] < a_s[0]


def share_moments(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], *, photo: bool) -> bool:
    """Whether two tracks of one source have enough moments in common to be two people, see `seen_together`.

    Args:
        a: Moments of one, ascending, as of `TrackEvidence`.
        b: Moments of the other.
        photo: Whether the source is a photo.
    """
    common = len(np.intersect1d(a, b, assume_unique=True))
    needed = 1 if photo else min(2, (min(len(a), len(b)) + 1) // 2)
    return common >= needed
