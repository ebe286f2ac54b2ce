"""Detection with one network that answers for every cell of grids over the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError, ModelError
from workers.models.boxes import sane, suppress
from workers.models.detection import BgrImage, Detection
from workers.models.detector_parts import GridPart
from workers.models.grid import Faces, LayoutError
from workers.models.retinaface import decode_retinaface
from workers.models.scrfd import decode_scrfd
from workers.models.session import Session
from workers.models.yunet import decode_yunet
from workers.tracking.boxes import iou_matrix

FloatArray = npt.NDArray[np.float32]

Decode = Callable[[Sequence[FloatArray], int, int, float], Faces]

_DECODERS: dict[str, Decode] = {
    "scrfd": decode_scrfd,
    "retinaface": decode_retinaface,
    "yunet": decode_yunet,
}
# Whether the last pixel of a box counts as part of it when two are compared.
_BORDER_PX = {"scrfd": 1.0, "retinaface": 1.0, "yunet": 0.0}
# ONNX Runtime's memory arena keeps a block for every batch size that it has seen.
_BATCHES = (1, 2, 4, 8)
# Where a face is expected, this share of the least score is enough.
_EXPECTED = 0.6
# And so much of the box must be where it was expected.
_EXPECTED_IOU = 0.3


class GridDetector:
    """Detects faces with SCRFD, RetinaFace or YuNet, as a manifest describes it.

    Args:
        path: The ONNX file: one input (N, 3, H, W), outputs as the decoding says.
        part: The manifest's description.
        threads: Threads for one call; default: all cores of this process.

    Raises:
        ModelError: If ONNX Runtime can't load the file, or it isn't such a network.
    """

    def __init__(self, path: Path, part: GridPart, threads: int | None = None) -> None:
        self._session = Session(path, threads)
        self._part = part
        self._name = path.name
        self._decode = _DECODERS[part.decoding]
        shape = self._session.input_shape
        if len(shape) != 4 or shape[1] not in (None, 3):
            raise ModelError(
                f"{path}: takes input of shape {shape}, and a detector takes pictures: batch, 3 colours, "
                "height, width."
            )
        self._height_px, self._width_px = shape[2] or part.input_px, shape[3] or part.input_px
        # Without a dimension for the batch in the outputs nobody knows whose faces they are.
        alone = any(len(output) != 3 for output in self._session.output_shapes)
        self._batches = (shape[0],) if shape[0] else (1,) if alone else _BATCHES
        self._check(path)

    def _check(self, path: Path) -> None:
        """Run once on nothing: whether outputs can be decoded shows at once, and not at the first face."""
        try:
            self._found([np.zeros((self._height_px, self._width_px, 3), np.uint8)], self._part.threshold)
        except InferenceError as error:
            raise ModelError(
                f"{path}: is not what detector.decoding = {self._part.decoding!r} asks for: {error}"
            ) from error

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Find the faces of several pictures; each is scaled to fit into the network's input.

        Args:
            images_bgr: uint8 (H, W, 3) each.
            min_face_px: Smaller faces, by the longer side of their box, are left out.

        Returns:
            For each picture its detections, best score first.

        Raises:
            InferenceError: If the network refuses its input or returns something unusable.
        """
        return [
            [face for face in faces if (face.box_xyxy[2:] - face.box_xyxy[:2]).max() >= min_face_px]
            for faces in self._found(images_bgr, self._part.threshold)
        ]

    def refine(self, image_bgr: BgrImage, boxes_xyxy: FloatArray) -> list[Detection | None]:
        """Look for the faces that are expected at some boxes: less is asked of those.

        The network sees the whole picture at once, so that a look near the boxes alone would cost as much.

        Args:
            image_bgr: uint8 (H, W, 3).
            boxes_xyxy: float32 (N, 4), px.

        Returns:
            One entry per box, None where no face overlaps it enough.
        """
        if len(boxes_xyxy) == 0:
            return []
        found = self._found([image_bgr], self._part.threshold * _EXPECTED)[0]
        if not found:
            return [None] * len(boxes_xyxy)
        overlap = iou_matrix(boxes_xyxy, np.stack([face.box_xyxy for face in found]))
        return [found[row.argmax()] if row.max() >= _EXPECTED_IOU else None for row in overlap]

    def _found(self, images: Sequence[BgrImage], threshold: float) -> list[list[Detection]]:
        most = self._batches[-1]
        found: list[list[Detection]] = []
        for start in range(0, len(images), most):
            found += self._batch(images[start : start + most], threshold)
        return found

    def _batch(self, images: Sequence[BgrImage], threshold: float) -> list[list[Detection]]:
        size = next(batch for batch in self._batches if batch >= len(images))
        fitted = np.zeros((size, self._height_px, self._width_px, 3), np.uint8)
        scales = [self._fit(image, canvas) for image, canvas in zip(images, fitted, strict=False)]
        rgb = self._part.colours == "rgb"
        blob = cv2.dnn.blobFromImages(list(fitted), self._part.scale, mean=self._part.mean, swapRB=rgb)
        outputs = self._session.run(None, np.asarray(blob, np.float32))
        return [
            self._detections(self._of_picture(outputs, k), scale, threshold) for k, scale in enumerate(scales)
        ]

    def _fit(self, image: BgrImage, canvas: BgrImage) -> float:
        """Scale a picture into the upper left of a black canvas; returns by how much."""
        height, width = image.shape[:2]
        if height / width > self._height_px / self._width_px:
            new_height = self._height_px
            new_width = max(int(new_height / (height / width)), 1)
        else:
            new_width = self._width_px
            new_height = max(int(new_width * (height / width)), 1)
        cv2.resize(image, (new_width, new_height), dst=canvas[:new_height, :new_width])
        return float(new_height / height)

    @staticmethod
    def _of_picture(outputs: Sequence[FloatArray], k: int) -> list[FloatArray]:
        return [output[k] if output.ndim == 3 else output for output in outputs]

    def _detections(self, outputs: list[FloatArray], scale: float, threshold: float) -> list[Detection]:
        if any(output.ndim != 2 for output in outputs):
            shapes = [output.shape for output in outputs]
            raise InferenceError(f"{self._name}: outputs have shapes {shapes}", model=self._name)
        try:
            # What is not finite is dropped below, without NumPy's warnings.
            with np.errstate(over="ignore", invalid="ignore"):
                faces = self._decode(outputs, self._height_px, self._width_px, threshold)
                boxes, landmarks = faces.boxes / scale, faces.landmarks / scale
        except LayoutError as error:
            raise InferenceError(f"{self._name}: {error}", model=self._name) from error
        if (faces.scores > 1.001).any():
            raise InferenceError(
                f"{self._name}: scores up to {faces.scores.max():.3g}, and scores end at 1", model=self._name
            )
        real = sane(boxes, landmarks)
        boxes, landmarks, scores = boxes[real], landmarks[real], faces.scores[real]
        kept = suppress(boxes, scores, self._part.nms_iou, _BORDER_PX[self._part.decoding])
        return [Detection(boxes[i], landmarks[i], float(scores[i])) for i in kept]
