"""Model packs in zip files: only what belongs into a pack is written, and only into the pack's folder."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from workers.errors import ArchiveError

MODEL_ENDING = ".onnx"
_TEXTS = frozenset({".toml", ".json", ".md", ".txt", ".license"})
_BARE_TEXTS = frozenset({"license", "licence", "notice", "readme", "copying"})
# The calibration of a pack, which is read without unpickling.
_ARRAYS = ".npz"
# Formats whose reading can run a program. None of them belongs into a pack.
_PICKLES = frozenset({".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib", ".npy", ".dill"})

_MOST_FILES = 1000
_MOST_MODEL_BYTES = 4 << 30
_MOST_TEXT_BYTES = 8 << 20
_MOST_BYTES_IN_ALL = 4 << 30
_CHUNK_BYTES = 1 << 20
# Others have errors and memory needs of their own, and nobody packs models with them.
_COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def belongs(name: str) -> bool:
    """Whether a file of this name is of a pack: a model, a text, a calibration."""
    path = PurePosixPath(name.lower())
    bare = path.suffix == "" and path.name in _BARE_TEXTS
    return bare or path.suffix in _TEXTS or path.suffix in (MODEL_ENDING, _ARRAYS)


def may_run_programs(name: str) -> bool:
    """Whether reading a file of this name could run a program: pickles of any kind."""
    return PurePosixPath(name.lower()).suffix in _PICKLES


def pickles_in(folder: Path) -> list[Path]:
    """Files of a folder whose reading could run a program; none where it can't be listed."""
    try:
        return sorted(path for path in folder.iterdir() if may_run_programs(path.name) and path.is_file())
    except OSError:
        return []


def most_bytes(name: str) -> int:
    """Largest size that a file of this name may have in a pack."""
    return _MOST_MODEL_BYTES if name.lower().endswith(MODEL_ENDING) else _MOST_TEXT_BYTES


def extract_pack(archive: Path, folder: Path, only: frozenset[str] | None = None) -> list[str]:
    """Write the files of a pack into a folder.

    The files may lie in one folder inside the zip file. Others than those of a pack are left out.

    Args:
        archive: The zip file.
        folder: An empty folder; what is there when this fails is not to be used.
        only: Names of the models that are wanted; None for all.

    Returns:
        Names of files that were left out.

    Raises:
        ArchiveError: If it can't be read, is no zip file, is damaged, or holds paths that lead out of it,
            links, pickles, two files of one name, or more than a pack can have.
        OSError: If a file can't be written, or there is not enough space for all of them.
    """
    with _read_errors(archive):
        opened = zipfile.ZipFile(archive)
    with opened:
        wanted, left_out = _sorted_out(archive, opened.infolist(), only)
        _check_total(archive, sum(info.file_size for info in wanted), folder)
        for info in wanted:
            _write(archive, opened, info, folder / PurePosixPath(info.filename).name)
        return left_out


@contextlib.contextmanager
def _read_errors(archive: Path) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ArchiveError(
            f"{archive}: not a zip file, or a damaged one ({error}). Get it anew.", path=archive
        ) from error


def _check_total(archive: Path, size_bytes: int, folder: Path) -> None:
    if size_bytes > _MOST_BYTES_IN_ALL:
        raise ArchiveError(
            f"{archive}: its files would have {size_bytes:,} bytes together, too many for a pack.",
            path=archive,
        )
    if size_bytes > shutil.disk_usage(folder).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _sorted_out(
    archive: Path, infos: list[zipfile.ZipInfo], only: frozenset[str] | None
) -> tuple[list[zipfile.ZipInfo], list[str]]:
    if len(infos) > _MOST_FILES:
        raise ArchiveError(f"{archive}: holds {len(infos):,} files, too many for a pack.", path=archive)
    wanted: list[zipfile.ZipInfo] = []
    left_out: list[str] = []
    for info in infos:
        _check_entry(archive, info)
        if info.is_dir():
            continue
        name = PurePosixPath(info.filename).name
        model = name.lower().endswith(MODEL_ENDING)
        if name.startswith(".") or not belongs(name) or (model and only is not None and name not in only):
            left_out.append(info.filename)
        else:
            wanted.append(info)
    folders = {PurePosixPath(info.filename).parent for info in wanted}
    names = [PurePosixPath(info.filename).name.lower() for info in wanted]
    if len(folders) > 1 or len(set(names)) < len(names):
        raise ArchiveError(
            f"{archive}: its models lie in several folders, or two files have one name. A pack is "
            "one folder.",
            path=archive,
        )
    return wanted, left_out


def _check_entry(archive: Path, info: zipfile.ZipInfo) -> None:
    # `orig_filename`, since zipfile has mended the other one.
    path = PurePosixPath(info.orig_filename)
    odd = "\\" in info.orig_filename or "\0" in info.orig_filename or ":" in info.orig_filename
    if odd or path.is_absolute() or ".." in path.parts:
        raise ArchiveError(
            f"{archive}: holds {info.orig_filename!r}, a path that leads out of the pack's folder. Nothing "
            "was taken from it: don't trust where it comes from.",
            path=archive,
        )
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(
            f"{archive}: holds {info.filename!r}, a link or a device. A pack has plain files alone.",
            path=archive,
        )
    if may_run_programs(info.filename):
        raise ArchiveError(
            f"{archive}: holds {info.filename!r}, a format whose reading can run a program. Packs hold ONNX "
            "models; convert it first.",
            path=archive,
        )
    if info.flag_bits & 1:
        raise ArchiveError(f"{archive}: {info.filename!r} is encrypted.", path=archive)
    if info.compress_type not in _COMPRESSIONS:
        raise ArchiveError(
            f"{archive}: {info.filename!r} is compressed in an unusual way. Pack it again with deflate.",
            path=archive,
        )
    if belongs(info.filename) and info.file_size > most_bytes(info.filename):
        raise ArchiveError(
            f"{archive}: {info.filename!r} would have {info.file_size:,} bytes, too many for a pack.",
            path=archive,
        )


def _write(archive: Path, opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    written = 0
    with target.open("xb") as file:
        for chunk in _chunks(archive, opened, info):
            written += len(chunk)
            # What the file says of its size need not be true.
            if written > info.file_size:
                raise ArchiveError(f"{archive}: {info.filename!r} is larger than it says.", path=archive)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _chunks(archive: Path, opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with _read_errors(archive), opened.open(info) as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
