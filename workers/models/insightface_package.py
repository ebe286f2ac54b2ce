"""The manifest of InsightFace's packages: of version 2, it says what each of their files is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.errors import ManifestError, WeightsError
from workers.models.build import file_sha256
from workers.models.manifest_parts import Colour

FILE_NAME = "manifest.json"
_VERSION = 2
# As they name what the two are for.
_DETECTION, _RECOGNITION = "detection", "recognition"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A model of a package.

    Attributes:
        name: The file.
        mean: Is taken off each pixel, 0..255.
        scale: What is left is multiplied by it.
    """

    name: str
    mean: Colour
    scale: float


@dataclass(frozen=True, slots=True)
class InsightfacePackage:
    """What a package says of itself, as far as it is used here.

    Attributes:
        detector: Its detector.
        embedder: Its embedder.
        dimension: Length of the vectors.
    """

    detector: PackageFile
    embedder: PackageFile
    dimension: int


def package_content(folder: Path) -> dict[str, Any]:
    """What a manifest holds, of whatever version; empty where there is none: such a file may be anything."""
    try:
        content = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def is_package(folder: Path) -> bool:
    """Whether there is a manifest of this version."""
    return package_content(folder).get("manifest_version") == _VERSION


def read_package(folder: Path) -> InsightfacePackage:
    """Read a manifest as `insightface` does, and check its files by their checksums.

    Args:
        folder: The package.

    Raises:
        ManifestError: If the manifest is wrong, or names no detector or no embedder.
        WeightsError: If a file is missing, or not the one that the manifest tells of.
    """
    # Takes seconds, as it brings all of insightface along.
    from insightface.model_zoo.package_manifest import load_model_package

    path = folder / FILE_NAME
    try:
        tasks = load_model_package(folder).tasks
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise ManifestError(
            f"{path}: not a manifest that InsightFace reads: {error}. Get the package again.", path=path
        ) from error
    for task in (_DETECTION, _RECOGNITION):
        if task not in tasks:
            raise ManifestError(
                f"{path}: names no file for {task!r}, and a pack needs one that finds faces ({_DETECTION!r}) "
                f"and one that turns them into vectors ({_RECOGNITION!r}).",
                path=path,
            )
    detector, embedder = (_file(folder, tasks[task]) for task in (_DETECTION, _RECOGNITION))
    return InsightfacePackage(detector, embedder, int(tasks[_RECOGNITION].metadata["embedding_dimension"]))


def _file(folder: Path, task: Any) -> PackageFile:
    if Path(task.file).name != task.file:
        raise ManifestError(
            f"{folder / FILE_NAME}: {task.file} lies in a folder of its own. Put it beside the manifest, and "
            "change its name there.",
            path=folder / FILE_NAME,
        )
    path = folder / task.file
    if not path.is_file():
        raise WeightsError(f"{path}: missing, but {FILE_NAME} names it. Get the package again.", path=path)
    if task.sha256 is not None and file_sha256(path) != task.sha256:
        raise WeightsError(
            f"{path}: damaged or exchanged: it has not the checksum that {FILE_NAME} says. Get the package "
            "again.",
            path=path,
        )
    pixels = task.metadata["preprocessing"]
    if isinstance(pixels, str):
        # Embedded: the graph does it itself.
        return PackageFile(task.file, (0.0, 0.0, 0.0), 1.0)
    mean = float(pixels["mean"])
    return PackageFile(task.file, (mean, mean, mean), 1 / float(pixels["std"]))
