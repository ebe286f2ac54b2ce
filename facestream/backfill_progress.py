"""How a backfill gets on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from facestream.output import printable
from facestream.people_view import clock, counted

if TYPE_CHECKING:
    from rich.console import Console

    from facestream.run_report import RunReport

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
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = console
        self._quiet = quiet
        self._live = console.is_terminal and not quiet
        self._bar = Progress(
            TextColumn("{task.completed:.0f} of {task.total:.0f} files", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[status]}", markup=False),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=1, status="")
        self._files = 0
        self._began_s = self._shown_s = time.monotonic()

    def began(self, videos: int, photos: int, processes: int) -> None:
        """So many files, over so many processes."""
        self._files = videos + photos
        self._began_s = time.monotonic()
        self._bar.update(self._task, total=self._files)
        if not self._quiet:
            files = f"{counted(videos, 'video')} and {counted(photos, 'photo')}"
            self._print(f"{files} over {counted(processes, 'process', 'processes')}")

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
        if self._live:
            self._bar.update(self._task, completed=files, status=status)
        elif not self._quiet and now_s - self._shown_s >= _LINE_EVERY_S:
            self._shown_s = now_s
            self._print(f"{files} of {self._files} files: {status}")

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._print(text)

    def _print(self, text: str) -> None:
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        """Start the display."""
        if self._live:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the display away."""
        if self._live:
            self._bar.stop()
