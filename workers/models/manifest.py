"""Manifests of model packs: what the files of a pack are and how they are used."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from workers.errors import ManifestError
from workers.models.detector_parts import DetectorPart
from workers.models.manifest_parts import (
    ID_PATTERN,
    NAME_PATTERN,
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
from workers.models.manifest_problems import manifest_problems

FILE_NAME = "manifest.toml"


class Manifest(Part):
    """A model pack."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    # Lengths beside the patterns: a bound within one takes 30 to 70 ms to compile.
    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
    title: str
    model_id: Annotated[str, Field(pattern=ID_PATTERN, max_length=128)]
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

    @property
    def file_names(self) -> frozenset[str]:
        """Names of all files of the pack that it speaks of."""
        calibration = () if self.calibration.file is None else (self.calibration.file,)
        return frozenset((*self.model_files, *self.sha256, *calibration))

    @model_validator(mode="after")
    def _accounts_for_files(self) -> Manifest:
        built = {step.file for step in self.build}
        unknown = [name for name in self.model_files if name not in self.sha256 and name not in built]
        if unknown:
            raise ValueError(
                f"[sha256] has no checksum of {', '.join(unknown)}, and no [[build]] step writes it; "
                "`sha256sum FILE` prints one"
            )
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
        raise ManifestError(f"{path}: {'; '.join(manifest_problems(error, Manifest))}", path=path) from error
