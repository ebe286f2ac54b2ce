"""Folders of this machine that files may be processed from by path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from facestream.errors import HandInError
from facestream.settings import expanded


def folders_of(written: str) -> tuple[Path, ...]:
    """Folders as the setting `serve.folders` has them, without links."""
    return tuple(expanded(part).resolve() for part in written.split(os.pathsep) if part.strip())


def allowed_file(written: str, folders: Sequence[Path]) -> Path:
    """The file that a path means.

    Args:
        written: The path: absolute, or as seen from one of the folders.
        folders: Where files may lie, without links.

    Returns:
        The path without links.

    Raises:
        HandInError: If it lies elsewhere ("forbidden"), which says nothing of whether there is such a file,
            or if it is no file ("missing").
    """
    for folder in folders:
        try:
            # An absolute path takes the place of the folder.
            path = (folder / written).resolve()
        except (OSError, ValueError, RuntimeError):
            continue
        if not path.is_relative_to(folder):
            continue
        if Path(written).is_absolute() or path.exists():
            if path.is_file():
                return path
            raise _missing(written)
    if folders and not Path(written).is_absolute() and ".." not in Path(written).parts:
        raise _missing(written)
    raise HandInError(
        "Files can be processed by path only from the folders that the setting serve.folders allows"
        + ("." if folders else ", and none is allowed. Upload the file instead."),
        kind="forbidden",
    )


def _missing(written: str) -> HandInError:
    return HandInError(f"There is no file {written[:200]!r}.", kind="missing")
