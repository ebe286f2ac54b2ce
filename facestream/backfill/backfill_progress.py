"""How a backfill gets on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from facestream.output import printable
from facestream.people.people_view import clock, counted
from facestream.progress_bar import ProgressBar

if TYPE_CHECKING:
    from rich.console import Console

    from facestream.recorded.run_report import RunReport

_LINE_EVERY_S = 10.0
# What is looked at first says nothing of the whole.
_ESTIMATE_AFTER_FILES = 3


class BackfillProgress:
    """Shows files, frames/s, faces, people and time left; a context manager.

    Args:
        console: Terminal or file to write to.
        quiet: Show nothing but notes.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._plain = not (console.is_terminal or quiet)
        self._bar = ProgressBar(console, quiet=quiet)
        self._files = 0
        self._began_s = self._shown_s = time.monotonic()

    def began(self, videos: int, photos: int, processes: int) -> None:
        """So many files, over so many processes."""
        self._files = videos + photos
        self._began_s = time.monotonic()
        if not self._quiet:
            files = f"{counted(videos, 'video')} and {counted(photos, 'photo')}"
            self.note(f"{files} over {counted(processes, 'process', 'processes')}")

    def now(self, report: RunReport, files: int, frames: int, faces: int, people: int) -> None:
        """So much is done."""
        now_s = time.monotonic()
        spent_s = max(now_s - self._began_s, 1e-3)
        found = f"{counted(faces, 'face')}, {counted(people, 'person', 'people')}"
        status = f"{frames / spent_s:.1f} frames/s, {found}"
        if report.failed:
            status += f", {counted(len(report.failed), 'file')} failed"
        done = files - report.already_done
        if done >= _ESTIMATE_AFTER_FILES and files < self._files:
            status += f", {clock(spent_s / done * (self._files - files))} left"
        said = f"{files} of {self._files} files: {status}"
        self._bar.tell(said, files, self._files)
        if self._plain and now_s - self._shown_s >= _LINE_EVERY_S:
            self._shown_s = now_s
            self.note(said)

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def aside(self, text: str) -> None:
        """Something that is no problem."""
        if not self._quiet:
            self.note(text)

    def __enter__(self) -> Self:
        """Begin to count time."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self._bar.pause()
