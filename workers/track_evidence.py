"""Stored records as evidence for clustering, and the check that keeps out what would spoil it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from storage.sample_record import EmbeddedFace, FaceSample
from storage.track_record import TrackRecord
from workers.clustering.evidence import MOMENTS_PER_S, TrackEvidence, make_template
from workers.faces.clothing import SIZE
from workers.models.calibration import Calibration


def evidence_of(
    track: TrackRecord, samples: Sequence[EmbeddedFace], calibration: Calibration
) -> TrackEvidence:
    """What clustering needs to know of a track.

    Args:
        track: The track.
        samples: Its samples, at least one.
        calibration: Of the embedder that made their vectors.
    """
    template, size_px = make_template(
        np.stack([sample.vector for sample in samples]),
        np.array([sample.size_px for sample in samples], np.float32),
        np.array([sample.effective_px for sample in samples], np.float32),
        np.array([sample.quality for sample in samples], np.float32),
        calibration,
    )
    clothing = None
    if track.clothing is not None and track.clothing.any():
        squares = track.clothing.astype(np.float32) ** 2
        clothing = squares / squares.sum()
    return TrackEvidence(
        track_id=track.track_id,
        source_id=track.source_id,
        template=template,
        size_px=size_px,
        moments=moments_of(track.observations),
        middle_s=(track.first_s + track.last_s) / 2,
        founder=track.founder,
        photo=track.photo,
        clothing=clothing,
        continues=track.continues,
        seen_s=first_and_last_s(track.observations),
    )


def moments_of(observations: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Fifths of a second in which a face was seen, ascending: as many at any sampling rate from 5 on.

    Frames in which the face was hidden prove nothing about who else was there, and are left out.

    Args:
        observations: Of a track, dtype `OBSERVATION`.
    """
    seen_s = observations["media_s"][observations["score"] > 0]
    return np.unique(np.floor(seen_s * MOMENTS_PER_S + 1e-6).astype(np.int64))


def first_and_last_s(observations: npt.NDArray[np.void]) -> tuple[float, float] | None:
    """First and last time at which a face was seen, s in the source; None where it never was.

    Args:
        observations: Of a track, dtype `OBSERVATION`.
    """
    times_s = observations["media_s"][observations["score"] > 0]
    return (float(times_s.min()), float(times_s.max())) if len(times_s) else None


def sample_problem(sample: FaceSample, calibration: Calibration, model_id: str) -> str:
    """Why a sample can't be compared with the others of its collection, or empty.

    Args:
        sample: The sample.
        calibration: Of the embedder of the collection.
        model_id: Embedding space of the collection, or empty where none is claimed yet.
    """
    dimension = calibration.mean.shape[1]
    if len(sample.vector) != dimension:
        return f"field 'vector' has {len(sample.vector)} numbers, and this collection's have {dimension}"
    if model_id and sample.model_id != model_id:
        return f"field 'model_id' is {sample.model_id[:80]!r}, and this collection's is {model_id!r}"
    return ""


def track_problem(track: TrackRecord) -> str:
    """Why a track can't be compared with others, or empty."""
    if track.clothing is not None and len(track.clothing) != SIZE:
        return f"field 'clothing' has {len(track.clothing)} numbers, and {SIZE} are expected"
    return ""
