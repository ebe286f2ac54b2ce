"""Ids of videos and photos: they name the content."""

from __future__ import annotations

from pathlib import Path

from stream.fingerprint import fingerprint

_DIGITS = 16


def video_id(path: Path) -> str:
    """The id of a video file.

    Raises:
        StreamError: If it can't be read.
    """
    return f"v-{fingerprint(path)[:_DIGITS]}"


def photo_id(path: Path) -> str:
    """The id of a photo.

    Raises:
        StreamError: If it can't be read.
    """
    return f"i-{fingerprint(path)[:_DIGITS]}"


def content_of(source_id: str) -> str:
    """How the fingerprint of a source's file begins."""
    return source_id.partition("-")[2]


def is_file_of(path: Path, source_id: str, size: int | None = None) -> bool:
    """Whether a file has the content of a source.

    Args:
        path: The file.
        source_id: The source.
        size: Bytes that it had; what was added since plays no part then.

    Raises:
        StreamError: If it can't be read.
    """
    return fingerprint(path, size)[:_DIGITS] == content_of(source_id)
