"""Packs into the models folder: known ones pulled, one's own added."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from facestream.configuration.settings import model_cache
from facestream.errors import UsageError
from facestream.models.model_packs import ModelPack, checked, model_pack
from facestream.wiring import models_dir
from workers.errors import ManifestError, ModelError, WeightsError
from workers.models.build import file_sha256
from workers.models.catalogue import KnownPack, known_packs
from workers.models.download import PATIENCE, Patience
from workers.models.manifest import FILE_NAME, Manifest, read_manifest
from workers.models.manifest_parts import Licence
from workers.models.manifest_text import write_manifest
from workers.models.model_file import file_in
from workers.models.pack import built_in_packs, describe_pack
from workers.models.pack_archive import extract_pack
from workers.models.pack_copy import check_source, copy_pack
from workers.models.pack_pull import PackPull, Pulled
from workers.models.pack_store import PackStore, is_pack_name
from workers.models.pack_trial import try_pack

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What came into the models folder.

    Attributes:
        pack: The pack, as it is now.
        changed: False if it was there already, whole, and nothing was done.
        sources: Where its files came from: addresses without secrets, or paths.
        seen: Checksums that nobody publishes, as they were seen now, by the names of files.
        left_out: What was left out, as it is no part of a pack.
    """

    pack: ModelPack
    changed: bool
    sources: tuple[str, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


def pullable(name: str, data_dir: Path | None = None) -> tuple[ModelPack, KnownPack]:
    """A pack that can be pulled, as it is here and as the catalogue has it.

    Raises:
        NotFoundError: If there is none of this name.
        UsageError: If it can't be pulled.
    """
    pack = model_pack(name, data_dir)
    if pack.known is None:
        raise UsageError(
            f"{name!r} is {_where(pack)}, and facestream knows no address of it. Packs of your own are put "
            "in by: facestream models add FOLDER"
        )
    if not pack.known.pullable:
        raise UsageError(f"{name!r} can't be pulled. {' '.join(pack.known.by_hand.split())}")
    return pack, pack.known


def is_whole(pack: ModelPack) -> bool:
    """Whether a known pack is there, with all files as they should be."""
    if pack.problem or pack.manifest is None or pack.known is None:
        return False
    states = {file.name: file.is_good for file in checked(pack)}
    return all(states.get(file.name, False) for file in pack.known.files)


def pull(
    name: str,
    data_dir: Path | None = None,
    *,
    source: str | None = None,
    tell: Tell | None = None,
    patience: Patience = PATIENCE,
) -> Change:
    """Get a known pack into the models folder; nothing is done for one that is there and whole.

    Its licence has been shown, and accepted where that is needed.

    Args:
        name: Its name.
        data_dir: Data folder with the models folder; default: the setting `data_dir`, or the user's folder.
        source: A mirror instead of the catalogue's addresses: a URL, a zip file or a folder.
        tell: Is told how far it is: file, bytes done, bytes in all.
        patience: How long is waited for servers.

    Raises:
        NotFoundError: If there is none of this name.
        UsageError: If it can't be pulled.
        ModelError: If a file can't be had, is not the expected one, or can't be loaded; nothing of it is used
            then.
    """
    pack, known = pullable(name, data_dir)
    if is_whole(pack):
        return Change(pack, changed=False)
    store = PackStore(models_dir(data_dir))
    local = source is not None and "://" not in source
    with store.incoming(name) as folder, _named_after(source if source and local else name, folder):
        done = PackPull(known, store, source, tell=tell, patience=patience).into(folder)
        # What an archive says of itself counts less than what is known.
        (folder / FILE_NAME).unlink(missing_ok=True)
        manifest = _with_sums(folder, _as_known(describe_pack(folder), known, done))
        write_manifest(folder, manifest)
        try_pack(folder, model_cache())
    seen = tuple((file, manifest.sha256[file]) for file in done.unpublished)
    return Change(model_pack(name, data_dir), changed=True, sources=done.sources, seen=seen)


def add(source: Path, data_dir: Path | None = None, *, name: str | None = None) -> Change:
    """Copy a pack of one's own into the models folder.

    Args:
        source: A folder, or a zip file.
        data_dir: Data folder with the models folder; default: the setting `data_dir`, or the user's folder.
        name: What it is to be called; default: what its manifest says, or the name of the folder or zip file.

    Raises:
        UsageError: If the name can't be one, or is taken.
        ModelError: If it is no pack, files are not as its manifest says, or can't be loaded.
    """
    given = source.expanduser()
    check_source(given)
    called = name or _own_name(given)
    store = PackStore(models_dir(data_dir))
    _check_name(called, store, given)
    with store.incoming(called) as folder, _named_after(str(given), folder):
        left_out = copy_pack(given, folder)
        manifest = describe_pack(folder)
        # Its origin is not the folder that it is put together in.
        origin = manifest.licence.origin.replace(str(folder), str(given.resolve()))
        licence = manifest.licence.model_copy(update={"origin": origin})
        manifest = _with_sums(folder, manifest.model_copy(update={"name": called, "licence": licence}))
        write_manifest(folder, manifest)
        try_pack(folder, model_cache())
    return Change(model_pack(called, data_dir), changed=True, sources=(str(given),), left_out=tuple(left_out))


@contextlib.contextmanager
def _named_after(source: str, folder: Path) -> Iterator[None]:
    """Have errors name where files come from, and not the folder that is gone when they are read."""

    def renamed(text: str) -> str:
        # What is loaded is found by its whole path.
        return text.replace(str(folder.absolute()), source).replace(str(folder), source)

    try:
        yield
    except (ManifestError, WeightsError) as error:
        said = renamed(str(error)), renamed(str(error.path))
        if said == (str(error), str(error.path)):
            raise
        raise type(error)(said[0], path=Path(said[1])) from error
    except ModelError as error:
        # Others of them name no folder.
        if type(error) is not ModelError or renamed(str(error)) == str(error):
            raise
        raise ModelError(renamed(str(error))) from error


def _own_name(source: Path) -> str:
    """What a pack's manifest calls it; without one, the name of its folder or zip file."""
    if source.is_dir():
        return describe_pack(source).name if (source / FILE_NAME).is_file() else source.resolve().name
    with tempfile.TemporaryDirectory(prefix="facestream-") as texts:
        folder = Path(texts)
        extract_pack(source, folder, frozenset())
        with _named_after(str(source), folder):
            return read_manifest(folder).name if (folder / FILE_NAME).is_file() else source.resolve().stem


def _check_name(name: str, store: PackStore, source: Path) -> None:
    if not is_pack_name(name):
        raise UsageError(
            f"{name!r} can't be the name of a model pack: 1 to 64 letters, digits, _, - and dots, and no dot "
            "in front. Say --name."
        )
    if name in built_in_packs():
        raise UsageError(f"{name!r} is a built-in model pack. Choose another --name.")
    if name in known_packs() and known_packs()[name].pullable:
        accept = "" if known_packs()[name].licence.commercial_use else " --accept-license"
        raise UsageError(
            f"{name!r} is a model pack that facestream knows. Choose another --name; or put in that very "
            f"pack by: facestream models pull {name}{accept} --from {source}"
        )
    if store.has(name):
        raise UsageError(
            f"there is a model pack {name!r} already. Choose another --name, or first: facestream models "
            f"remove {name}"
        )


def _as_known(manifest: Manifest, known: KnownPack, done: Pulled) -> Manifest:
    today = datetime.now(UTC).date().isoformat()
    licence = Licence(
        spdx=known.licence.spdx,
        text=known.licence.text.strip(),
        commercial_use=known.licence.commercial_use,
        origin=f"{known.origin} Pulled on {today} from {', '.join(done.sources)}",
    )
    facts = {"name": known.name, "title": known.title, "licence": licence}
    return manifest.model_copy(update=facts)


def _with_sums(folder: Path, manifest: Manifest) -> Manifest:
    """The manifest with a checksum of every model; what it has already must be right."""
    sums = dict(manifest.sha256)
    built = {step.file for step in manifest.build}
    for name in manifest.model_files:
        if name in built:
            continue
        path = file_in(folder, name)
        found = file_sha256(path)
        if sums.setdefault(name, found) != found:
            raise WeightsError(
                f"{name}: damaged or exchanged, its sha256 is {found}, and not the manifest's {sums[name]}.",
                path=path,
            )
    return manifest.model_copy(update={"sha256": sums})


def _where(pack: ModelPack) -> str:
    return "a built-in model pack" if pack.state == "built-in" else f"a pack in {pack.folder}"
