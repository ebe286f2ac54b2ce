"""Paths as text: bytes that are no UTF-8 are shown escaped, since Redis holds text."""

from __future__ import annotations

import os
from pathlib import Path


def readable(path: str) -> str:
    """A path as it is."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def readable_path(path: Path) -> str:
    """The absolute path."""
    return readable(str(path.resolve()))
