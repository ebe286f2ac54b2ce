"""Signs of life that a process leaves for the one that keeps it."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Self

from facestream.metrics.health import Heartbeat

_EVERY_S = 1.0
_JOIN_S = 5.0


def sign_file(folder: Path, pid: int) -> Path:
    """The file whose time of change is the sign of life of a process.

    Args:
        folder: The folder of those that are kept together.
        pid: Number of the process.
    """
    return folder / f"alive_{pid}"


class SignOfLife:
    """Changes the file of this process as long as its main loop goes round; a context manager with a thread.

    There is no file before the loop has begun: whoever loads or builds models is not silent. Nor is one whose
    models are at work, on whom `model_watchdog` has an eye.

    Args:
        folder: Where the file is.
        heartbeat: That the main loop goes round.
    """

    def __init__(self, folder: Path, heartbeat: Heartbeat) -> None:
        self._file = sign_file(folder, os.getpid())
        self._heartbeat = heartbeat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sign of life", daemon=True)

    def _work(self) -> None:
        told_s: float | None = None
        while not self._stop.wait(_EVERY_S):
            beat_s = self._heartbeat.last_s
            if beat_s == told_s and not (told_s is not None and self._heartbeat.at_work()):
                continue
            told_s = beat_s
            # Where there is no folder any more, nobody looks.
            with contextlib.suppress(OSError):
                self._file.touch(mode=0o600)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join(_JOIN_S)
