"""The data folder: where everything of one installation lies, and which layout it has."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from storage.errors import DataFolderError, SchemaMismatchError
from storage.private_file import written_beside

SCHEMA = 1
"""Layout of the folder that this program reads and writes."""

MAX_SOCKET_PATH_BYTES = 100
"""Longest socket path inside the folder; the kernel's limit is 107 on Linux and 103 on macOS."""

_SCHEMA_FILE = "facestream.json"
_PRIVATE_DIR = 0o700


def default_data_dir() -> Path:
    """Where data goes when nobody says otherwise.

    Returns:
        ``$XDG_DATA_HOME/facestream``, else ``~/.local/share/facestream``; on macOS
        ``~/Library/Application Support/facestream``. Nothing is created.
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "facestream"
    base = os.environ.get("XDG_DATA_HOME", "")
    # The XDG standard says that a relative path is to be ignored.
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share"
    return root / "facestream"


class DataFolder:
    """A folder that holds the embedded server's data and thumbnails.

    Creating the object creates the folder (mode 700) or checks that an existing one fits this program.

    Args:
        path: The folder; ``~`` is expanded.

    Attributes:
        path: The folder, absolute and without symbolic links, so that all ways to it share one server.
        redis_dir: The embedded server's files.
        thumbnails_dir: Pictures of faces.
        socket_path: The embedded server's socket. Inside the folder, or, where that path would be too long
            for a socket, in ``/tmp/facestream-<uid>/``.

    Raises:
        DataFolderError: The folder can't be created, read or written, or its ``facestream.json`` is damaged.
        SchemaMismatchError: Another version of facestream wrote it, with another layout.
    """

    __slots__ = ("path", "redis_dir", "socket_path", "thumbnails_dir")

    def __init__(self, path: Path | str) -> None:
        given = Path(path)
        with _folder_errors(given, "data folder"):
            self.path = given.expanduser().resolve()
            self.path.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
            _check_schema(self.path)
            self.redis_dir = self._subfolder("redis")
            self.thumbnails_dir = self._subfolder("thumbnails")
        self.socket_path = self._choose_socket_path()

    def __repr__(self) -> str:
        return f"DataFolder({str(self.path)!r})"

    def _subfolder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=_PRIVATE_DIR, exist_ok=True)
        # One that was copied here, from a backup or another disk, may have come with other rights.
        # Where the file system knows no rights, or the folder is somebody else's, it stays as it is.
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            with contextlib.suppress(PermissionError):
                folder.chmod(_PRIVATE_DIR)
        return folder

    def _choose_socket_path(self) -> Path:
        inside = self.redis_dir / "redis.sock"
        if len(os.fsencode(inside)) <= MAX_SOCKET_PATH_BYTES:
            return inside
        # Not $TMPDIR nor $XDG_RUNTIME_DIR: a second process with another environment has to come to the same
        # path.
        runtime = Path("/tmp") / f"facestream-{os.geteuid()}"  # noqa: S108 - checked to be ours right below
        short = runtime / hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        for folder in (runtime, short):
            with _folder_errors(folder, "folder for the server's socket"):
                _make_private(folder)
        return short / "redis.sock"


@contextlib.contextmanager
def _folder_errors(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise DataFolderError(f"The {what} {path} can't be used: {_reason(error)}", path=path) from error


def _reason(error: OSError | RuntimeError) -> str:
    if not isinstance(error, OSError):
        return f"{error}. Give an absolute path."
    place = error.filename or "it"
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"no permission for {place}. Choose another folder, or let this user write there."
        case errno.EROFS:
            return f"{place} lies on a read-only file system. Choose another folder."
        case errno.ENOTDIR | errno.EEXIST:
            return (
                f"{place} is or lies under a file, not a folder. Remove that file or choose another folder."
            )
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. Free some space, or choose a folder on another disk."
        case errno.ENAMETOOLONG:
            return "the path is too long. Choose a shorter one."
        case _:
            return f"{error}. Mend that or choose another folder."


def _check_schema(folder: Path) -> None:
    file = folder / _SCHEMA_FILE
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        with written_beside(file, json.dumps({"schema": SCHEMA}).encode() + b"\n") as beside:
            beside.replace(file)
        return
    try:
        content = json.loads(text)
        found = int(content["schema"])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise DataFolderError(
            f"{file} should hold the layout version of this data folder but can't be read ({error!r}). If "
            "the folder is "
            f'facestream\'s, write {{"schema": {SCHEMA}}} into the file; else choose another folder.',
            path=file,
        ) from error
    if found != SCHEMA:
        raise SchemaMismatchError(
            f"The data folder {folder} has layout {found}, and this facestream knows layout {SCHEMA}. Use "
            "the version of facestream that wrote it, or choose another folder.",
            path=folder,
            found=found,
            supported=SCHEMA,
        )


def _make_private(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=_PRIVATE_DIR)
    # /tmp is everybody's: somebody else may have put a link or a folder of theirs here first, to get at the
    # socket.
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise DataFolderError(
            f"{folder} should be a folder of this user for the server's socket, but it is somebody else's or "
            "no folder. Remove it, or choose a data folder with a shorter path.",
            path=folder,
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        folder.chmod(_PRIVATE_DIR)
