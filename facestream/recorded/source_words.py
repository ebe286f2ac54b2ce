"""What is said of videos and photos that are looked up, in words."""

from __future__ import annotations

import math
from pathlib import Path

from facestream.people.people_view import clock, local_time
from storage.source_record import SourceRecord


def date_words(unix_s: float | None) -> str:
    """When a video begins, in words."""
    return "at an unknown date" if unix_s is None else f"at {local_time(unix_s)}"


def rate_words(fps: float | None) -> str:
    """A sampling rate in words."""
    return "every frame" if fps is None else f"{fps:g} frame{'' if fps == 1 else 's'}/s"


def awaited_words(path: Path) -> str:
    """What to say of a file that another process is looking at, when nothing else is left to be done."""
    return f"{path.name}: another process is looking at it right now; waiting for that."


def left_out_words(source: SourceRecord) -> str:
    """What to say of people who were forgotten in a source, or nothing."""
    if not source.forgotten:
        return ""
    were = "person was" if source.forgotten == 1 else "people were"
    return f"{source.forgotten} {were} forgotten there and left out; --include-forgotten looks at it again."


def stretch_words(start_s: float, end_s: float) -> str:
    """A stretch of a video in words."""
    return f"{clock(start_s)} to {'the end' if math.isinf(end_s) else clock(end_s)}"
