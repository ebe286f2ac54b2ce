"""What a network answered for a picture, and the faces that can be read off it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError
from workers.models.boxes import sane, suppress
from workers.models.detection import Detection
from workers.models.detector_parts import GridPart
from workers.models.grid import Faces, LayoutError
from workers.models.grid_input import Scale
from workers.models.retinaface import decode_retinaface
from workers.models.scrfd import decode_scrfd
from workers.models.yunet import decode_yunet
from workers.tracking.boxes import iou_matrix

FloatArray = npt.NDArray[np.float32]

_DECODERS: dict[str, Callable[[Sequence[FloatArray], int, int, float], Faces]] = {
    "scrfd": decode_scrfd,
    "retinaface": decode_retinaface,
    "yunet": decode_yunet,
}
# Whether the last pixel of a box counts as part of it when two are compared.
_BORDER_PX = {"scrfd": 1.0, "retinaface": 1.0, "yunet": 0.0}
# So much of a face must be where it was expected.
_EXPECTED_IOU = 0.3


@dataclass(frozen=True, slots=True)
class GridAnswer:
    """The outputs of a network for one picture.

    Attributes:
        outputs: float32 (cells, columns) each, as the decoding knows them.
        scale: By how much the picture was scaled for it, across and down.
        size_px: Height and width of the network's input.
        part: The manifest's description.
        name: The model, for errors.
    """

    outputs: Sequence[FloatArray]
    scale: Scale
    size_px: tuple[int, int]
    part: GridPart
    name: str

    def faces(self, threshold: float) -> list[Detection]:
        """The faces that score at least so much, the best first.

        Raises:
            InferenceError: If these are not the outputs of such a network, or no numbers.
        """
        if any(output.ndim != 2 for output in self.outputs):
            shapes = [output.shape for output in self.outputs]
            raise InferenceError(f"{self.name}: outputs have shapes {shapes}", model=self.name)
        if any(_is_no_number(output) for output in self.outputs):
            raise InferenceError(
                f"{self.name}: an output holds nothing but NaN: weights are damaged, or numbers became too "
                "large for their precision",
                model=self.name,
            )
        try:
            # What is not finite is dropped below, without NumPy's warnings.
            with np.errstate(over="ignore", invalid="ignore"):
                faces = _DECODERS[self.part.decoding](self.outputs, *self.size_px, threshold)
                scale = np.array(self.scale, np.float32)
                boxes = np.asarray(faces.boxes / np.tile(scale, 2), np.float32)
                landmarks = np.asarray(faces.landmarks / scale, np.float32)
        except LayoutError as error:
            raise InferenceError(f"{self.name}: {error}", model=self.name) from error
        if (faces.scores > 1.001).any():
            raise InferenceError(
                f"{self.name}: scores up to {faces.scores.max():.3g}, and scores end at 1", model=self.name
            )
        real = sane(boxes, landmarks)
        boxes, landmarks, scores = boxes[real], landmarks[real], faces.scores[real]
        kept = suppress(boxes, scores, self.part.nms_iou, _BORDER_PX[self.part.decoding])
        return [Detection(boxes[i], landmarks[i], float(scores[i])) for i in kept]

    def near(self, boxes_xyxy: FloatArray, threshold: float) -> list[Detection | None]:
        """For each box (N, 4) the face that overlaps it most, or None where none does enough.

        Raises:
            InferenceError: As of `faces`.
        """
        found = self.faces(threshold) if len(boxes_xyxy) else []
        if not found:
            return [None] * len(boxes_xyxy)
        overlap = iou_matrix(boxes_xyxy, np.stack([face.box_xyxy for face in found]))
        return [found[row.argmax()] if row.max() >= _EXPECTED_IOU else None for row in overlap]


def _is_no_number(output: FloatArray) -> bool:
    """Whether nothing of an output is a number; single cells may be none, and are dropped."""
    # The first one decides nearly always, and there are thousands.
    return output.size > 0 and bool(np.isnan(output.flat[0])) and bool(np.isnan(output).all())


def distinct(faces: Sequence[Detection], part: GridPart) -> list[Detection]:
    """Faces without those that are there twice."""
    boxes = np.stack([face.box_xyxy for face in faces])
    scores = np.array([face.score for face in faces], np.float32)
    return [faces[i] for i in suppress(boxes, scores, part.nms_iou, _BORDER_PX[part.decoding])]
