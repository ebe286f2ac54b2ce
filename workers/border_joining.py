"""Tracks that were cut where one stretch of a video ends and the next begins, looked at by two workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from storage.sample_record import BareSample
from storage.track_record import TrackRecord
from workers.assignment import assign
from workers.clustering.likelihood import LikelihoodSettings, face_log_ratio
from workers.models.calibration import Calibration
from workers.tracking.boxes import iou_matrix

JOIN_IOU = 0.35
"""Least overlap of where a face was last and where it is next, over a border."""

# A face that is not seen for so long at a border is not joined.
_LONGEST_GAP_S = 1.0


def joined(
    tracks: Iterable[TrackRecord],
    samples: Mapping[str, BareSample],
    borders_s: Sequence[float],
    calibration: Calibration,
) -> list[TrackRecord]:
    """Tracks that go on from one before a border, with `continues` saying so.

    They are paired by where the face was last and is next (Hungarian assignment over the overlap), and only
    if both look like one person.

    Args:
        tracks: All of one video.
        samples: Their samples, as far as they are needed: the first and the last of each.
        borders_s: Media times at which one stretch ends and the next begins.
        calibration: Of the embedder.

    Returns:
        Those that are others than they were.
    """
    everyone = sorted(tracks, key=lambda track: (track.first_s, track.track_id))
    found: list[TrackRecord] = []
    for border_s in borders_s:
        before = [
            track
            for track in everyone
            if border_s - _LONGEST_GAP_S <= track.last_s < border_s
            and track.observations["score"][-1] > 0
            and track.sample_ids
        ]
        after = [
            track
            for track in everyone
            if border_s <= track.first_s <= border_s + _LONGEST_GAP_S
            and track.continues is None
            and track.sample_ids
        ]
        if not (before and after):
            continue
        overlap = iou_matrix(
            np.stack([track.observations["box_xyxy"][0] for track in after]),
            np.stack([track.observations["box_xyxy"][-1] for track in before]),
        )
        for row, column in assign(overlap):
            late, early = after[row], before[column]
            one, other = samples.get(early.sample_ids[-1]), samples.get(late.sample_ids[0])
            if overlap[row, column] < JOIN_IOU or late.first_s - early.last_s > _LONGEST_GAP_S:
                continue
            if one is not None and other is not None and _alike(one, other, calibration):
                found.append(replace(late, continues=early.track_id))
    return found


def ends_of(tracks: Iterable[TrackRecord]) -> list[str]:
    """Ids of the samples that `joined` needs."""
    return [track.sample_ids[end] for track in tracks for end in (0, -1) if track.sample_ids]


def _alike(one: BareSample, other: BareSample, calibration: Calibration) -> bool:
    vectors = np.stack([one.vector, other.vector])
    compensated = calibration.compensate(vectors, [one.size_px, other.size_px])
    weights = calibration.size_weights([one.effective_px, other.effective_px])
    settings = LikelihoodSettings(limit=calibration.limit)
    ratios = face_log_ratio(compensated @ compensated.T, weights, weights, 0.0, calibration, settings)
    return bool(ratios[0, 1] > 0)
