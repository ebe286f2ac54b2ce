"""The models folder: packs that were pulled or added, each whole or not there."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workers.errors import ModelError, WeightsError

_NAME = re.compile(r"[\w-][\w.-]{0,63}")
_PARTS = ".parts"


def is_pack_name(name: str) -> bool:
    """Whether a pack can have this name: 1 to 64 letters, digits, `_`, `-`, `.`, and no `.` in front."""
    return _NAME.fullmatch(name) is not None


class PackStore:
    """Packs in a folder, one folder each.

    Nothing is made before something is put in. A pack comes and goes by renaming its folder, so that who
    looks sees all of it or nothing of it, also after a power cut.

    Args:
        root: The folder.

    Attributes:
        root: The folder.
    """

    __slots__ = ("root",)

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        """Names of the packs that are there."""
        try:
            return sorted(path.name for path in self.root.iterdir() if self.has(path.name))
        except OSError:
            return []

    def has(self, name: str) -> bool:
        """Whether a pack is there."""
        return is_pack_name(name) and (self.root / name).is_dir()

    def folder(self, name: str) -> Path:
        """Where a pack lies, or would lie."""
        return self.root / name

    @property
    def parts_dir(self) -> Path:
        """Folder for what is being downloaded, on the file system of the packs."""
        return self.root / _PARTS

    @contextlib.contextmanager
    def incoming(self, name: str) -> Iterator[Path]:
        """An empty folder for a pack that is to come; afterwards it is the pack, unless something was raised.

        Args:
            name: Name of the pack; an older one of this name is replaced.

        Raises:
            WeightsError: If it can't be written, or another process is putting in the same pack.
        """
        with self._changing(name), _write_errors(self.root):
            outer = Path(tempfile.mkdtemp(prefix=f".new-{name}-", dir=self.root))
            try:
                # Called as the pack already: what is made of its files may name it.
                folder = outer / name
                folder.mkdir(mode=0o700)
                yield folder
                _settle(folder)
                self._put(folder, name)
            finally:
                shutil.rmtree(outer, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Delete a pack.

        Raises:
            WeightsError: If it can't be deleted, or another process is putting in the same pack.
        """
        with self._changing(name), _write_errors(self.root):
            self._put_away(name)

    def size_bytes(self, name: str) -> int:
        """Size of the files of a pack."""
        return sum(path.stat().st_size for path in self.folder(name).rglob("*") if path.is_file())

    def _put(self, folder: Path, name: str) -> None:
        try:
            folder.rename(self.folder(name))
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            self._put_away(name)
            folder.rename(self.folder(name))
        _sync_folder(self.root)

    def _put_away(self, name: str) -> None:
        gone = Path(tempfile.mkdtemp(prefix=f".old-{name}-", dir=self.root))
        self.folder(name).rename(gone / name)
        _sync_folder(self.root)
        shutil.rmtree(gone)

    @contextlib.contextmanager
    def _changing(self, name: str) -> Iterator[None]:
        """One process at a time changes a pack; what one left that was killed is cleared away."""
        with _write_errors(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.root / f".{name}.lock"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever had it may have deleted it before this process held it: then it locks nothing.
                _check_same(path, lock.fileno())
            except (BlockingIOError, FileNotFoundError) as error:
                raise WeightsError(
                    f"{self.folder(name)}: another process is changing this pack. Wait for it.",
                    path=self.folder(name),
                ) from error
            for left in (*self.root.glob(f".new-{name}-*"), *self.root.glob(f".old-{name}-*")):
                # Names may begin alike: what is behind the name has no `-`.
                if "-" not in left.name.removeprefix(f".new-{name}-").removeprefix(f".old-{name}-"):
                    shutil.rmtree(left, ignore_errors=True)
            try:
                yield
            finally:
                # While it is held, so that nobody else's is deleted.
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def _write_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except ModelError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WeightsError(
                f"{root}: the disk is full. Free some space, then run the same command again.", path=root
            ) from error
        path = Path(error.filename or root)
        if root in path.parents:
            path = root  # a folder in it may be gone by now
        elif path not in (root, *root.parents):
            raise WeightsError(f"{path}: can't be read ({error.strerror or error}).", path=path) from error
        raise WeightsError(
            f"{path}: can't be written ({error.strerror or error}). Make it writable, or "
            "choose another --data-dir.",
            path=root,
        ) from error


def _check_same(path: Path, descriptor: int) -> None:
    if not os.path.samestat(path.stat(), os.fstat(descriptor)):
        raise FileNotFoundError(path)


def _settle(folder: Path) -> None:
    """Have files reach the disk before the name does that says they are whole."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
