"""Paths as text: bytes that are no UTF-8 are shown escaped, since Redis holds text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def readable(path: str) -> str:
    """A path as it is."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def readable_path(path: Path) -> str:
    """The absolute path."""
    return readable(str(path.resolve()))


def paths_of(written: str) -> Iterator[Path]:
    """What a path may be that is kept as text: as it stands, and with the bytes that are escaped in it."""
    yield Path(written)
    raw = written.encode("utf-8", "surrogateescape")
    if _ESCAPED.search(raw):
        yield Path(os.fsdecode(_ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw)))


def path_of(written: str) -> Path:
    """The first of these where a file is; where none is, the path as it stands.

    Raises:
        ValueError: If it is no path, as with a null byte in it.
    """
    # Of a name that is too long, pathlib would raise.
    found = (path for path in paths_of(written) if os.path.isfile(path))  # noqa: PTH113
    return next(found, Path(written))
