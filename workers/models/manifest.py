"""Manifests of model packs: what the files of a pack are and how they are used."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workers.errors import ManifestError

FILE_NAME = "manifest.toml"

_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_FileName = Annotated[str, Field(pattern=r"^[\w.-]+$")]
_Probability = Annotated[float, Field(ge=0, le=1)]
_Similarity = Annotated[float, Field(ge=-1, le=1)]
_Colour = tuple[float, float, float]
_Point = tuple[float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Licence(_Part):
    """Under which terms the weights may be used."""

    spdx: str
    commercial_use: bool
    origin: str


class DetectorPart(_Part):
    """How faces are found."""

    decoding: Literal["mtcnn"]
    """How the outputs are turned into boxes."""
    files: dict[Literal["pnet", "rnet", "onet"], _FileName]
    thresholds: tuple[_Probability, _Probability, _Probability]
    """Least probability to pass the proposal, refinement and output network."""
    sure_score: _Probability
    """A detection counts as certainly a face from this score on."""

    @model_validator(mode="after")
    def _has_all_networks(self) -> DetectorPart:
        missing = {"pnet", "rnet", "onet"} - set(self.files)
        if missing:
            raise ValueError(f"detector.files lacks {', '.join(sorted(missing))}")
        return self


class EmbedderPart(_Part):
    """How an aligned face becomes a vector."""

    file: _FileName
    input_px: Annotated[int, Field(ge=16, le=1024)]
    dimension: Annotated[int, Field(ge=2, le=8192)]
    colours: Literal["rgb", "bgr"]
    mean: _Colour
    """Subtracted from pixel values 0..255, in the order of `colours`."""
    scale: Annotated[float, Field(gt=0)]
    """Multiplied after the subtraction."""
    mirror: bool
    """Whether the mirrored face is averaged in."""
    template: tuple[_Point, _Point, _Point, _Point, _Point]
    """Where the five landmarks lie in the input, px."""


class CalibrationPart(_Part):
    """What similarities mean: a measured file, or three figures for faces of every size."""

    file: _FileName | None = None
    genuine: float | None = None
    impostor: float | None = None
    spread: Annotated[float, Field(gt=0)] | None = None
    video_rise: Annotated[float, Field(ge=0, le=2)] = 0.0
    """How much more alike two people of a video are than that; `facestream calibrate CLIPS` measures it."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> CalibrationPart:
        figures = (self.genuine, self.impostor, self.spread)
        given = [value is not None for value in figures]
        if any(given) if self.file is not None else not all(given):
            raise ValueError("calibration needs either a file or all of genuine, impostor and spread")
        return self


class ThresholdPart(_Part):
    """Cosine similarities that few pairs of strangers reach, as `facestream calibrate` measured them."""

    far_1e2: _Similarity
    """One pair of strangers in a hundred is at least so alike."""
    far_1e3: _Similarity
    """One in a thousand."""
    far_1e4: _Similarity
    """One in ten thousand."""
    measured_on: str

    @model_validator(mode="after")
    def _is_ordered(self) -> ThresholdPart:
        if not self.far_1e2 <= self.far_1e3 <= self.far_1e4:
            raise ValueError("far_1e2 <= far_1e3 <= far_1e4 must hold: fewer strangers are more alike")
        return self


class QualityPart(_Part):
    """Quality gates."""

    founder_px: Annotated[float, Field(ge=0)]
    """Least effective face size of a track that may found a person, px."""


class BuildStep(_Part):
    """A model file that is written from weights inside an installed package."""

    builder: Literal["mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet", "dlib_resnet29"]
    file: _FileName
    package: Annotated[str, Field(pattern=r"^\w+$")]
    weights: Annotated[str, Field(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]
    """Path inside the package; never out of it, since reading some formats can run code."""
    sha256: _Sha256


class Manifest(_Part):
    """A model pack."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
    title: str
    model_id: Annotated[str, Field(pattern=r"^[\w.:-]{1,128}$")]
    licence: Licence
    detector: DetectorPart
    embedder: EmbedderPart
    calibration: CalibrationPart
    thresholds: ThresholdPart | None = None
    """For size-compensated faces of photos; a pack without them can't suggest any."""
    quality: QualityPart
    sha256: dict[_FileName, _Sha256] = {}
    """Checksums of files that lie in the pack."""
    build: tuple[BuildStep, ...] = ()

    @property
    def model_files(self) -> tuple[str, ...]:
        """Names of the ONNX files of the pack."""
        return (*self.detector.files.values(), self.embedder.file)

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
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'manifest'}: {item['msg']}"
            for item in error.errors()
        )
        raise ManifestError(f"{path}: {problems}", path=path) from error
