"""Stored faces in another embedding space: what their crops give with another embedder."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from storage.model_switch import RenewedTrack
from storage.sample_record import BareSample, FaceSample
from storage.template_record import encode_template
from storage.track_record import TrackRecord
from workers.faces.alignment import align
from workers.models.calibration import Calibration
from workers.models.detection import BgrImage
from workers.models.embedder import FaceEmbedder
from workers.track_evidence import evidence_of

_log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]


def embed_crops(samples: Sequence[FaceSample], embedder: FaceEmbedder) -> dict[str, FloatArray]:
    """Vectors of stored faces, from their crops.

    A crop ends closer to the face than the picture did, so that a vector is not quite the one that the same
    embedder gave of the picture.

    Args:
        samples: The faces.
        embedder: The embedder.

    Returns:
        float32 (D,), L2-normalised, by sample id; without those whose crop is missing or can't be used.
    """
    chips = {}
    for sample in samples:
        chip = _chip(sample, embedder)
        if chip is not None:
            chips[sample.sample_id] = chip
    return dict(zip(chips, embedder.embed(list(chips.values())), strict=True))


def _chip(sample: FaceSample, embedder: FaceEmbedder) -> BgrImage | None:
    if not sample.has_crop:
        return None
    image = cv2.imdecode(np.frombuffer(sample.crop_jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        _log.warning("the picture of sample %s is damaged; it is left out", sample.sample_id)
        return None
    try:
        return align(np.asarray(image, np.uint8), sample.crop_landmarks, embedder.template, embedder.input_px)
    except ValueError as error:
        _log.warning("sample %s: %s; it is left out", sample.sample_id, error)
        return None


def renewed(
    track: TrackRecord,
    samples: Mapping[str, BareSample],
    vectors: Mapping[str, FloatArray],
    model_id: str,
    calibration: Calibration,
) -> RenewedTrack:
    """A track with what another embedder makes of it.

    Args:
        track: The track.
        samples: Its samples by id, as far as they can be read.
        vectors: New vectors by sample id, float32 (D,), L2-normalised, as far as there are any.
        model_id: The new embedding space.
        calibration: Of the new embedder.
    """
    kept = [i for i in track.sample_ids if i in samples and i in vectors]
    template = None
    if kept:
        moved = [replace(samples[i], vector=vectors[i], model_id=model_id) for i in kept]
        try:
            evidence = evidence_of(track, moved, calibration)
        except ValueError as error:
            _log.warning("%s; it can't be searched for", error)
        else:
            template = encode_template(
                evidence.template, evidence.size_px, evidence.weight, photo=track.photo
            )
    dropped = tuple(i for i in track.sample_ids if i not in kept)
    return RenewedTrack(track.track_id, {i: vectors[i] for i in kept}, dropped, template)
