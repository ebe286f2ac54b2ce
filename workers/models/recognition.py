"""A pack without a manifest: what its files are shows in their graphs, and the rest is assumed."""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workers.errors import ManifestError
from workers.models.build import file_sha256
from workers.models.detector_parts import INPUT_PX, may_be_input_px
from workers.models.families import (
    DETECTORS,
    EMBEDDERS,
    FOUNDER_PX,
    LIMIT,
    MIRROR,
    THRESHOLDS,
    VIDEO_RISE,
    DetectorFamily,
    arcface_template,
    family_of,
    float16_loss_of,
)
from workers.models.insightface_package import FILE_NAME as PACKAGE_NAME
from workers.models.insightface_package import (
    InsightfacePackage,
    PackageFile,
    is_package,
    read_package,
)
from workers.models.manifest import FILE_NAME, Manifest
from workers.models.manifest_parts import Colour, Licence
from workers.models.manifest_problems import manifest_problems
from workers.models.model_file import file_in
from workers.models.onnx_graph import OnnxGraph, Shape, read_graph
from workers.models.pack_licence import licence_of

# Outputs of a detector by how many there are with each number of columns.
_DETECTORS: tuple[tuple[str, dict[int, int]], ...] = (
    ("scrfd", {1: 3, 4: 3, 10: 3}),
    ("scrfd", {1: 3, 4: 3}),
    ("scrfd", {1: 5, 4: 5, 10: 5}),
    ("scrfd", {1: 5, 4: 5}),
    ("yunet", {1: 6, 4: 3, 10: 3}),
    ("retinaface", {2: 1, 4: 1, 10: 1}),
)
# Shorter answers are attributes, longer ones landmarks of a mesh.
_VECTOR = range(64, 2049)
# Of inputs of this side there are detectors of landmarks.
_LANDMARK_PX = 192


@dataclass(frozen=True, slots=True)
class _Found:
    """One file that was recognised."""

    path: Path
    graph: OnnxGraph
    # What the package says that it is of.
    told: PackageFile | None = None

    @property
    def shape(self) -> Shape:
        return next(iter(self.graph.inputs.values()))

    @property
    def output(self) -> Shape:
        return next(iter(self.graph.outputs.values()))


def recognise(folder: Path) -> Manifest:
    """What a manifest would say of a folder with one ONNX detector and one ONNX embedder.

    Args:
        folder: The folder; its other ONNX files are passed over.

    Returns:
        A manifest; `assumed` says what was assumed.

    Raises:
        ManifestError: If there is not exactly one detector and one embedder.
        WeightsError: If a file is no ONNX model, or damaged.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        state = tuple(
            (path.name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
            for path, facts in ((path, path.stat()) for path in paths)
        )
    except OSError as error:
        raise ManifestError(f"{folder}: can't be read ({error.strerror}).", path=folder) from error
    return _recognised(folder, state)


@functools.lru_cache(maxsize=64)
def _recognised(folder: Path, state: tuple[tuple[str | int, ...], ...]) -> Manifest:
    """The same, once in a process while the files are what they are: hashes and graphs take their time.

    Args:
        folder: The folder.
        state: Name of each file first, and what changes when it does.
    """
    paths = [path for name, *_ in state if (path := folder / str(name)).suffix.lower() == ".onnx"]
    if not paths:
        raise ManifestError(
            f"{folder}: no {FILE_NAME} and no ONNX files. A model pack is a folder with a {FILE_NAME}, or "
            "with a detector and an embedder as ONNX files.",
            path=folder / FILE_NAME,
        )
    package = read_package(folder) if is_package(folder) else None
    if package is not None:
        # It has models for other tasks as well, which may look like these two.
        paths = [path for path in paths if path.name in (package.detector.name, package.embedder.name)]
    told = {} if package is None else {file.name: file for file in (package.detector, package.embedder)}
    found = [_Found(file_in(folder, p.name), read_graph(p), told.get(p.name)) for p in paths]
    detectors = [(one, kind) for one in found if (kind := detector_kind(one.graph))]
    embedders = [(one, kind) for one in found if (kind := embedder_kind(one.graph))]
    _check_one(folder, "detector", [one for one, _ in detectors], found)
    _check_one(folder, "embedder", [one for one, _ in embedders], found)
    (detector, detects), (embedder, embeds) = detectors[0], embedders[0]
    others = [one.path.name for one in found if one is not detector and one is not embedder]
    if package is not None:
        _check_package(folder, package, detector, embedder)
    return _manifest(folder, detector, detects, embedder, embeds, others)


def detector_kind(graph: OnnxGraph) -> str | None:
    """How the outputs of a graph are decoded: "scrfd", "retinaface" or "yunet"; None for no face detector."""
    if not _takes_pictures(graph):
        return None
    columns = Counter(shape[-1] if shape else None for shape in graph.outputs.values())
    return next((kind for kind, wanted in _DETECTORS if columns == wanted), None)


def embedder_kind(graph: OnnxGraph) -> str | None:
    """The family of an embedder: "arcface" or "sface"; None for what turns no aligned face into a vector."""
    if not _takes_pictures(graph) or len(graph.outputs) != 1:
        return None
    height, width = next(iter(graph.inputs.values()))[2:]
    (shape,) = graph.outputs.values()
    length = shape[-1] if len(shape) == 2 else None
    if height is None or height != width or height == _LANDMARK_PX or length not in _VECTOR:
        return None
    if height % 112 and height % 128:
        return None
    # Its names are those that MXNet gave it.
    is_sface = graph.normalises and length == 128 and set(graph.inputs) == {"data"}
    return "sface" if is_sface else "arcface"


def _takes_pictures(graph: OnnxGraph) -> bool:
    shapes = list(graph.inputs.values())
    return len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][1] in (3, None)


def _check_one(folder: Path, what: str, of_kind: list[_Found], found: list[_Found]) -> None:
    if len(of_kind) == 1:
        return
    mend = f"a {FILE_NAME} says what the files are"
    if of_kind:
        names = ", ".join(one.path.name for one in of_kind)
        raise ManifestError(
            f"{folder}: {len(of_kind)} files may be the {what}: {names}. Keep one of them there; or {mend}.",
            path=folder / FILE_NAME,
        )
    shapes = "; ".join(f"{one.path.name} ({one.graph})" for one in found)
    known = "SCRFD, RetinaFace, YuNet" if what == "detector" else "ArcFace, SFace and their like"
    raise ManifestError(
        f"{folder}: no {what} that is known by its inputs and outputs ({known}): {shapes}. "
        f"{mend.capitalize()}.",
        path=folder / FILE_NAME,
    )


def _check_package(folder: Path, package: InsightfacePackage, detector: _Found, embedder: _Found) -> None:
    """Refuse a package whose manifest and files tell of different models."""
    path = folder / PACKAGE_NAME
    if detector.path.name != package.detector.name:
        raise ManifestError(
            f"{path}: says that {package.detector.name} finds faces, and by their inputs and outputs that is "
            f"{detector.path.name}. Get the package again.",
            path=path,
        )
    dimension = embedder.output[1]
    if dimension != package.dimension:
        raise ManifestError(
            f"{path}: says that {embedder.path.name} gives vectors of {package.dimension} numbers, and it "
            f"gives {dimension}. Get the package again.",
            path=path,
        )


def _manifest(
    folder: Path, detector: _Found, detects: str, embedder: _Found, embeds: str, others: list[str]
) -> Manifest:
    sums = {one.path.name: file_sha256(one.path) for one in (detector, embedder)}
    sides = set(detector.shape[2:])
    # Of a file for pictures of any size it is said; one for others than squares is used as it is, and so is
    # one for squares that no manifest may ask for.
    side_px = detector.shape[2] if len(sides) == 1 else None
    input_px = INPUT_PX if None in sides else side_px if side_px and may_be_input_px(side_px) else None
    size_px, dimension = embedder.shape[2], embedder.output[1]
    assert size_px is not None
    licence, family = licence_of(folder, sums.values()), family_of(sums[embedder.path.name])
    content: dict[str, Any] = {
        "schema": 1,
        "name": re.sub(r"[^\w.-]", "-", folder.resolve().name)[:64] or "pack",
        "title": f"{DETECTORS[detects].title} + {EMBEDDERS[embeds]}",
        # Which embedding space it is, the file says: another file is another space.
        "model_id": f"{embeds}-{sums[embedder.path.name][:16]}",
        "licence": licence,
        "detector": {
            "file": detector.path.name,
            "input_px": input_px,
            "float16_loss": float16_loss_of(sums[detector.path.name]),
            **DETECTORS[detects].facts,
            **_pixels(detector, DETECTORS[detects].facts["mean"], DETECTORS[detects].facts["scale"]),
        },
        "embedder": {
            "file": embedder.path.name,
            "input_px": size_px,
            "dimension": dimension,
            "colours": "rgb",
            **_pixels(embedder, (127.5, 127.5, 127.5), 1 / 127.5),
            "mirror": MIRROR,
            "template": arcface_template(size_px),
            "float16_loss": float16_loss_of(sums[embedder.path.name]),
        },
        "calibration": {"family": family, "video_rise": VIDEO_RISE, "limit": LIMIT},
        "thresholds": THRESHOLDS,
        "quality": {"founder_px": FOUNDER_PX},
        "sha256": sums,
        "assumed": (
            _said_of_detector(detector, DETECTORS[detects]),
            _said_of_embedder(embedder, EMBEDDERS[embeds]),
            _said_of_likeness(embedder, family),
            *(f"{name}: neither detector nor embedder, passed over." for name in others),
            *_said_of_licence(folder, licence),
        ),
    }
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(manifest_problems(error, Manifest))
        raise ManifestError(f"{folder}: its files make no pack: {problems}", path=folder) from error


def _pixels(found: _Found, mean: Colour, scale: float) -> dict[str, Any]:
    """What is done to pixels before a graph gets them: nothing where it begins with that itself."""
    if found.told is not None:
        return {"mean": found.told.mean, "scale": found.told.scale}
    if found.graph.normalises:
        return {"mean": (0.0, 0.0, 0.0), "scale": 1.0}
    return {"mean": mean, "scale": scale}


def _said_of_detector(found: _Found, family: DetectorFamily) -> str:
    facts = family.facts
    sure = "" if family.measured else ", not measured here"
    scaled = ", 0..255, which it scales itself" if found.graph.normalises else ""
    if found.told is not None:
        scaled = f", scaled as {PACKAGE_NAME} says"
    return (
        f"{found.path.name}: taken for the detector {family.title}, by its {len(found.graph.outputs)} "
        f"outputs; pictures in {facts['colours'].upper()}{scaled}, faces from a score of "
        f"{facts['threshold']} on, sure ones from {facts['sure_score']} on{sure}."
    )


def _said_of_embedder(found: _Found, title: str) -> str:
    pixels = "0..255, which it scales itself" if found.graph.normalises else "(x - 127.5) / 127.5"
    if found.told is not None:
        pixels = f"scaled as {PACKAGE_NAME} says"
    return (
        f"{found.path.name}: taken for an embedder like {title}, by its input of {found.shape[2]} px and its "
        f"vectors of {found.output[1]} numbers; aligned like ArcFace, colours in RGB, {pixels}."
    )


def _said_of_likeness(found: _Found, family: str) -> str:
    if family == "mobilefacenet":
        return (
            f"{found.path.name}: known; what its similarities mean was measured ({THRESHOLDS.measured_on})."
        )
    return (
        f"{found.path.name}: what its similarities mean was not measured but is taken from a MobileFaceNet "
        f"({THRESHOLDS.measured_on}); `facestream calibrate` measures it."
    )


def _said_of_licence(folder: Path, licence: Licence) -> list[str]:
    if licence.commercial_use is not None:
        return []
    return [f"{folder.name}: the licence of its files is unknown; find out before you use them in business."]
