"""What CenterFace answers for a picture, and the faces that can be read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.errors import InferenceError
from workers.models.boxes import sane
from workers.models.detection import Detection

FloatArray = npt.NDArray[np.float32]

STEP_PX = 32
"""Sides of what the network is given are multiples of this: a cell of the coarsest grid inside it."""

_CELL_PX = 4
# Maps of the middles of faces, logarithms of height and width, places in the cell, and landmarks.
_COLUMNS = (1, 2, 2, 10)


@dataclass(frozen=True, slots=True, eq=False)
class CenterFaceAnswer:
    """Faces of one picture, before those that are found twice are dropped.

    Attributes:
        boxes: float32 (N, 4), px.
        landmarks: float32 (N, 5, 2), px.
        scores: float32 (N,).
    """

    boxes: FloatArray
    landmarks: FloatArray
    scores: FloatArray

    def placed(self, scale: float | FloatArray, corner: FloatArray) -> CenterFaceAnswer:
        """The same in the picture that this one was cut out of.

        Args:
            scale: Pixels of the other picture for each of this, or float32 (2,), across and down.
            corner: float32 (2,), px: where the upper left corner of this one is in it.
        """
        boxes = (self.boxes.reshape(-1, 2, 2) * scale + corner).reshape(-1, 4)
        return CenterFaceAnswer(
            boxes.astype(np.float32), (self.landmarks * scale + corner).astype(np.float32), self.scores
        )

    def detection(self, at: int) -> Detection:
        """One of them."""
        return Detection(self.boxes[at], self.landmarks[at], float(self.scores[at]))


def joined(answers: Sequence[CenterFaceAnswer]) -> CenterFaceAnswer:
    """Those of one picture as one."""
    return CenterFaceAnswer(
        np.concatenate([answer.boxes for answer in answers]),
        np.concatenate([answer.landmarks for answer in answers]),
        np.concatenate([answer.scores for answer in answers]),
    )


def read_answers(
    outputs: Sequence[FloatArray], size_px: tuple[int, ...], threshold: float, model: str
) -> list[CenterFaceAnswer]:
    """Read what the network says of pictures of one size.

    For each cell of 4 px: how much it is the middle of a face, the logarithms of the height and the width of
    the box in cells, how far below and to the right of the cell's own middle the face's is, in cells, and
    where in the box each landmark is, as shares of its height and its width.

    Args:
        outputs: Maps (N, 1, h, w), (N, 2, h, w), (N, 2, h, w) and (N, 10, h, w).
        size_px: Height and width of the pictures.
        threshold: Least score.
        model: The model, for errors.

    Returns:
        The faces of each picture, px of it.

    Raises:
        InferenceError: If these are not the outputs of such a network, or no numbers.
    """
    cells = tuple(length // _CELL_PX for length in size_px)
    count = len(outputs[0]) if outputs else 0
    if [output.shape for output in outputs] != [(count, columns, *cells) for columns in _COLUMNS]:
        shapes = ", ".join("x".join(map(str, output.shape)) for output in outputs)
        raise InferenceError(f"{model}: has {len(outputs)} outputs: {shapes}", model=model)
    if np.isnan(outputs[0]).all():
        raise InferenceError(f"{model}: an output holds nothing but NaN: weights are damaged", model=model)
    return [_faces([output[k] for output in outputs], threshold) for k in range(count)]


def _faces(maps: Sequence[FloatArray], threshold: float) -> CenterFaceAnswer:
    heat, size, place, points = maps
    y, x = np.nonzero(heat[0] >= threshold)
    # What is not finite is dropped below, without NumPy's warnings.
    with np.errstate(over="ignore", invalid="ignore"):
        # All maps have what is down before what is across.
        side = np.exp(size[::-1, y, x].T) * _CELL_PX
        middle = (np.stack([x, y], axis=1) + 0.5 + place[::-1, y, x].T) * _CELL_PX
        corner = middle - side / 2
        boxes = np.concatenate([corner, corner + side], axis=1).astype(np.float32)
        shares = points[:, y, x].T.reshape(-1, 5, 2)[:, :, ::-1]
        landmarks = (corner[:, None] + shares * side[:, None]).astype(np.float32)
    real = sane(boxes, landmarks)
    return CenterFaceAnswer(boxes[real], landmarks[real], heat[0, y, x][real].astype(np.float32))
