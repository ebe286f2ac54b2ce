"""Parts of a manifest that say how faces are found."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workers.models.manifest_parts import Colour, Colours, FileName, Loss, Part, Probability

INPUT_PX = 640
"""Side of what a detector of one network is given, where neither its file nor its manifest says another."""

RNET_PX, ONET_PX = 24, 48
"""Sides of what the second and the third network of MTCNN are given."""


class _Finding(Part):
    """What is said of every detector."""

    sure_score: Probability
    """A detection counts as certainly a face from this score on."""
    sight_score: Probability | None = None
    """Such a face counts as seen again from this score on; None: from `sure_score` on."""

    @property
    def seen_score(self) -> float:
        """Least score of a detection that counts as seen again."""
        return self.sure_score if self.sight_score is None else self.sight_score

    @model_validator(mode="after")
    def _sees_what_is_sure(self) -> Self:
        if self.seen_score > self.sure_score:
            raise ValueError("detector.sight_score <= detector.sure_score must hold: what is sure is seen")
        return self


class _MtcnnFiles(_Finding):
    """The three networks of MTCNN."""

    files: dict[Literal["pnet", "rnet", "onet"], FileName]
    thresholds: tuple[Probability, Probability, Probability]
    """Least probability to pass the proposal, refinement and output network."""

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names of the ONNX files."""
        return tuple(self.files.values())

    @model_validator(mode="after")
    def _has_all_networks(self) -> Self:
        missing = {"pnet", "rnet", "onet"} - set(self.files)
        if missing:
            raise ValueError(f"detector.files lacks {', '.join(sorted(missing))}")
        return self


class MtcnnPart(_MtcnnFiles):
    """Three networks, each of which looks at what the one before let pass."""

    decoding: Literal["mtcnn"]
    """How the outputs are turned into boxes."""


class HaarPart(_MtcnnFiles):
    """A Haar cascade of OpenCV; the last network of MTCNN sees where eyes, nose and mouth are."""

    decoding: Literal["haar"]
    """How faces are found."""
    cascade: FileName
    """File of the cascade, in OpenCV's own folder of cascades."""
    pyramid_step: Annotated[float, Field(gt=1, le=2)]
    """How much larger a face is that is looked for next."""
    neighbours: Annotated[int, Field(ge=1)]
    """Least hits in nearly the same place that make a face."""


_LEAST_PX, _MOST_PX, _STEP_PX = 64, 4096, 32


def may_be_input_px(side_px: int) -> bool:
    """Whether `GridPart.input_px` may be so."""
    return _LEAST_PX <= side_px <= _MOST_PX and side_px % _STEP_PX == 0


class GridPart(_Finding):
    """One network that answers for every cell of grids over the picture."""

    decoding: Literal["scrfd", "retinaface", "yunet"]
    """How the outputs are turned into boxes."""
    file: FileName
    input_px: Annotated[int, Field(ge=_LEAST_PX, le=_MOST_PX, multiple_of=_STEP_PX)] | None = None
    """Side of the square that a picture is fitted into; None: what the file was made for, else 640."""
    colours: Colours
    mean: Colour
    """Subtracted from pixel values 0..255, in the order of `colours`."""
    scale: Annotated[float, Field(gt=0)]
    """Multiplied after the subtraction."""
    threshold: Annotated[float, Field(gt=0, le=1)]
    """Least score of a detection."""
    nms_iou: Annotated[float, Field(gt=0, le=1)]
    """Of two boxes that overlap by more than this the better one is kept."""
    look_twice: bool = True
    """Whether a picture with a large face that is doubtful is looked at once more, at half the size."""
    float16_loss: Loss | None = None
    """What half precision costs of the accuracy on pairs; with little, it is used on NVIDIA's GPUs."""

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names of the ONNX files."""
        return (self.file,)


class CenterFacePart(_Finding):
    """One network that sees the middles of faces in pictures of any size."""

    decoding: Literal["centerface"]
    """How the outputs are turned into boxes."""
    file: FileName
    least_px: Annotated[float, Field(ge=4, le=256)]
    """Pictures are scaled so that the smallest face that is looked for has this side, px."""
    threshold: Annotated[float, Field(gt=0, le=1)]
    """Least score of a detection."""
    nms_iou: Annotated[float, Field(gt=0, le=1)]
    """Of two boxes that overlap by more than this the better one is kept."""

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names of the ONNX files."""
        return (self.file,)


DetectorPart = Annotated[MtcnnPart | HaarPart | GridPart | CenterFacePart, Field(discriminator="decoding")]
