"""Model packs, ready to run."""

from __future__ import annotations

import difflib
import logging
import os.path
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workers.errors import ManifestError, PackNotFoundError, WeightsError
from workers.models.build import built_folder, file_sha256
from workers.models.calibration import Calibration
from workers.models.catalogue import KnownPack, known_packs
from workers.models.detection import FaceDetector
from workers.models.detectors import make_detector
from workers.models.device import CPU, Device
from workers.models.embedder import FaceEmbedder, OnnxEmbedder
from workers.models.families import family_calibration
from workers.models.manifest import FILE_NAME, Manifest, read_manifest
from workers.models.model_file import check_onnx_file, file_in
from workers.models.pack_archive import pickles_in
from workers.models.pack_mend import get_again
from workers.models.pack_root import pack_in, packs_in

_log = logging.getLogger(__name__)

_BUILT_IN = Path(__file__).parent / "packs"


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A detector and an embedder that belong together.

    Attributes:
        manifest: What the pack says of itself.
        detector: Finds faces.
        embedder: Turns aligned faces into vectors.
        calibration: What similarities of its vectors mean.
        providers: Execution providers that really run, the preferred one first.
        device: What they run on.
    """

    manifest: Manifest
    detector: FaceDetector
    embedder: FaceEmbedder
    calibration: Calibration
    providers: tuple[str, ...]
    device: Device = CPU


def built_in_packs() -> tuple[str, ...]:
    """Names of the packs that are always there."""
    return tuple(sorted(path.parent.name for path in _BUILT_IN.glob(f"*/{FILE_NAME}")))


def find_pack(name: str, roots: Sequence[Path] = ()) -> Path:
    """The folder of a pack.

    Args:
        name: Name of a built-in pack or of one below `roots`, or path of a folder with models.
        roots: Folders of packs, which are looked through in this order.

    Raises:
        PackNotFoundError: If there is neither.
    """
    if name in built_in_packs():
        return _BUILT_IN / name
    for root in roots:
        found = pack_in(root, name)
        if found is not None:
            return found
    # Of os.path, because pathlib raises for a home of nobody and for a name that is too long.
    folder = Path(os.path.expanduser(name))  # noqa: PTH111
    if os.path.isdir(folder):  # noqa: PTH112
        return folder
    if name in known_packs():
        raise _not_here(known_packs()[name])
    cause, mend = _nothing(name, folder, roots)
    raise PackNotFoundError(cause, pack=name, mend=mend)


def like_named(name: str, names: Iterable[str]) -> str:
    """A sentence that says which pack was meant, or where to see which there are."""
    like = difflib.get_close_matches(name, list(names), 1)
    return f"Did you mean {like[0]!r}?" if like else "`facestream models` lists those that there are."


def _nothing(name: str, folder: Path, roots: Sequence[Path]) -> tuple[str, str]:
    """That there is no such pack, and what to do."""
    if os.path.exists(folder):  # noqa: PTH110
        return f"no model pack {name!r}: that is a file.", "Name the folder of the pack."
    if os.sep in name or name.startswith(("~", ".")):
        return f"no model pack {name!r}: there is no such folder.", "`facestream models` lists packs by name."
    here = [*built_in_packs(), *(known for root in roots for known in packs_in(root)), *known_packs()]
    places = "".join(f", nor in {root}" for root in roots)
    return (
        f"no model pack {name!r}: it is neither built in ({', '.join(built_in_packs())}){places}, nor a "
        "folder.",
        like_named(name, here),
    )


def _not_here(pack: KnownPack) -> PackNotFoundError:
    if pack.pullable:
        return PackNotFoundError(
            f"the model pack {pack.name!r} is not here yet.",
            pack=pack.name,
            mend=f"Get it: {pack.pull_command}",
        )
    return PackNotFoundError(
        f"the model pack {pack.name!r} is not here, and can't be pulled, only made by hand.",
        pack=pack.name,
        mend=f"How: facestream models show {pack.name}",
    )


def describe_pack(folder: Path) -> Manifest:
    """What a pack says of itself; of a folder without a manifest, what its files show.

    Args:
        folder: The pack.

    Raises:
        ManifestError: If the manifest is wrong, or there is none and the files can't be told apart.
        WeightsError: If there is no manifest, and a file is no ONNX model.
    """
    # Also one that can't be read: then that is what is wrong.
    if os.path.lexists(folder / FILE_NAME):
        return read_manifest(folder)
    # Late: it reads graphs, and what that takes is long to load.
    from workers.models.recognition import recognise

    return recognise(folder)


def load_calibration(folder: Path, manifest: Manifest) -> Calibration:
    """What similarities of a pack's vectors mean.

    Raises:
        ManifestError: If the calibration doesn't fit the embedder.
    """
    part, dimension = manifest.calibration, manifest.embedder.dimension
    if part.family is not None:
        calibration = family_calibration(part.family, dimension)
    elif part.file is not None:
        calibration = Calibration.load(file_in(folder, part.file, manifest.name))
    else:
        assert part.genuine is not None
        assert part.impostor is not None
        assert part.spread is not None
        calibration = Calibration.flat(dimension, part.genuine, part.impostor, part.spread)
    if calibration.mean.shape[1] != dimension:
        raise ManifestError(
            f"{folder / (part.file or FILE_NAME)}: the calibration is of vectors of "
            f"{calibration.mean.shape[1]} numbers, the embedder gives {dimension}.",
            path=folder / FILE_NAME,
        )
    return replace(calibration, video_rise=part.video_rise, limit=part.limit)


def load_pack(name: str, cache: Path, threads: int | None = None, device: Device = CPU) -> Pack:
    """Load a pack's models.

    Args:
        name: Name of a built-in pack, or path of a folder with models.
        cache: Folder for models that are built on first use.
        threads: Threads for one call of a model; default: all cores of this process.
        device: What the models run on.

    Raises:
        PackNotFoundError: If there is no such pack.
        ManifestError: If its manifest is wrong.
        WeightsError: If a file is missing or damaged.
        DeviceError: If a model doesn't run on the device.
        ModelError: If ONNX Runtime can't load a file.
    """
    folder = find_pack(name)
    manifest = describe_pack(folder)
    paths = model_paths(folder, manifest, cache)
    detector = make_detector(manifest.detector, paths, threads, device, cache)
    embedder = OnnxEmbedder(paths[manifest.embedder.file], manifest.embedder, threads, device, cache=cache)
    return Pack(manifest, detector, embedder, load_calibration(folder, manifest), embedder.providers, device)


def model_paths(folder: Path, manifest: Manifest, cache: Path) -> dict[str, Path]:
    """Where each model file of a pack lies, all checked; those that are built are built where need be.

    Args:
        folder: The pack.
        manifest: What it says of itself.
        cache: Folder for models that are built on first use.

    Raises:
        WeightsError: If a file is missing or damaged, has weights in another file, or could run a program.
    """
    for path in pickles_in(folder):
        if path.name in manifest.file_names:
            raise WeightsError(
                f"{path}: the manifest names it, and reading this format can run a program. Packs hold ONNX "
                "models; convert it.",
                path=path,
            )
        _log.warning(
            "%s: never read, as reading this format can run a program; take it away from there", path
        )
    for file, expected in manifest.sha256.items():
        path = file_in(folder, file, manifest.name)
        if file_sha256(path) != expected:
            raise WeightsError(
                f"{path}: damaged or exchanged, its sha256 is not the manifest's.",
                path=path,
                mend=get_again(path, manifest.name),
            )
    built = built_folder(manifest, cache) if manifest.build else folder
    places = {step.file: built for step in manifest.build}
    paths = {file: places.get(file, folder) / file for file in manifest.model_files}
    for file, path in paths.items():
        # What was built here is what it should be.
        if file not in places:
            check_onnx_file(path)
    return paths
