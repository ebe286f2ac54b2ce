"""Whether a file is still the one that it was."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

from stream.errors import SourceChangedError, StreamError
from stream.fingerprint import fingerprint

# A file that grows is written to all the time, and to compare what was there takes some milliseconds.
_COMPARE_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it is at a moment.

    Attributes:
        place: Which file of which disk it is.
        size: Its bytes.
        changed_ns: When it was last written to.
    """

    place: tuple[int, int]
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """As it is now; None where there is none."""
        try:
            status = path.stat()
        except OSError:
            return None
        return cls((status.st_dev, status.st_ino), status.st_size, status.st_mtime_ns)


class FileGuard:
    """Tells whether a file is cut off or written over while it is read.

    Who moves another file to its place has not touched it, and who adds something has left it as it was.

    Args:
        path: The file, before anything of it is read.
        content: How its `fingerprint` begins; without it, only that it is cut off is told.
        before: As it was before its fingerprint was taken; None: as it is now.
    """

    def __init__(self, path: Path, content: str = "", before: FileState | None = None) -> None:
        self._path = path
        self._content = content
        now = FileState.of(path)
        same = before is not None and now is not None and before.place == now.place
        self._begun = before if same else now
        # Where that is not the file as it is, its content is compared with the first look.
        self._looked_at = before or now
        self._compared_s = -math.inf

    @property
    def growth(self) -> tuple[int, int] | None:
        """Its bytes at the beginning and now, where it has grown; None otherwise."""
        now = self._now()
        return (
            None
            if now is None or self._begun is None or now.size <= self._begun.size
            else (
                self._begun.size,
                now.size,
            )
        )

    def check(self, *, at_end: bool = False) -> None:
        """Make sure that what was read of it until now is what it was: microseconds while nobody writes.

        Args:
            at_end: Whether nothing more is read: what was put off is looked at.

        Raises:
            SourceChangedError: If it was cut off or written over.
        """
        now = self._now()
        if now is None or self._begun is None or now == self._looked_at:
            return
        if now.size < self._begun.size:
            raise self._changed(f"it had {self._begun.size:,} bytes, and has {now.size:,}")
        if not at_end and time.monotonic() - self._compared_s < _COMPARE_EVERY_S:
            return
        if self._is_other():
            raise self._changed("it was written over")
        self._looked_at, self._compared_s = now, time.monotonic()

    def _now(self) -> FileState | None:
        """The file as it is now; None where it is another one by now."""
        now = FileState.of(self._path)
        return now if now is not None and self._begun is not None and now.place == self._begun.place else None

    def _is_other(self) -> bool:
        if not self._content or self._begun is None:
            return False
        try:
            return not fingerprint(self._path, self._begun.size).startswith(self._content)
        except StreamError:
            return True

    def _changed(self, how: str) -> SourceChangedError:
        return SourceChangedError(
            f"{str(self._path)!r} has changed while it was looked at: {how}. What was found before stays; "
            "run it again when it is whole",
            str(self._path),
        )
