"""Model packs: which there are, what they are, and putting them into the models folder and out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facestream.errors import NotFoundError, UsageError
from facestream.settings import model_cache
from facestream.wiring import models_dir
from workers.errors import ModelError
from workers.models.catalogue import KnownPack, known_packs
from workers.models.manifest import Manifest
from workers.models.pack import built_in_packs, describe_pack, find_pack, like_named
from workers.models.pack_check import CheckedFile, check_files
from workers.models.pack_root import insightface_root, pack_in, packs_in
from workers.models.pack_store import PackStore

PackState = Literal["built-in", "ready", "InsightFace", "damaged", "not pulled", "by hand"]
"""Built in; in the models folder; in InsightFace's model root; there, but unusable; to pull; to make."""


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A pack that is there, or that facestream knows of.

    Attributes:
        name: What --models takes.
        state: Where it is.
        folder: Where it lies; None for one that isn't there.
        manifest: What it says of itself; None for one that isn't there or is damaged.
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
        data_dir: Data folder with the models folder; default: FACESTREAM_DATA_DIR or the user's data folder.
    """
    here = [*built_in_packs(), *packs_in(models_dir(data_dir)), *packs_in(insightface_root())]
    names = dict.fromkeys([*here, *known_packs()])
    return [_model_pack(name, data_dir) for name in names]


def model_pack(name: str, data_dir: Path | None = None) -> ModelPack:
    """One pack, by its name.

    Raises:
        NotFoundError: If there is none of this name, and facestream knows of none.
    """
    pack = _model_pack(name, data_dir)
    if pack.folder is None and pack.known is None:
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
    from facestream.catalogue import collections
    from storage.datafolder import default_data_dir

    redis_dir = (data_dir or default_data_dir()) / "redis"
    if not redis_dir.is_dir() or not any(redis_dir.iterdir()):
        return []
    model_id = pack.manifest.model_id if pack.manifest else None
    return [
        info.name
        for info in collections(data_dir or default_data_dir())
        if info.pack == pack.name or (model_id and info.model_id == model_id)
    ]


def _model_pack(name: str, data_dir: Path | None) -> ModelPack:
    known = known_packs().get(name)
    for state, folder in _places(name, data_dir):
        try:
            return ModelPack(name, state, folder, describe_pack(folder), known)
        except ModelError as error:
            return ModelPack(name, "damaged", folder, None, known, str(error))
    return ModelPack(name, "not pulled" if known and known.pullable else "by hand", None, None, known)


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
