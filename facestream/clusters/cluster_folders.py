"""A folder for each cluster, with copies of its photos, or with the faces of its tracks."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.errors import FacestreamError, UsageError
from facestream.quality.evaluation import NOBODY

if TYPE_CHECKING:
    from facestream.clusters.clustering import Clusters


def check_folder(folder: Path) -> None:
    """Refuse a folder that can't be made, or holds something.

    Raises:
        UsageError: If there is something already.
        FacestreamError: If it can't be made there.
    """
    try:
        folder = folder.resolve()
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: is a file. Choose another folder.")
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"{folder}: is not empty. Choose a new folder, or an empty one.")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name[:100]}."):
            pass
    except (OSError, RuntimeError) as error:
        raise _unwritable(folder, error) from error


def write_folders(folder: Path, clusters: Clusters) -> int:
    """Write a folder for each cluster, called 1, 2, ... as in the labels, and `nobody`.

    A photo is copied into the folder of every cluster that one of its faces is in. The whole appears at once,
    private to its user, or not at all.

    Args:
        folder: New or empty.
        clusters: The clusters.

    Returns:
        How many files were written. A track without a picture has none.

    Raises:
        FacestreamError: If it can't be written.
    """
    folder = folder.resolve()
    try:
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:100]}."))
        try:
            written = _fill(part, clusters)
            # Takes the place of an empty folder, but not of one that was filled meanwhile.
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return written


def _fill(folder: Path, clusters: Clusters) -> int:
    placed: set[tuple[int, str]] = set()
    names: set[tuple[int, str]] = set()
    for item, label in enumerate(clusters.labels.tolist()):
        face = clusters.faces.faces[item][0]
        picture = clusters.faces.pictures[item]
        photo = Path(face.source) if clusters.kind == "photos" else None
        if (photo is None and picture is None) or (photo and (label, face.source) in placed):
            continue
        home = folder / (str(label + 1) if label >= 0 else NOBODY)
        home.mkdir(mode=0o700, exist_ok=True)
        wanted = Path(photo.name if photo else re.sub(r"[^\w.-]", "_", face.track) + ".jpg")
        target = home / _free_name(wanted, label, names)
        if photo:
            placed.add((label, face.source))
            shutil.copy2(photo, target)
        elif picture is not None:
            target.write_bytes(picture)
        # Whatever the photo's own mode says.
        target.chmod(0o600)
    return len(names)


def _free_name(wanted: Path, label: int, names: set[tuple[int, str]]) -> str:
    """The name, with a number where another file of the cluster has it; on some disks case doesn't count."""
    name, number = wanted.name, 1
    while (label, name.casefold()) in names:
        number += 1
        name = f"{wanted.stem}-{number}{wanted.suffix}"
    names.add((label, name.casefold()))
    return name


def _unwritable(folder: Path, error: OSError | RuntimeError) -> FacestreamError:
    reason = error.strerror if isinstance(error, OSError) else "the link leads back to itself"
    about = error.filename if isinstance(error, OSError) and isinstance(error.filename, str) else ""
    where = f": {about}" if about and Path(about).parent != folder.parent else ""
    return FacestreamError(f"{folder}: can't be written ({reason}{where}). Choose another folder.")
