"""Tracks that are made up: the samples and the record that a face worker would send."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from storage.sample_record import FaceSample
from storage.track_record import OBSERVATION, TrackRecord

TRACK_S = 6.0
"""From the beginning of one track of a source to that of the next one, s."""

_OBSERVATIONS = 10
_BOX = (100, 100, 200, 220)


def made_track(
    source_id: str,
    number: int,
    model_id: str,
    vectors: Sequence[npt.NDArray[np.float32]],
    qualities: Sequence[float],
) -> tuple[list[FaceSample], TrackRecord]:
    """A track with a sample for each vector.

    Args:
        source_id: Where it is seen.
        number: Which track of that source it is; they follow each other.
        model_id: Embedding space.
        vectors: float32 (D,) each, L2-normalised.
        qualities: As many.
    """
    track_id = f"{source_id}.{number}"
    observations = np.zeros(max(_OBSERVATIONS, len(vectors)), OBSERVATION)
    observations["media_s"] = number * TRACK_S + np.arange(len(observations)) / 5
    observations["frame"] = np.round(observations["media_s"] * 25)
    observations["box_xyxy"] = _BOX
    observations["score"] = 0.99
    samples = [
        FaceSample(
            sample_id=f"{track_id}.{k}",
            track_id=track_id,
            source_id=source_id,
            frame=int(observations["frame"][k]),
            media_s=float(observations["media_s"][k]),
            box_xyxy=np.array(_BOX, np.float32),
            score=0.99,
            size_px=110.0,
            effective_px=100.0,
            quality=quality,
            model_id=model_id,
            vector=vector,
        )
        for k, (vector, quality) in enumerate(zip(vectors, qualities, strict=True))
    ]
    record = TrackRecord(
        track_id=track_id,
        source_id=source_id,
        observations=observations,
        sample_ids=tuple(sample.sample_id for sample in samples),
    )
    return samples, record
