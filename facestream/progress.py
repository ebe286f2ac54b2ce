"""How a run gets on: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from facestream.output import printable
from facestream.people.people_view import clock, counted

if TYPE_CHECKING:
    from rich.console import Console

    from stream.frame import Frame
    from stream.video_info import VideoInfo

# Plain lines are for logs: few of them.
_LINE_EVERY_S = 5.0
_SHOW_EVERY_S = 0.2
# What the first frames take, models being warmed up, says nothing of the others.
_ESTIMATE_AFTER_S = 2.0
# Narrower terminals have no room for a bar beside the figures.
_BAR_FROM_COLUMNS = 110


class RunProgress:
    """Shows position, frames/s, faces, people and time left; a context manager.

    Args:
        console: Terminal or file to write to.
        quiet: Show nothing but notes.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn

        self._console = console
        self._quiet = quiet
        self._live = console.is_terminal and not quiet
        columns: list[ProgressColumn] = [TextColumn("{task.fields[name]}", markup=False)]
        if console.width >= _BAR_FROM_COLUMNS:
            columns.append(BarColumn(bar_width=24))
        columns.append(TextColumn("{task.fields[status]}", markup=False))
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("", total=None, name="", status="")
        self._photos = self._photos_done = 0
        self._info: VideoInfo | None = None
        self._name = ""
        self._frames = self._faces = self._people = 0
        self._began_s = self._shown_s = time.monotonic()
        self._from_s: float | None = None
        self._looked = self._first_person = False

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

    def began(self, photos: int) -> None:
        """The sources are counted; so many are photos."""
        self._photos = photos

    def source_began(self, path: Path, info: VideoInfo | None) -> None:
        """A source is next."""
        self._info, self._name = info, printable(path.name)
        if info is None:
            self._bar.update(self._task, total=self._photos, completed=self._photos_done, name="photos")
            return
        self._frames = self._faces = 0
        self._began_s, self._from_s = time.monotonic(), None
        self._bar.update(self._task, total=info.duration_s, completed=0, name=self._name)
        if not self._live and not self._quiet:
            length = f", {clock(info.duration_s)}" if info.duration_s else ""
            self._print(f"{path.name}: {info.width_px}x{info.height_px} {info.codec}{length}")

    def frame_done(self, frame: Frame, faces: int) -> None:
        """A frame was searched for faces."""
        self._frames += 1
        self._looked = True
        self._faces += faces
        if self._info is None:
            self._photos_done += 1
        now = time.monotonic()
        if self._from_s is None:
            self._from_s = frame.media_s
        if self._quiet or now - self._shown_s < (_SHOW_EVERY_S if self._live else _LINE_EVERY_S):
            return
        self._shown_s = now
        status, position = self._status(frame.media_s, now)
        if self._live:
            self._bar.update(self._task, completed=position, status=status)
        else:
            self._print(f"{self._name if self._info else 'photos'}: {status}")

    def source_ended(self, path: Path) -> None:
        """A source is done."""
        if self._info is not None and not self._live and not self._quiet:
            spent = max(time.monotonic() - self._began_s, 1e-3)
            self._print(
                f"{path.name}: {counted(self._frames, 'frame')} at {self._frames / spent:.1f}/s, "
                f"{counted(self._faces, 'face')}"
            )

    def people_now(self, count: int) -> None:
        """So many people are known."""
        self._people = count
        if count and not self._first_person:
            self._first_person = True
            # Without a frame they were there before.
            if self._looked and not self._live and not self._quiet:
                self._print("first person found")

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._print(text)

    def aside(self, text: str) -> None:
        """Something that is no problem."""
        if not self._quiet:
            self._print(text)

    def _status(self, media_s: float, now: float) -> tuple[str, float]:
        spent = max(now - self._began_s, 1e-3)
        rate = self._frames / spent
        people = counted(self._people, "person", "people")
        found = f"{rate:.1f} frames/s  {counted(self._faces, 'face')}  {people}"
        if not self._live:
            found += " so far"
        if self._info is None:
            return f"{self._photos_done}/{self._photos}  {found}", self._photos_done
        total = self._info.duration_s
        if not total:
            return f"{clock(media_s)}  {found}", 0.0
        done = max(media_s - (self._from_s or 0.0), 1e-3)
        left = ""
        if spent >= _ESTIMATE_AFTER_S:
            left = f"  {clock(max(total - media_s, 0.0) * spent / done)} left"
        return f"{clock(media_s)} / {clock(total)}  {found}{left}", media_s

    def _print(self, text: str) -> None:
        # Names of files, which may hold what moves the cursor, are in it.
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def stderr_console(stream: TextIO | None = None) -> Console:
    """A console on standard error, so that standard output holds results alone."""
    from rich.console import Console

    return Console(file=stream or sys.stderr)
