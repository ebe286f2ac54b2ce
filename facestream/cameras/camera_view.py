"""Cameras as a table, lines and JSON."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from facestream.cameras.area import shown_area
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RecordError

if TYPE_CHECKING:
    # It brings the decoder, which lists do without.
    from facestream.cameras.camera_look import CameraLook

COLUMNS = ("camera", "state", "for", "fps", "delay", "faces", "url", "last error")
RIGHT = frozenset({"for", "fps", "delay", "faces"})

_NOBODY = "not watched"


def damaged_row(name: str, error: RecordError) -> list[str]:
    """A camera whose record is damaged as a row of the table."""
    return [name, "damaged", "-", "-", "-", "-", "-", str(error)]


def camera_row(record: CameraRecord, status: CameraStatus | None) -> list[str]:
    """A camera as a row of the table."""
    # What it did before it was paused may still be there for a while.
    if status is None or record.paused:
        return [record.name, state_of(record, status), "-", "-", "-", "-", record.shown_url, ""]
    delay = "-" if status.delay_s is None else f"{status.delay_s:.1f} s"
    return [
        record.name,
        state_of(record, status),
        span(time.time() - status.since_s),
        f"{status.fps_done:.1f}/{status.fps_in:.1f}",
        delay,
        str(status.faces),
        record.shown_url,
        present_errors(status),
    ]


def state_of(record: CameraRecord, status: CameraStatus | None) -> str:
    """What a camera does, in words."""
    if record.paused:
        return "paused"
    return _NOBODY if status is None else state_words(status.state)


def is_streaming(record: CameraRecord, status: CameraStatus | None) -> bool:
    """Whether a camera delivers pictures that are looked at."""
    return not record.paused and status is not None and status.state == "streaming"


def state_words(state: str) -> str:
    """A state of a stream in words."""
    return "down" if state == "backing_off" else state.replace("_", " ")


def present(status: CameraStatus) -> CameraStatus:
    """How a camera is doing without what went wrong before its streams came back, which is over."""
    if status.state == "streaming":
        status = replace(status, last_error="")
    if status.main_state == "streaming":
        status = replace(status, main_error="")
    return status


def present_errors(status: CameraStatus) -> str:
    """What is wrong with a camera's streams now, in one line."""
    return present(status).errors


def camera_json(record: CameraRecord, status: CameraStatus | None = None) -> dict[str, Any]:
    """A camera for machines, without secrets."""
    return {
        "name": record.name,
        "source_id": record.source_id,
        "url": record.shown_url,
        "sub_url": record.shown_sub_url or None,
        "fps": record.fps,
        "min_face_px": record.min_face_px,
        "zones": record.zones,
        "masks": record.masks,
        "transport": record.transport,
        "hwaccel": record.hwaccel,
        "keyframes_only": record.keyframes_only,
        "remote": record.remote,
        "paused": record.paused,
        "created_at_s": record.created_at_s,
        "status": None if status is None else _status_json(status),
    }


def damaged_json(name: str, error: RecordError) -> dict[str, Any]:
    """A camera whose record is damaged for machines."""
    return {"name": name, "damaged": str(error)}


def camera_lines(record: CameraRecord, status: CameraStatus | None) -> list[tuple[str, str]]:
    """A camera line by line: what, and its value."""
    lines = [("camera", record.name), ("url", record.shown_url), ("looked at", settings_text(record))]
    if status is None or record.paused:
        return [*lines, ("state", state_of(record, status))]
    lines.append(("state", f"{state_of(record, status)} for {span(time.time() - status.since_s)}"))
    if status.width_px:
        lines.append(("pictures", f"{status.width_px}x{status.height_px} {status.codec}"))
    lines.append(("rates", f"{status.fps_in:.1f} pictures per second sent, {status.fps_done:.1f} looked at"))
    if not status.errors:
        return lines
    # It stays after the recovery.
    over = "" if present_errors(status) else " (over)"
    return [*lines, ("last error", f"{status.errors}{over}")]


def settings_text(record: CameraRecord) -> str:
    """How a camera is looked at, in one line; what is as usual is left out but the rate."""
    parts = [f"{record.fps:g} looks per second"]
    if record.min_face_px is not None:
        parts.append(f"faces from {record.min_face_px:g} px")
    parts += [f"zone {shown_area(zone)}" for zone in record.zones]
    parts += [f"mask {shown_area(mask)}" for mask in record.masks]
    if record.shown_sub_url:
        parts.append(f"faces found in {record.shown_sub_url}")
    if record.transport != "auto":
        parts.append(f"by {record.transport.upper()}")
    if record.hwaccel != "none":
        parts.append(f"decoded by {record.hwaccel}")
    if record.keyframes_only:
        parts.append("keyframes of the main stream only" if record.shown_sub_url else "keyframes only")
    if record.remote:
        parts.append("sent by a reader")
    return ", ".join([*parts, "paused"] if record.paused else parts)


def look_lines(seen: CameraLook) -> list[tuple[str, str]]:
    """What a camera sent, line by line: what, and how much."""
    announced = "nothing announced" if seen.announced_fps is None else f"{seen.announced_fps:g} announced"
    measured = "too few to tell" if seen.fps is None else f"{seen.fps:.1f} per second"
    return [
        ("codec", seen.codec + ("" if seen.device == "none" else f", decoded by {seen.device}")),
        ("size", f"{seen.width_px}x{seen.height_px}"),
        ("pictures", f"{measured} ({announced})"),
        ("first picture", f"after {seen.first_picture_s:.2f} s"),
        ("damaged", str(seen.corrupt)),
    ]


def look_json(seen: CameraLook) -> dict[str, Any]:
    """What a camera sent, for machines."""
    return {
        "codec": seen.codec,
        "device": seen.device,
        "width_px": seen.width_px,
        "height_px": seen.height_px,
        "announced_fps": seen.announced_fps,
        "fps": None if seen.fps is None else round(seen.fps, 3),
        "first_picture_s": round(seen.first_picture_s, 3),
        "pictures": seen.pictures,
        "corrupt": seen.corrupt,
    }


def _status_json(status: CameraStatus) -> dict[str, Any]:
    facts = asdict(status)
    del facts["name"]
    return facts


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, length_s in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds // length_s:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
