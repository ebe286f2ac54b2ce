"""Folders of this machine that files may be processed from by path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from facestream.configuration.settings import expanded
from facestream.errors import RefusedError
from stream.discover import discover


def folders_of(written: str) -> tuple[Path, ...]:
    """Folders as the setting `serve.folders` has them, without links."""
    return tuple(expanded(part).resolve() for part in written.split(os.pathsep) if part.strip())


def allowed_path(written: str, folders: Sequence[Path]) -> Path:
    """The file or folder that a path means.

    Args:
        written: The path: absolute, or as seen from one of the folders.
        folders: Where files may lie, without links.

    Returns:
        The path without links.

    Raises:
        RefusedError: If it lies elsewhere ("forbidden"), which says nothing of whether there is such a file,
            also of a folder with a link in it that leads elsewhere, or if there is none ("missing").
    """
    for folder in folders:
        try:
            # An absolute path takes the place of the folder.
            path = (folder / written).resolve()
        except (OSError, ValueError, RuntimeError):
            continue
        if not path.is_relative_to(folder):
            continue
        # Not pathlib's, which raise for a name that is too long.
        if Path(written).is_absolute() or os.path.exists(path):  # noqa: PTH110
            if os.path.isdir(path):  # noqa: PTH112
                _check_links(path, folder)
                return path
            if os.path.isfile(path):  # noqa: PTH113
                return path
            raise _missing(written)
    if folders and not Path(written).is_absolute() and ".." not in Path(written).parts:
        raise _missing(written)
    raise _forbidden(any_allowed=bool(folders))


def _check_links(path: Path, folder: Path) -> None:
    """Refuse a folder in which a file is found that lies outside."""
    found = discover([path])
    if any(not file.resolve().is_relative_to(folder) for file in (*found.videos, *found.photos)):
        raise _forbidden(any_allowed=True)


def _forbidden(*, any_allowed: bool) -> RefusedError:
    return RefusedError(
        "Files can be processed by path only from the folders that the setting serve.folders allows"
        + ("." if any_allowed else ", and none is allowed. Upload the file instead."),
        kind="forbidden",
    )


def _missing(written: str) -> RefusedError:
    return RefusedError(f"There is no file {written[:200]!r}.", kind="missing")
