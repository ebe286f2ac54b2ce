"""Faces by a Haar cascade (Viola and Jones 2001), with landmarks of a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from workers.errors import ModelError, WeightsError
from workers.models.boxes import suppress
from workers.models.detection import BgrImage, Detection, FaceDetector
from workers.models.detector_parts import HaarPart
from workers.models.mtcnn import MtcnnDetector

FloatArray = npt.NDArray[np.float32]

# The window that the cascades of faces were trained on, and the least that they see.
_WINDOW_PX = 24
# The network moves boxes: two that were apart may come to lie on one face.
_NMS_IOU = 0.5


class HaarDetector(FaceDetector):
    """A cascade finds boxes; the output network of MTCNN says which are faces, and where eyes and mouth are.

    A cascade has no landmarks, and without them faces can't be aligned as embedders want it. It sees upright
    faces from the front; profiles, tilted, dark and half hidden ones it misses. Its hits have no probability,
    so that the network's counts.

    Viola and Jones 2001, "Rapid Object Detection using a Boosted Cascade of Simple Features".

    Args:
        part: The manifest's description.
        networks: MTCNN, of which the output network is used.

    Raises:
        ModelError: If this OpenCV has no Haar cascades; says which one has.
        WeightsError: If the cascade isn't there or can't be read.
    """

    def __init__(self, part: HaarPart, networks: MtcnnDetector) -> None:
        self._part = part
        self._networks = networks
        self._cascade = _load(part.cascade)

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Find the faces of several pictures.

        Args:
            images_bgr: uint8 (H, W, 3) each.
            min_face_px: Side of the smallest box that is looked for, px.

        Returns:
            For each picture its detections, best score first.
        """
        return [self._faces(image, self._hits(image, min_face_px)) for image in images_bgr]

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        """Look again only near some boxes, as `MtcnnDetector.refine` does."""
        return self._networks.refine(image_bgr, boxes_xyxy)

    def _hits(self, image_bgr: BgrImage, min_face_px: float) -> FloatArray:
        """Boxes (N, 4) that the cascade finds, px."""
        grey = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
        scale = min(_WINDOW_PX / min_face_px, 1.0)
        height, width = grey.shape
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != (width, height):
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        if min(size) < _WINDOW_PX:
            return np.empty((0, 4), np.float32)
        least = max(_WINDOW_PX, round(min_face_px * scale))
        found = self._cascade.detectMultiScale(
            grey,
            scaleFactor=self._part.pyramid_step,
            minNeighbors=self._part.neighbours,
            minSize=(least, least),
        )
        boxes = np.asarray(found, np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        boxes *= np.array([width / size[0], height / size[1]] * 2, np.float32)
        return boxes

    def _faces(self, image_bgr: BgrImage, boxes: FloatArray) -> list[Detection]:
        answers = self._networks.refine(image_bgr, boxes)
        faces = [face for face in answers if face and face.score > self._part.thresholds[-1]]
        if not faces:
            return []
        scores = np.array([face.score for face in faces], np.float32)
        kept = suppress(np.stack([face.box_xyxy for face in faces]), scores, _NMS_IOU, 0)
        return [faces[i] for i in kept]


def _load(name: str) -> Any:
    make = getattr(cv2, "CascadeClassifier", None)
    if make is None:
        raise ModelError(
            f"the detector haar needs Haar cascades, which OpenCV {cv2.__version__} has left out of "
            "opencv-python. Install the last version that has them: pip install 'opencv-python<5'; or choose "
            "another detector."
        )
    path = Path(cv2.__file__).parent / "data" / name
    if not path.is_file():
        raise WeightsError(f"{path}: missing. Reinstall OpenCV: pip install 'opencv-python<5'.", path=path)
    cascade = make(str(path))
    if cascade.empty():
        raise WeightsError(f"{path}: OpenCV can't read this cascade. Reinstall it.", path=path)
    return cascade
