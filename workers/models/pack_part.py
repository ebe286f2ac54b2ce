"""Detectors and embedders one by one: which pack has the one that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workers.errors import ModelError, PackNotFoundError
from workers.models.catalogue import KnownPack, known_packs
from workers.models.manifest import Manifest
from workers.models.pack import built_in_packs, describe_pack, find_pack
from workers.models.pack_root import packs_in

DETECTORS = ("centerface", "haar", "mtcnn", "scrfd", "retinaface", "yunet")
"""Detectors that can be asked for."""
EMBEDDERS = ("dlib", "arcface", "sface", "facenet")
"""Families of embedders that can be asked for: the beginning of a pack's `model_id`, up to its first `-`."""

What = Literal["detector", "embedder"]


@dataclass(frozen=True, slots=True, eq=False)
class PackPart:
    """A pack that a part is taken from.

    Attributes:
        name: What finds it.
        folder: Where it lies.
        manifest: What it says of itself.
    """

    name: str
    folder: Path
    manifest: Manifest


def find_part(what: What, asked: str, other: str, roots: Sequence[Path] = ()) -> PackPart:
    """The pack that gives a part.

    Args:
        what: Which part.
        asked: One of `DETECTORS` or `EMBEDDERS`, or the name or folder of a pack.
        other: What is asked for as the other part: a pack that is named there comes first.
        roots: Folders of packs.

    Raises:
        PackNotFoundError: If no pack that is there has it, or several have different ones of that name.
        ManifestError: If a pack that is named has a wrong manifest.
        WeightsError: If a file of it is no ONNX model.
    """
    families = DETECTORS if what == "detector" else EMBEDDERS
    if asked not in families:
        folder = _folder(what, asked, families, roots)
        manifest = describe_pack(folder)
        here = (*built_in_packs(), *(name for root in roots for name in packs_in(root)))
        return PackPart(asked if asked in here else manifest.name, folder, manifest)
    wanted = "mtcnn" if asked == "haar" else asked
    found: dict[str, PackPart] = {}
    for source in _packs(other, roots):
        if _kind(what, source.manifest) == wanted:
            found.setdefault(_identity(what, source), source)
            # The pack that gives the other part comes first, then what is built in.
            if source.name == other or source.name in built_in_packs():
                return source
    if len(found) > 1:
        names = ", ".join(source.name for source in found.values())
        raise PackNotFoundError(
            f"several packs have a part {asked!r}, and not the same: {names}. Say which: --{what} NAME.",
            pack=asked,
        )
    if not found:
        raise PackNotFoundError(
            f"no model pack that is here has the {what} {asked!r}.", pack=asked, mend=_where_from(what, asked)
        )
    return next(iter(found.values()))


def embedder_family(manifest: Manifest) -> str:
    """What an embedder is asked for by: the beginning of its `model_id`."""
    return manifest.model_id.partition("-")[0]


def _folder(what: What, asked: str, families: Sequence[str], roots: Sequence[Path]) -> Path:
    try:
        return find_pack(asked, roots)
    except PackNotFoundError as error:
        if asked in known_packs():
            raise
        raise PackNotFoundError(
            f"no {what} {asked!r}: it is one of {', '.join(families)}, or the name or folder of a model pack "
            "that has it. `facestream models` lists those that there are.",
            pack=asked,
        ) from error


def _packs(first: str, roots: Sequence[Path]) -> Iterator[PackPart]:
    """Packs that are there and can be read, `first` before all others."""
    names = [*built_in_packs(), *(name for root in roots for name in packs_in(root))]
    firsts = [] if first in DETECTORS or first in EMBEDDERS else [first]
    for name in dict.fromkeys([*firsts, *names]):
        try:
            folder = find_pack(name, roots)
            manifest = describe_pack(folder)
        except ModelError:
            continue
        yield PackPart(name, folder, manifest)


def _kind(what: What, manifest: Manifest) -> str:
    return manifest.detector.decoding if what == "detector" else embedder_family(manifest)


def _identity(what: What, source: PackPart) -> str:
    """What two packs with the very same part have in common."""
    manifest = source.manifest
    if what == "embedder":
        return manifest.model_id
    sums = [manifest.sha256.get(file, str(source.folder)) for file in manifest.detector.file_names]
    return " ".join(sums)


def _where_from(what: What, asked: str) -> str:
    """How to get a pack that has a part: first what anybody may use."""
    known = [
        pack
        for pack in known_packs().values()
        if pack.pullable
        and any(
            word.casefold().startswith(asked)
            for word in (pack.detector if what == "detector" else pack.embedder).replace("-", " ").split()
        )
    ]
    free = [pack for pack in known if pack.licence.commercial_use]
    closed = [pack for pack in known if not pack.licence.commercial_use]
    ways = [_pulls(packs) for packs in (free, closed) if packs]
    if ways:
        return f"Get one: {'; for non-commercial use also: '.join(ways)}"
    made = f", for which see: facestream models show {asked}" if asked in known_packs() else ""
    return f"None can be pulled; add one of your own: facestream models add FOLDER{made}"


def _pulls(packs: Sequence[KnownPack]) -> str:
    """The command for the first of several packs, and the names of the others."""
    others = f" (or {', '.join(pack.name for pack in packs[1:])})" if packs[1:] else ""
    return f"{packs[0].pull_command}{others}"
