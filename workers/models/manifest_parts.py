"""Parts of a manifest: licence, embedder, likeness, quality and how files are built."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

# What is wrong with a text that doesn't match is said in words for each of them.
SHA256_PATTERN = "^[0-9a-f]{64}$"
FILE_NAME_PATTERN = r"^\w[^/\\\x00-\x1f]*$"
NAME_PATTERN = r"^[\w.-]+$"
ID_PATTERN = r"^[\w.:-]+$"
MODULE_PATTERN = r"^\w+$"
WEIGHTS_PATTERN = r"^\w[\w.-]*(/\w[\w.-]*)*$"

Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
FileName = Annotated[str, Field(pattern=FILE_NAME_PATTERN)]
"""A file right in the pack's folder: no path, and nothing that could lead out of it."""
Probability = Annotated[float, Field(ge=0, le=1)]
Similarity = Annotated[float, Field(ge=-1, le=1)]
Loss = Annotated[float, Field(ge=0, le=100)]
"""Of an accuracy, percentage points."""
Colour = tuple[float, float, float]
Colours = Literal["rgb", "bgr"]
# SPDX's word for it.
UNKNOWN = "NOASSERTION"
_OPERATORS = frozenset({"AND", "OR", "WITH"})
# Eyes, and eyes and mouth, are at least so far apart, of the input's side.
_LEAST_SHARE = 0.05
# No point lies so many sides away.
_MOST_SIDES = 10
_Point = tuple[float, float]


class Part(BaseModel):
    """A section of a manifest: never changes, and knows all of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _unknown_is_none(value: Any) -> Any:
    return None if value == "unknown" else value


def _expression(spdx: str) -> str:
    """An expression of SPDX 3: names with AND, OR or WITH between them, perhaps within parentheses."""
    depth, name_is_next = 0, True
    for word in re.findall(r"[()]|[^\s()]+", spdx):
        if word == "(" and name_is_next:
            depth += 1
        elif word == ")" and not name_is_next and depth:
            depth -= 1
        elif word in "()" or (word.upper() in _OPERATORS) is name_is_next:
            name_is_next = True
            break
        else:
            name_is_next = not name_is_next
    if depth or name_is_next:
        raise ValueError(
            f"licence.spdx must be names of licences by SPDX, with AND, OR or WITH between them: {spdx!r}"
        )
    return spdx


class Licence(Part):
    """Under which terms the weights may be used."""

    spdx: Annotated[str, Field(min_length=1), AfterValidator(_expression)] | None = None
    """Licence by SPDX; `NOASSERTION` where nobody knows it."""
    text: Annotated[str, Field(min_length=1)] | None = None
    """The terms in words, where SPDX has no name for them; the first line is a title."""
    commercial_use: Annotated[bool | None, Field(strict=True), BeforeValidator(_unknown_is_none)]
    """Whether the weights may be used in business; None, in the file `"unknown"`, where nobody knows."""
    origin: str
    """Where the weights come from."""

    @property
    def title(self) -> str:
        """The licence in one short line."""
        if self.spdx is not None and self.spdx != UNKNOWN:
            return self.spdx
        lines = (self.text or "").strip().splitlines()
        return lines[0][:80] if lines else "unknown"

    @model_validator(mode="after")
    def _is_named(self) -> Licence:
        if self.spdx is None and self.text is None:
            raise ValueError("[licence] needs spdx, or text where SPDX has no name for it")
        return self


class EmbedderPart(Part):
    """How an aligned face becomes a vector."""

    file: FileName
    input_px: Annotated[int, Field(ge=16, le=1024)]
    dimension: Annotated[int, Field(ge=2, le=8192, strict=True)]
    colours: Colours
    mean: Colour
    """Subtracted from pixel values 0..255, in the order of `colours`."""
    scale: Annotated[float, Field(gt=0)]
    """Multiplied after the subtraction."""
    mirror: Annotated[bool, Field(strict=True)]
    """Whether the mirrored face is averaged in."""
    template: tuple[_Point, _Point, _Point, _Point, _Point]
    """Where the five landmarks lie in the input, px."""
    metric: Literal["cosine"] = "cosine"
    """How vectors are compared."""
    float16_loss: Loss | None = None
    """What half precision costs of the accuracy on pairs; with little, it is used on NVIDIA's GPUs."""

    @model_validator(mode="after")
    def _has_a_face(self) -> EmbedderPart:
        """Faces are cut out by these points: of others, one picture would be like the next."""
        x, y = zip(*self.template, strict=True)
        if max(map(abs, (*x, *y))) > _MOST_SIDES * self.input_px:
            raise ValueError(f"embedder.template has points far outside of {self.input_px} px")
        (left_x, _), (right_x, _) = self.template[0], self.template[1]
        eyes_y, mouth_y = (self.template[0][1] + self.template[1][1]) / 2, (y[3] + y[4]) / 2
        if right_x - left_x < _LEAST_SHARE * self.input_px or mouth_y - eyes_y < _LEAST_SHARE * self.input_px:
            raise ValueError(
                "embedder.template is no face: left eye, right eye, nose, left and right corner of the "
                "mouth, as they lie in the picture"
            )
        return self


class CalibrationPart(Part):
    """What similarities mean: a measured file, three figures for all sizes, or those of a family."""

    file: FileName | None = None
    genuine: float | None = None
    impostor: float | None = None
    spread: Annotated[float, Field(gt=0)] | None = None
    family: Literal["arcface", "mobilefacenet"] | None = None
    """Figures that come with facestream: of a kind of network, or of a known one."""
    video_rise: Annotated[float, Field(ge=0, le=2)] = 0.0
    """How much more alike two people of a video are than that; `facestream calibrate CLIPS` measures it."""
    limit: Annotated[float, Field(gt=0, le=100)] = 8.0
    """Two faces count at most this much: logarithm of how much likelier they are of one person."""

    @model_validator(mode="after")
    def _is_one_of_them(self) -> CalibrationPart:
        figures = [value is not None for value in (self.genuine, self.impostor, self.spread)]
        ways = (self.file is not None, self.family is not None, any(figures))
        if sum(ways) != 1 or any(figures) != all(figures):
            raise ValueError(
                "[calibration] needs either a file, a family, or all of genuine, impostor and spread"
            )
        if self.genuine is not None and self.impostor is not None and self.genuine <= self.impostor:
            raise ValueError(
                "[calibration] genuine must be greater than impostor: faces of one person are more alike"
            )
        return self


class ThresholdPart(Part):
    """Cosine similarities that few pairs of strangers reach, as `facestream calibrate` measured them."""

    far_1e2: Similarity
    """One pair of strangers in a hundred is at least so alike."""
    far_1e3: Similarity
    """One in a thousand."""
    far_1e4: Similarity
    """One in ten thousand."""
    measured_on: str

    @model_validator(mode="after")
    def _is_ordered(self) -> ThresholdPart:
        if not self.far_1e2 <= self.far_1e3 <= self.far_1e4:
            raise ValueError("far_1e2 <= far_1e3 <= far_1e4 must hold: fewer strangers are more alike")
        return self


class QualityPart(Part):
    """Quality gates."""

    founder_px: Annotated[float, Field(ge=0)]
    """Least effective face size of a track that may found a person, px."""


class BuildStep(Part):
    """A model file that is written from weights inside an installed package."""

    builder: Literal["mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet", "dlib_resnet29", "centerface"]
    file: FileName
    package: Annotated[str, Field(pattern=MODULE_PATTERN)]
    weights: Annotated[str, Field(pattern=WEIGHTS_PATTERN)]
    """Path inside the package; never out of it, since reading some formats can run code."""
    sha256: Sha256
