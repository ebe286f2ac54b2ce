"""Whether a file is still the one that it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream.errors import SourceChangedError, StreamError
from stream.fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when somebody began to read it.

    Attributes:
        path: The file.
        place: Which file of the disk it was.
        size: Its bytes.
        changed_ns: When it was last written to.
        content: How its `fingerprint` begins, or "" where nobody knows.
    """

    path: Path
    place: int
    size: int
    changed_ns: int
    content: str = ""

    @classmethod
    def of(cls, path: Path, content: str = "") -> FileState | None:
        """As it is now; None where there is none."""
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(path, status.st_ino, status.st_size, status.st_mtime_ns, content)

    def grown_to(self) -> int | None:
        """Its bytes now, where it has grown since; who moved another file to its place has not touched it."""
        now = FileState.of(self.path)
        return now.size if now is not None and now.place == self.place and now.size > self.size else None

    def check(self) -> None:
        """Make sure that what was read of it is what it was.

        Raises:
            SourceChangedError: If it was cut off or written over. That something was added is no reason.
        """
        now = FileState.of(self.path)
        if now is None or now.place != self.place:
            return
        if now.size < self.size:
            how = f"it had {self.size:,} bytes, and has {now.size:,}"
        elif now.changed_ns != self.changed_ns and self._is_other():
            how = "it was written over"
        else:
            return
        raise SourceChangedError(
            f"{str(self.path)!r} has changed while it was looked at: {how}. What was found before stays; run "
            "it again when it is whole",
            str(self.path),
        )

    def _is_other(self) -> bool:
        if not self.content:
            return False
        try:
            return not fingerprint(self.path, self.size).startswith(self.content)
        except StreamError:
            return True
