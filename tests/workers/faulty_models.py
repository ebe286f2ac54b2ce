"""Models that fail on what they are told to fail on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError
from workers.models.detection import BgrImage, Detection, FaceDetector
from workers.models.embedder import FaceEmbedder
from workers.models.pack import Pack

FloatArray = npt.NDArray[np.float32]


@dataclass
class FaultyDetector(FaceDetector):
    """A detector before which something happens at each picture."""

    inner: FaceDetector
    before: Callable[[BgrImage], None]

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        for image in images_bgr:
            self.before(image)
        return self.inner.detect(images_bgr, min_face_px)

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        self.before(image_bgr)
        return self.inner.refine(image_bgr, boxes_xyxy)


@dataclass
class FaultyEmbedder:
    """An embedder that answers nonsense for some chips, which it is told of by a test of each."""

    inner: FaceEmbedder
    is_bad: Callable[[BgrImage], bool]
    refused: list[BgrImage] = field(default_factory=list)

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    @property
    def input_px(self) -> int:
        return self.inner.input_px

    @property
    def template(self) -> FloatArray:
        return self.inner.template

    def embed(self, chips_bgr: Sequence[BgrImage]) -> FloatArray:
        bad = [chip for chip in chips_bgr if self.is_bad(chip)]
        if bad:
            self.refused += bad
            raise InferenceError("model.onnx: returned a vector that is zero or not finite", model="m")
        return self.inner.embed(chips_bgr)


def with_detector(pack: Pack, before: Callable[[BgrImage], None]) -> Pack:
    """The pack, with something that happens before each picture is looked at."""
    return replace(pack, detector=FaultyDetector(pack.detector, before))


def with_embedder(pack: Pack, is_bad: Callable[[BgrImage], bool]) -> Pack:
    """The pack, with an embedder that fails on some faces."""
    return replace(pack, embedder=FaultyEmbedder(pack.embedder, is_bad))
