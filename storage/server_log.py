"""The end of the embedded server's log."""

from __future__ import annotations

import os
from pathlib import Path

_LINE_BYTES = 250


def log_tail(path: Path, lines: int, offset: int = 0) -> str:
    """Last lines of a log.

    Args:
        path: The log.
        lines: How many lines at most; fewer where they are very long.
        offset: Where to begin reading, in bytes; a log that is shorter was begun anew in between and is read
            from its start.

    Returns:
        The lines without an end of line after the last; empty where there are none or the log can't be read.
    """
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(offset if offset <= size else 0, size - _LINE_BYTES * lines))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
