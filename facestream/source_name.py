"""What sources are called where people read of them."""

from __future__ import annotations

from pathlib import PurePath

_CAMERA = "c-"


def is_camera(source_id: str) -> bool:
    """Whether a source is a camera."""
    return source_id.startswith(_CAMERA)


def full_name(source_id: str, path: str) -> str:
    """The path of a file, or the name of a camera."""
    return source_id.removeprefix(_CAMERA) if is_camera(source_id) else path


def short_name(source_id: str, path: str) -> str:
    """The name of a file without its folder, or the name of a camera."""
    return PurePath(full_name(source_id, path)).name
