"""What is there of a file that is being downloaded, and of which version of the file it is."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from workers.errors import DownloadError
from workers.models.web_address import shown_url


class PartFile:
    """The first bytes of a file, with a note beside it that says of which version they are.

    Args:
        path: Where it is, or will be.
        url: Where the file comes from.

    Attributes:
        path: Where it is.
        shown: Where the file comes from, without secrets.
    """

    __slots__ = ("_key", "_lock", "_note", "path", "shown")

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self._note = path.with_name(f"{path.name}.json")
        self._lock = path.with_name(f"{path.name}.lock")
        self.shown = shown_url(url)
        # Addresses may hold secrets, which are not for files.
        self._key = hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def size_bytes(self) -> int:
        """How much is there."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def validator(self) -> str | None:
        """What tells this version of the file from others (for If-Range); None if nothing does."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            validator = note["validator"] if note["url"] == self._key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return validator if isinstance(validator, str) else None

    def begin(self, validator: str | None) -> None:
        """Begin anew, with a version that `validator` tells from others."""
        # First the bytes of another version go, then the note says of which one those are that come.
        with self.path.open("wb"):
            pass
        self._note.write_text(json.dumps({"url": self._key, "validator": validator}), encoding="utf-8")

    def discard(self) -> None:
        """Delete what is there, and the note."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete what is there and all that belongs to it."""
        for path in (self.path, self._note, self._lock):
            path.unlink(missing_ok=True)

    def sha256(self) -> str:
        """Checksum of what is there, hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing it.

        Raises:
            DownloadError: If one does.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DownloadError(
                    f"{self.shown}: is being downloaded by another process. Wait for it.", url=self.shown
                ) from error
            yield
