"""Files that are uploaded: bounded, never half there, and each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import unicodedata
from collections.abc import Collection
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from facestream.errors import FacestreamError, RefusedError
from facestream.recorded.media_check import check_media
from storage.job_record import JOB_ID_PREFIX, new_job_id

_LONGEST_NAME_BYTES = 120
_PARTIAL = ".partial-"
# Of a file that has arrived and no job tells of yet.
_UNENTERED = ".unentered-"
_LEFT_OVER_S = 86400.0
# Of an upload that goes on, something comes more often.
_UNDER_WAY_S = 300.0
_DISK_EVERY_BYTES = 64 << 20
_FREE_BYTES = 1 << 30
"""So much of the disk is left to others."""
_AT_ONCE = 4


class Uploads:
    """The folder of uploaded files.

    Args:
        folder: Where they lie; made when it is needed.
        most_bytes: Largest file.
        at_once: So many may be under way at a time.
    """

    def __init__(self, folder: Path, most_bytes: int, at_once: int = _AT_ONCE) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._slots = threading.BoundedSemaphore(at_once)

    def begin(self, name: str, announced_bytes: int | None = None) -> Upload:
        """Begin to take a file in.

        Args:
            name: What its sender calls it.
            announced_bytes: How large it says that it will be.

        Raises:
            RefusedError: If there is no room for it ("too_large", "no_room", "busy").
        """
        if announced_bytes is not None:
            self.check_size(announced_bytes)
        if not self._slots.acquire(blocking=False):
            raise RefusedError("Other files are being uploaded. Try again when they are done.", kind="busy")
        try:
            self.make_folder()
            self.check_room(announced_bytes or 0)
            # Closed by the upload, which outlives this.
            file = NamedTemporaryFile(dir=self.folder, prefix=_PARTIAL, delete=False)  # noqa: SIM115
        except BaseException:
            self._slots.release()
            raise
        return Upload(self, file, Path(file.name), safe_name(name))

    def make_folder(self) -> None:
        """Make the folder, private to its user.

        Raises:
            OSError: If it can't be made.
        """
        # One after the other: a mode that is asked for is never that of the parents.
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def check_size(self, size_bytes: int) -> None:
        """Refuse what is too large.

        Raises:
            RefusedError: "too_large".
        """
        if size_bytes > self.most_bytes:
            raise RefusedError(
                f"The file is larger than {self.most_bytes / 1e9:g} GB, the most that may be uploaded "
                "(serve.upload_gb). Process it by path, or cut it.",
                kind="too_large",
            )

    def check_room(self, size_bytes: int) -> None:
        """Refuse what would fill the disk.

        Raises:
            RefusedError: "no_room".
        """
        if shutil.disk_usage(self.folder).free - size_bytes < _FREE_BYTES:
            raise RefusedError("There is no room on the server's disk for this file.", kind="no_room")

    def release(self) -> None:
        """An upload is over."""
        self._slots.release()

    def holds(self, path: Path) -> bool:
        """Whether a path is that of an uploaded file."""
        return path.parent.parent == self.folder and path.parent.name.startswith(JOB_ID_PREFIX)

    def remove(self, path: Path) -> None:
        """Delete an uploaded file; nothing happens if it is none, or is gone."""
        if self.holds(path):
            self._drop(path.parent.name)

    def clear(self, but: Collection[str] = ()) -> int:
        """Delete all uploaded files, whether or not a job still tells of them; returns how many.

        What was cut off on its way here goes as well.

        Args:
            but: Ids of jobs whose files stay.

        Raises:
            FacestreamError: If one can't be deleted.
        """
        files = 0
        try:
            for folder in self.folder.glob(f"{JOB_ID_PREFIX}*"):
                if folder.name in but or not folder.is_dir():
                    continue
                inside = len(list(folder.iterdir()))
                shutil.rmtree(folder)
                self.note_entered(folder.name)
                files += inside
        except FileNotFoundError:
            # Its job is being removed at this very moment.
            return files + self.clear(but)
        except OSError as error:
            raise FacestreamError(
                f"{error.filename or self.folder}: what was uploaded can't be deleted ({error.strerror}). "
                "Delete it, then run this command again."
            ) from error
        self.sweep(_UNDER_WAY_S)
        return files

    def sweep(self, older_than_s: float = _LEFT_OVER_S) -> None:
        """Delete what uploads left that were cut off, as by a power failure.

        Args:
            older_than_s: So long ago.
        """
        with contextlib.suppress(OSError):
            for path in self.folder.glob(f"{_PARTIAL}*"):
                if time.time() - path.stat().st_mtime > older_than_s:
                    path.unlink(missing_ok=True)

    def note_arrived(self, job_id: str) -> None:
        """A file takes its place; should its job never be entered, it is known to belong to nobody."""
        (self.folder / f"{_UNENTERED}{job_id}").touch(0o600)

    def note_entered(self, job_id: str) -> None:
        """The job of a file is entered, or the file is gone."""
        with contextlib.suppress(OSError):
            (self.folder / f"{_UNENTERED}{job_id}").unlink(missing_ok=True)

    def sweep_unentered(self, jobs: Collection[str]) -> None:
        """Delete files that arrived a day ago or earlier and whose jobs were never entered.

        Args:
            jobs: Ids of all jobs.
        """
        with contextlib.suppress(OSError):
            for mark in self.folder.glob(f"{_UNENTERED}{JOB_ID_PREFIX}*"):
                job_id = mark.name.removeprefix(_UNENTERED)
                if job_id in jobs:
                    self.note_entered(job_id)
                elif time.time() - mark.stat().st_mtime > _LEFT_OVER_S:
                    self._drop(job_id)

    def _drop(self, job_id: str) -> None:
        folder = self.folder / job_id
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            self.note_entered(job_id)


class Upload:
    """A file on its way in, to be closed, which leaves nothing of one that doesn't arrive as a whole.

    Attributes:
        name: What it is called, safe for a file name.
        job_id: Id for its job.
    """

    def __init__(self, uploads: Uploads, file: IO[bytes], partial: Path, name: str) -> None:
        self._uploads = uploads
        self._file = file
        self._partial = partial
        self._size_bytes = 0
        self._checked_bytes = 0
        self.name = name
        self.job_id = new_job_id()

    def write(self, part: bytes) -> None:
        """Take the next bytes in.

        Raises:
            RefusedError: If it is too large, or the disk full.
        """
        self._size_bytes += len(part)
        self._uploads.check_size(self._size_bytes)
        if self._size_bytes - self._checked_bytes >= _DISK_EVERY_BYTES:
            self._checked_bytes = self._size_bytes
            self._uploads.check_room(0)
        self._file.write(part)

    def finish(self) -> Path:
        """It has arrived: check what it is, and give it its place.

        Raises:
            RefusedError: If it is no video and no photo.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        folder = self._uploads.folder / self.job_id
        path = folder / self.name
        self._uploads.note_arrived(self.job_id)
        try:
            folder.mkdir(mode=0o700)
            # Under its name, which says what is tried first.
            self._partial.rename(path)
            check_media(path)
        except BaseException:
            self._uploads.remove(path)
            raise
        return path

    def close(self) -> None:
        """It is over: let go of what did not arrive as a whole."""
        try:
            # What was still to be written may not fit on the disk; it goes anyhow.
            with contextlib.suppress(OSError):
                self._file.close()
            self._partial.unlink(missing_ok=True)
        finally:
            self._uploads.release()


def safe_name(name: str) -> str:
    """A name for a file on any disk, as near as can be to the one that its sender gave.

    Folders, control characters, and what shells and pages take for more than a letter are left out; a name
    never begins with a dot.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isalnum() or c in " ._-()+," else "_" for c in unicodedata.normalize("NFC", last))
    kept = " ".join(kept.split()).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 8:
        stem, dot, ending = kept, "", ""
    room = _LONGEST_NAME_BYTES - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip()
    return f"{stem or 'upload'}{dot}{ending}"
