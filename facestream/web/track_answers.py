"""Tracks as the HTTP API answers them."""

from __future__ import annotations

from typing import Any

from facestream.people.track import Track
from facestream.web import schemas
from facestream.web.person_answers import camera_name


def track_answer(track: Track) -> schemas.Track:
    """A track, with the number of its faces."""
    return schemas.Track(**_facts(track), faces=len(track.faces))


def track_in_full(track: Track) -> schemas.TrackInFull:
    """A track with its faces."""
    faces = [
        schemas.TrackFace(frame=face.frame, time_s=face.time_s, box_xyxy=face.box_xyxy, score=face.score)
        for face in track.faces
    ]
    return schemas.TrackInFull(**_facts(track), faces=faces)


def _facts(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "person_id": track.identity or None,
        "source_id": track.source_id,
        "source": track.source,
        "camera": camera_name(track.source_id, track.source),
        "photo": track.photo,
        "start_s": track.start_s,
        "end_s": track.end_s,
        "start_at": track.start_at,
        "end_at": track.end_at,
        "founder": track.founder,
        "provisional": track.provisional,
        "continues": track.continues,
        "samples": [
            schemas.TrackSample(
                id=sample.id,
                time_s=sample.time_s,
                size_px=sample.size_px,
                quality=sample.quality,
                score=sample.score,
            )
            for sample in track.samples
        ],
    }
