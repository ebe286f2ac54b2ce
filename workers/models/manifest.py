"""Manifests of model packs: what the files of a pack are and how they are used."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from workers.errors import ManifestError
from workers.models.detector_parts import DetectorPart
from workers.models.manifest_parts import (
    BuildStep,
    CalibrationPart,
    EmbedderPart,
    FileName,
    Licence,
    Part,
    QualityPart,
    Sha256,
    ThresholdPart,
)

FILE_NAME = "manifest.toml"


class Manifest(Part):
    """A model pack."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    # Lengths beside the patterns: a bound within one takes 30 to 70 ms to compile.
    name: Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=64)]
    title: str
    model_id: Annotated[str, Field(pattern=r"^[\w.:-]+$", max_length=128)]
    licence: Licence
    detector: DetectorPart
    embedder: EmbedderPart
    calibration: CalibrationPart
    thresholds: ThresholdPart | None = None
    """For size-compensated faces of photos; a pack without them can't suggest any."""
    quality: QualityPart
    assumed: tuple[str, ...] = ()
    """What nobody said of the files and was assumed, a sentence each."""
    sha256: dict[FileName, Sha256] = Field(default_factory=dict)
    """Checksums of files that lie in the pack."""
    build: tuple[BuildStep, ...] = ()

    @property
    def model_files(self) -> tuple[str, ...]:
        """Names of the ONNX files of the pack."""
        return (*self.detector.file_names, self.embedder.file)

    @model_validator(mode="after")
    def _accounts_for_files(self) -> Manifest:
        built = {step.file for step in self.build}
        unknown = [name for name in self.model_files if name not in self.sha256 and name not in built]
        if unknown:
            raise ValueError(f"no sha256 and no build step for {', '.join(unknown)}")
        return self


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a pack.

    Raises:
        ManifestError: If it is missing or wrong; names the field and what is wrong with it.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not UTF-8 text: {error}", path=path) from error
    except OSError as error:
        raise ManifestError(
            f"{path}: can't be read ({error.strerror}). A model pack is a folder with a {FILE_NAME}.",
            path=path,
        ) from error
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of too many digits, lists in lists in lists
        raise ManifestError(f"{path}: not valid TOML: {error}", path=path) from error
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise ManifestError(f"{path}: {'; '.join(_problems(error))}", path=path) from error


def _problems(error: ValidationError) -> Iterator[str]:
    """Each key that is wrong, and what is wrong with it."""
    for item in error.errors():
        place, message = [str(part) for part in item["loc"]], item["msg"]
        facts: dict[str, Any] = item.get("ctx", {})
        if item["type"] == "union_tag_not_found":
            place, message = [*place, "decoding"], "Field required"
        elif item["type"] == "union_tag_invalid":
            place, message = [*place, "decoding"], f"Input should be {facts['expected_tags']}"
        elif place[:1] == ["detector"]:
            # Between the section and the key stands which kind of detector it is.
            del place[1:2]
        yield f"{'.'.join(place) or 'manifest'}: {message}"
