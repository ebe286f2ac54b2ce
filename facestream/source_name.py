"""What sources are called where people read of them."""

from __future__ import annotations

import re
from pathlib import PurePath

_CAMERA = "c-"
_BY_URL = re.compile(r"c-url-[0-9a-f]{12}")


def is_camera(source_id: str) -> bool:
    """Whether a source is a camera."""
    return source_id.startswith(_CAMERA)


def full_name(source_id: str, path: str) -> str:
    """The path of a file, or the name of a camera; of one that was named by its URL alone, host and path.

    Args:
        source_id: The source.
        path: Of a file; of a camera its URL without what could be a secret.
    """
    if not is_camera(source_id):
        return path
    if path and _BY_URL.fullmatch(source_id):
        return path.partition("://")[2].rpartition("@")[2]
    return source_id.removeprefix(_CAMERA)


def short_name(source_id: str, path: str) -> str:
    """The name of a file without its folder, or the name of a camera."""
    name = full_name(source_id, path)
    return name if is_camera(source_id) else PurePath(name).name
