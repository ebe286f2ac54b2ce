"""The packs that facestream knows of: what they are, their licences, where their files come from."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_FILE = Path(__file__).parent / "packs" / "catalogue.toml"

_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
_Url = Annotated[str, Field(pattern=r"^https://[\w.-]+/\S+$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Terms(_Part):
    """Under which terms a pack's weights may be used."""

    spdx: str
    """An SPDX expression, or LicenseRef-... where there is none for it."""
    commercial_use: bool
    text: str
    """What a person should know before using it."""


class SourceFile(_Part):
    """A file of a pack.

    `urls` is empty for files that come out of the pack's archive.
    """

    name: _FileName
    urls: tuple[_Url, ...] = ()
    """Where it is, the first choice first."""
    size_bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: _Sha256 | None = None
    """None where no checksum is published; the one that is seen at the pull is kept."""


class MadeEmbedder(_Part):
    """The embedder of a pack that is made by hand, as its manifest has to describe it."""

    model_id: str
    file: _FileName
    """What its export is to be called."""
    input_px: int
    colours: Literal["rgb", "bgr"]
    mean: float
    scale: float
    template: tuple[tuple[float, float], ...] | None = None
    """Where the five landmarks lie in the input, px; None for those of ArcFace."""
    assumed: tuple[str, ...] = ()
    """What nobody said of it and was assumed, a sentence each."""


class KnownPack(_Part):
    """A pack that facestream knows of."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=64)]
    title: str
    detector: str
    embedder: str
    dimension: Annotated[int, Field(ge=2)]
    licence: Terms
    origin: str
    """Where the weights come from."""
    homepage: _Url
    archive: SourceFile | None = None
    """A zip file that holds all files."""
    files: tuple[SourceFile, ...] = ()
    by_hand: str = ""
    """How to get it where facestream can't pull it."""
    made: MadeEmbedder | None = None
    """Of one that is made by hand, what an example of a manifest is made of."""

    @property
    def pullable(self) -> bool:
        """Whether `facestream models pull` can get it."""
        return not self.by_hand

    @property
    def pull_command(self) -> str:
        """The command that gets a pack that can be pulled, and gets it again where it is damaged."""
        accept = "" if self.licence.commercial_use else " --accept-license"
        return f"facestream models pull {self.name}{accept}"

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """What is downloaded."""
        return (self.archive,) if self.archive is not None else self.files

    @property
    def size_bytes(self) -> int | None:
        """Bytes of the download, None where they are not known."""
        sizes = [source.size_bytes for source in self.sources]
        return None if None in sizes or not sizes else sum(size or 0 for size in sizes)

    @model_validator(mode="after")
    def _can_be_had(self) -> KnownPack:
        if self.pullable and not (self.files and all(source.urls for source in self.sources)):
            raise ValueError(
                f"{self.name}: no files, no address of one, and nothing on how to get them by hand"
            )
        return self


@cache
def known_packs() -> dict[str, KnownPack]:
    """Packs that facestream knows of, by their names, in the order of the catalogue."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    packs = [KnownPack.model_validate(entry) for entry in table["pack"]]
    return {pack.name: pack for pack in packs}
