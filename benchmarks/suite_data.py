"""Which test data something was measured on."""

from __future__ import annotations

import hashlib
from pathlib import Path


def mark_of(folder: Path) -> str:
    """The same for folders whose files have the same names and sizes; other for others."""
    files = sorted((str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*.*"))
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]
