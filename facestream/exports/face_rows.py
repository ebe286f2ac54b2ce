"""Faces as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from facestream.iso_time import iso_local
from facestream.people.sighting import date_of
from facestream.source_name import camera_name

if TYPE_CHECKING:
    from facestream.people.person import Face
    from storage.source_record import SourceRecord

COLUMNS = ("source", "frame", "time_s", "x1", "y1", "x2", "y2", "score", "track", "identity", "provisional")
# Programs read these by their place: what is new comes last.
TOLD_COLUMNS = (*COLUMNS, "name", "seen_at", "camera")


def row(face: Face) -> dict[str, Any]:
    """A face as a row."""
    x1, y1, x2, y2 = (round(value, 2) for value in face.box_xyxy)
    return {
        "source": face.source,
        "frame": face.frame,
        "time_s": round(face.time_s, 3),
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "score": round(face.score, 4),
        "track": face.track,
        "identity": face.identity,
        "provisional": face.provisional,
    }


def told_row(face: Face, names: Mapping[str, str], source: SourceRecord) -> dict[str, Any]:
    """The same with what is known of the person and the source: values for `TOLD_COLUMNS`.

    Args:
        face: The face.
        names: Of people who have one, by id.
        source: Where it was seen.
    """
    return row(face) | {
        "name": names.get(face.identity, ""),
        "seen_at": iso_local(date_of(source.recorded_at_s, face.time_s)),
        "camera": camera_name(face.source_id, face.source),
    }
