"""Packs put together from the detector of one pack and the embedder of another."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.errors import PackNotFoundError
from workers.models.detector_parts import HaarPart, MtcnnPart
from workers.models.detectors import make_detector
from workers.models.device import CPU, Device
from workers.models.embedder import OnnxEmbedder
from workers.models.manifest import Manifest
from workers.models.manifest_parts import UNKNOWN, Licence
from workers.models.pack import Pack, describe_pack, find_pack, load_calibration, model_paths
from workers.models.pack_part import PackPart, find_part

_TITLES = {
    "centerface": "CenterFace",
    "haar": "Haar cascade",
    "mtcnn": "MTCNN",
    "scrfd": "SCRFD",
    "retinaface": "RetinaFace",
    "yunet": "YuNet",
}
_JOIN = "+"
_HAAR_WEAKNESS = (
    "haar: a Haar cascade sees upright faces from the front; it misses most that are turned, tilted, small "
    "or half hidden, more than any other detector. Landmarks are those of MTCNN's last network."
)


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """A detector and an embedder, each out of a pack that is there; of a whole pack, both out of the same.

    Attributes:
        detects: The pack with the detector.
        embeds: The pack with the embedder.
        manifest: What the two are together. Vectors are those of the embedder, and so is `model_id`.
        address: What finds the same parts, whichever data folder is used.
    """

    detects: PackPart
    embeds: PackPart
    manifest: Manifest
    address: str


def combined_name(pack: str, detector: str | None, embedder: str | None) -> str:
    """The name of a pack with another detector, another embedder, or both.

    Args:
        pack: Name or folder of the pack that gives what isn't said.
        detector: One of `DETECTORS`, or a pack that has the detector.
        embedder: One of `EMBEDDERS`, or a pack that has the embedder.
    """
    if detector is None and embedder is None:
        return pack
    first, second = _split(pack) or (pack, pack)
    return f"{detector or first}{_JOIN}{embedder or second}"


def find_combination(name: str, roots: Sequence[Path] = ()) -> Combination:
    """The parts of a pack.

    Args:
        name: `DETECTOR+EMBEDDER`, each of `DETECTORS` or `EMBEDDERS`, or the name or folder of a pack that
            has it; else the name or folder of a whole pack.
        roots: Folders of packs.

    Raises:
        PackNotFoundError: If no pack that is there has a part, or several have different ones of that name.
        ManifestError: If a pack's manifest is wrong.
        WeightsError: If a file is no ONNX model.
    """
    halves = _split(name)
    if halves is None:
        folder = find_pack(name, roots)
        return _whole(PackPart(name, folder, describe_pack(folder)))
    first, second = halves
    if not (first and second):
        raise PackNotFoundError(
            f"{name!r}: a detector and an embedder are asked for as DETECTOR+EMBEDDER, such as scrfd+dlib.",
            pack=name,
        )
    detects = find_part("detector", first, second, roots)
    embeds = find_part("embedder", second, first, roots)
    if first == "haar":
        detects = _with_haar(detects)
    elif detects.folder == embeds.folder:
        return _whole(embeds)
    gives = "haar" if first == "haar" else detects.name
    found = "haar" if first == "haar" else str(detects.folder.resolve())
    manifest = _joined(gives, detects.manifest, embeds)
    return Combination(detects, embeds, manifest, f"{found}{_JOIN}{embeds.folder.resolve()}")


def load_combination(
    combination: Combination, cache: Path, threads: int | None = None, device: Device = CPU
) -> Pack:
    """Load the models of a combination.

    Args:
        combination: Which.
        cache: Folder for models that are built on first use.
        threads: Threads for one call of a model; default: all cores of this process.
        device: What the models run on.

    Raises:
        WeightsError: If a file is missing or damaged.
        DeviceError: If a model doesn't run on the device.
        ModelError: If ONNX Runtime can't load a file, or OpenCV has no cascade.
    """
    manifest, detects, embeds = combination.manifest, combination.detects, combination.embeds
    paths = model_paths(embeds.folder, embeds.manifest, cache)
    embedder = OnnxEmbedder(paths[manifest.embedder.file], manifest.embedder, threads, device, cache=cache)
    if detects.folder != embeds.folder:
        paths = model_paths(detects.folder, detects.manifest, cache)
    detector = make_detector(manifest.detector, paths, threads, device, cache)
    calibration = load_calibration(embeds.folder, manifest)
    return Pack(manifest, detector, embedder, calibration, embedder.providers, device)


def stricter(first: Licence, second: Licence) -> Licence:
    """The terms of what is put together from two parts: those of both, and the less permissive use."""
    uses = (first.commercial_use, second.commercial_use)
    spdx = text = None
    if all(licence.spdx not in (None, UNKNOWN) for licence in (first, second)):
        spdx = " AND ".join(dict.fromkeys([*_terms(first), *_terms(second)]))
        text = "\n".join(dict.fromkeys(licence.text.strip() for licence in (first, second) if licence.text))
    else:
        titles = dict.fromkeys([first.title, second.title])
        text = "\n".join(["; ".join(titles), *(each.text for each in (first, second) if each.text)])
    return Licence(
        spdx=spdx,
        text=text or None,
        commercial_use=False if False in uses else None if None in uses else True,
        origin=" ".join(dict.fromkeys([first.origin, second.origin])),
    )


def _terms(licence: Licence) -> list[str]:
    spdx = licence.spdx or ""
    return [f"({spdx})"] if " OR " in spdx else spdx.split(" AND ")


def _split(name: str) -> tuple[str, str] | None:
    """The two parts that a name asks for, or None where it is that of a whole pack."""
    # Of os.path, because pathlib raises for a home of nobody and for a name that is too long.
    if _JOIN not in name or os.path.isdir(os.path.expanduser(name)):  # noqa: PTH111, PTH112
        return None
    first, _, second = name.partition(_JOIN)
    return first, second


def _whole(pack: PackPart) -> Combination:
    return Combination(pack, pack, pack.manifest, str(pack.folder.resolve()))


def _with_haar(source: PackPart) -> PackPart:
    part = source.manifest.detector
    assert isinstance(part, MtcnnPart)
    haar = HaarPart(
        decoding="haar",
        cascade="haarcascade_frontalface_default.xml",
        pyramid_step=1.1,
        neighbours=3,
        files=part.files,
        thresholds=part.thresholds,
        sure_score=part.sure_score,
    )
    facts = {"detector": haar, "assumed": (*source.manifest.assumed, _HAAR_WEAKNESS)}
    return PackPart(source.name, source.folder, source.manifest.model_copy(update=facts))


def _joined(gives: str, one: Manifest, embeds: PackPart) -> Manifest:
    two = embeds.manifest
    # What is said of a file that is not used would mislead.
    left_out = (one.embedder.file, *two.detector.file_names)
    said_of = [
        sentence for sentence in (*one.assumed, *two.assumed) if sentence.partition(":")[0] not in left_out
    ]
    title = two.title.split(" + ")
    return two.model_copy(
        update={
            "name": f"{gives}{_JOIN}{embeds.name}",
            "title": f"{_TITLES[one.detector.decoding]} + {title[-1]}",
            "licence": stricter(one.licence, two.licence),
            "detector": one.detector,
            "assumed": tuple(dict.fromkeys(said_of)),
            "sha256": _used(one.sha256, one.detector.file_names) | _used(two.sha256, (two.embedder.file,)),
            "build": (),
        }
    )


def _used(sums: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: digest for name, digest in sums.items() if name in names}
