"""Tracks, as commands and the Python client give them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from facestream.people.person import Face
from facestream.people.sighting import date_of
from storage.sample_record import EmbeddedFace
from storage.source_record import SourceRecord
from storage.track_record import TrackRecord


@dataclass(frozen=True, slots=True)
class TrackSample:
    """One of the few faces of a track that were embedded.

    Attributes:
        id: Sample id, see `Store.thumbnail`.
        frame: Frames of the source before this one.
        time_s: Seconds from the start of the source.
        size_px: Size of the face.
        quality: In (0, 1], higher is better.
        score: Detector's score, [0, 1].
    """

    id: str
    frame: int
    time_s: float
    size_px: float
    quality: float
    score: float


@dataclass(frozen=True, slots=True)
class Track:
    """One face followed through one shot of a source.

    Attributes:
        id: Track id.
        identity: Person id, or empty for a face that was given to nobody.
        source_id: Where.
        source: Path of the source.
        photo: Whether that is a photo.
        start_s: From, seconds from the start of the source.
        end_s: To.
        start_at: From, as a date, where the time of the recording is known.
        end_at: To, likewise.
        founder: Whether it is good enough to make a person of its own.
        continues: The track of the same face that it follows without a gap, or empty.
        faces: One for each sampled frame.
        samples: The few that were embedded; empty where they were not asked for.
        provisional: Whether a re-cluster may still correct whose it is: none has looked at it since it came
            or grew, and nobody has decided.
    """

    id: str
    identity: str
    source_id: str
    source: str
    photo: bool
    start_s: float
    end_s: float
    start_at: datetime | None
    end_at: datetime | None
    founder: bool
    continues: str
    faces: tuple[Face, ...]
    samples: tuple[TrackSample, ...]
    provisional: bool


def track_of(
    record: TrackRecord,
    source: SourceRecord | None,
    samples: Iterable[EmbeddedFace] = (),
    *,
    provisional: bool = False,
) -> Track:
    """A track from its record, and those of its source and samples."""
    path = source.path if source else ""
    recorded_at_s = source.recorded_at_s if source else None
    identity = record.identity_id or ""
    faces = []
    for observation in record.observations:
        left, top, right, bottom = observation["box_xyxy"].tolist()
        faces.append(
            Face(
                record.source_id,
                path,
                int(observation["frame"]),
                float(observation["media_s"]),
                (left, top, right, bottom),
                float(observation["score"]),
                record.track_id,
                identity,
                provisional,
            )
        )
    return Track(
        id=record.track_id,
        identity=identity,
        source_id=record.source_id,
        source=path,
        photo=record.photo,
        start_s=record.first_s,
        end_s=record.last_s,
        start_at=date_of(recorded_at_s, record.first_s),
        end_at=date_of(recorded_at_s, record.last_s),
        founder=record.founder,
        continues=record.continues or "",
        faces=tuple(faces),
        samples=tuple(
            TrackSample(s.sample_id, s.frame, s.media_s, s.size_px, s.quality, s.score) for s in samples
        ),
        provisional=provisional,
    )
