"""A camera for machines that ask over the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facestream.cameras.camera_view import present_errors
from facestream.iso_time import iso_utc
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RecordError
from storage.identity_record import Identity

_UNTOLD = "waiting"


def camera_answer(
    name: str, record: CameraRecord | RecordError, status: CameraStatus | None, people: Sequence[Identity]
) -> dict[str, Any]:
    """A camera as the HTTP API and its events tell it, without secrets.

    Args:
        name: Its name.
        record: The camera, or what is wrong with its record.
        status: What its worker said lately, or None.
        people: Who is there now, the latest first.
    """
    if isinstance(record, RecordError):
        # Told as one that can't be looked at, which it is.
        return camera_answer(name, CameraRecord(name, "", ""), None, ()) | {
            "state": "failed",
            "last_error": f"{record}. Remove this camera and add it again.",
        }
    told = status if not record.paused else None
    return {
        "name": name,
        "url": record.shown_url,
        "sub_url": record.shown_sub_url or None,
        "fps": record.fps,
        "min_face_px": record.min_face_px,
        "paused": record.paused,
        "state": "paused" if record.paused else _UNTOLD if told is None else told.state,
        "since_at": iso_utc(told.since_s) if told is not None and told.since_s else None,
        "last_error": present_errors(told) if told is not None else "",
        "fps_in": None if told is None else round(told.fps_in, 3),
        "fps_done": None if told is None else round(told.fps_done, 3),
        "delay_s": None if told is None or told.delay_s is None else round(told.delay_s, 3),
        "width_px": None if told is None or not told.width_px else told.width_px,
        "height_px": None if told is None or not told.height_px else told.height_px,
        "people_now": [
            {
                "id": person.identity_id,
                "name": person.name,
                "thumbnail": next(iter(person.thumbnails), None),
            }
            for person in people
            if not person.ignored
        ],
    }
