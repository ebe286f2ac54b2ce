"""Model packs: which there are, what they are, and putting them into the models folder and out of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facestream.configuration.settings import model_cache
from facestream.errors import NotFoundError, UsageError
from facestream.wiring import find_parts, models_dir
from workers.errors import ModelError, PackNotFoundError
from workers.models.catalogue import KnownPack, known_packs
from workers.models.manifest import Manifest
from workers.models.pack import built_in_packs, describe_pack, find_pack, like_named
from workers.models.pack_check import CheckedFile, check_files, plain_problem
from workers.models.pack_root import insightface_root, pack_in, packs_in
from workers.models.pack_store import PackStore

PackState = Literal[
    "built-in", "ready", "InsightFace", "folder", "damaged", "not pulled", "by hand", "combined"
]
"""Built in; in the models folder; in InsightFace's root; elsewhere; unusable; to pull; to make; of two."""


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A pack that is there, or that facestream knows of.

    Attributes:
        name: What --models takes.
        state: Where it is.
        folder: Where it lies; None for one that isn't there.
        manifest: What it says of itself, also where its files are damaged; None for one that isn't there or
            whose manifest can't be read.
        known: What facestream knows of it; None for others.
        problem: Why it can't be used.
    """

    name: str
    state: PackState
    folder: Path | None = None
    manifest: Manifest | None = None
    known: KnownPack | None = None
    problem: str = ""


def model_packs(data_dir: Path | None = None) -> list[ModelPack]:
    """All packs: built-in ones, those that are there, and those that facestream knows of.

    Args:
        data_dir: Data folder with the models folder; default: the setting `data_dir`, or the user's folder.
    """
    here = [*built_in_packs(), *packs_in(models_dir(data_dir)), *packs_in(insightface_root())]
    names = dict.fromkeys([*here, *known_packs()])
    return [_model_pack(name, data_dir) for name in names]


def model_pack(name: str, data_dir: Path | None = None) -> ModelPack:
    """One pack, by its name or the path of its folder; or of two, as `DETECTOR+EMBEDDER`.

    Raises:
        NotFoundError: If there is none of this name, and facestream knows of none.
        ModelError: If no pack that is there has a part, or it can't be read.
    """
    # No pack's own name has it.
    if "+" in name:
        return ModelPack(name, "combined", None, find_parts(name, data_dir).manifest)
    pack = _model_pack(name, data_dir)
    if pack.folder is None and pack.known is None:
        with contextlib.suppress(PackNotFoundError):
            return _described(name, "folder", find_pack(name), None)
        hint = like_named(name, (each.name for each in model_packs(data_dir)))
        raise NotFoundError(f"there is no model pack {name!r}. {hint}", what=name)
    return pack


def checked(pack: ModelPack) -> list[CheckedFile]:
    """Hash all files of a pack that is there.

    Raises:
        NotFoundError: If it is not there.
        ModelError: If its manifest is wrong.
    """
    if pack.folder is None:
        raise NotFoundError(
            f"the model pack {pack.name!r} is not here: there is nothing to verify.", what=pack.name
        )
    manifest = pack.manifest or describe_pack(pack.folder)
    known = pack.known if pack.known and pack.known.pullable else None
    published = {file.name: file.sha256 for file in known.files if file.sha256} if known else {}
    return check_files(pack.folder, manifest, model_cache(), published)


def try_checked(pack: ModelPack, files: Sequence[CheckedFile]) -> bool:
    """Load a pack whose files were checked, and have its models answer once.

    Returns:
        False if nothing was loaded, as files are missing, are others, or are built on first use.

    Raises:
        ModelError: If it can't be used, though its files are the right ones.
    """
    if pack.folder is None or not all(file.state in ("ok", "no checksum", "built") for file in files):
        return False
    # Late: other commands load no model.
    from workers.models.pack_trial import try_pack

    try_pack(pack.folder, model_cache())
    return True


def mend(pack: ModelPack, data_dir: Path | None = None) -> str:
    """What to do about a pack whose files are missing or others than they should be."""
    if pack.known is not None and pack.known.pullable:
        return f"Get {pack.name} anew: {pack.known.pull_command}"
    if pack.folder is not None and pack.folder.parent == models_dir(data_dir):
        return (
            f"Put {pack.name} in anew: facestream models remove {pack.name}, then facestream models add "
            f"FOLDER --name {pack.name}"
        )
    return f"Put the right files into {pack.folder}, or correct the manifest.toml there."


def remove(pack: ModelPack, data_dir: Path | None = None) -> int:
    """Delete a pack from the models folder; returns how many bytes it had.

    Raises:
        UsageError: If it is not in the models folder.
        WeightsError: If it can't be deleted.
    """
    check_removable(pack, data_dir)
    store = PackStore(models_dir(data_dir))
    size_bytes = store.size_bytes(pack.name)
    store.remove(pack.name)
    return size_bytes


def check_removable(pack: ModelPack, data_dir: Path | None = None) -> None:
    """Refuse to remove what `pull` and `add` have not put there.

    Raises:
        UsageError: If the pack is not in the models folder.
    """
    if pack.state == "built-in":
        raise UsageError(f"{pack.name!r} is a built-in model pack, which can't be removed.")
    if not PackStore(models_dir(data_dir)).has(pack.name):
        where = f"it lies in {pack.folder}, and not" if pack.folder else "it is not"
        raise UsageError(f"{pack.name!r} can't be removed: {where} in {models_dir(data_dir)}.")


def users_of(pack: ModelPack, data_dir: Path | None = None) -> list[str]:
    """Names of the collections of a data folder that were made with a pack.

    Where the folder holds no server's data, none is started to be asked.
    """
    from facestream.collection.catalogue import collections

    folder = models_dir(data_dir).parent
    redis_dir = folder / "redis"
    if not redis_dir.is_dir() or not any(redis_dir.iterdir()):
        return []
    model_id = pack.manifest.model_id if pack.manifest else None
    return [
        info.name
        for info in collections(folder)
        if info.pack == pack.name or (model_id and info.model_id == model_id)
    ]


def _model_pack(name: str, data_dir: Path | None) -> ModelPack:
    known = known_packs().get(name)
    for state, folder in _places(name, data_dir):
        return _described(name, state, folder, known)
    return ModelPack(name, "not pulled" if known and known.pullable else "by hand", None, None, known)


def _described(name: str, state: PackState, folder: Path, known: KnownPack | None) -> ModelPack:
    sizes_bytes = {file.name: file.size_bytes for file in known.files if file.size_bytes} if known else {}
    manifest = None
    try:
        manifest = describe_pack(folder)
        problem = plain_problem(folder, manifest, sizes_bytes)
    except (ModelError, OSError) as error:
        problem = str(error)
    if problem is not None:
        return ModelPack(name, "damaged", folder, manifest, known, problem)
    return ModelPack(name, state, folder, manifest, known)


def _places(name: str, data_dir: Path | None) -> Iterator[tuple[PackState, Path]]:
    """Where a pack is, in the order of `find_pack`."""
    if name in built_in_packs():
        yield "built-in", find_pack(name)
        return
    roots: tuple[tuple[PackState, Path], ...] = (
        ("ready", models_dir(data_dir)),
        ("InsightFace", insightface_root()),
    )
    for state, root in roots:
        folder = pack_in(root, name)
        if folder is not None:
            yield state, folder
