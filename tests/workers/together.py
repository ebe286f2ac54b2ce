"""A detector that gains by seeing several pictures at once, as one on a GPU does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError
from workers.models.detection import BgrImage, Detection, FaceDetector, Shown


@dataclass
class Together(FaceDetector):
    """Finds what another one finds; of several pictures at once, it says of how many."""

    inner: FaceDetector
    is_bad: Callable[[BgrImage], bool] = lambda _: False
    most: int = 4
    shown: list[int] = field(default_factory=list)
    # Pictures that were looked at one by one.
    alone: int = 0

    @property
    def at_once(self) -> int:
        return self.most

    def show(self, images_bgr: Sequence[BgrImage]) -> Sequence[Shown]:
        self._check(images_bgr)
        self.shown.append(len(images_bgr))
        return self.inner.show(images_bgr)

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        self._check(images_bgr)
        self.alone += 1
        return self.inner.detect(images_bgr, min_face_px)

    def refine(self, image_bgr: BgrImage, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
        self._check([image_bgr])
        self.alone += len(boxes_xyxy) > 0
        return self.inner.refine(image_bgr, boxes_xyxy)

    def _check(self, images_bgr: Sequence[BgrImage]) -> None:
        if any(self.is_bad(image) for image in images_bgr):
            raise InferenceError("det.onnx: bad allocation", model="det.onnx")
