"""Decoding of YuNet.

Wu et al. 2023, "YuNet: A Tiny Millisecond-level Face Detector", as OpenCV's FaceDetectorYN reads it. For
every cell of grids of 8, 16 and 32 px: two scores, centre and size of the box, and the landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.models.grid import Faces, FloatArray, Level, joined, levels_of


def decode_yunet(outputs: Sequence[FloatArray], height_px: int, width_px: int, threshold: float) -> Faces:
    """Faces of one picture.

    Args:
        outputs: For each of three grids the scores of class and object (R, 1), the box (R, 4) and the
            landmarks (R, 10).
        height_px: Height of the network's input.
        width_px: Its width.
        threshold: Least score: the geometric mean of both.

    Returns:
        The finest grid first.

    Raises:
        LayoutError: If the outputs are others.
    """
    levels = levels_of(outputs, {1: 2, 4: 1, 10: 1}, height_px, width_px)
    return joined([_decoded(level, width_px, threshold) for level in levels])


def _decoded(level: Level, width_px: int, threshold: float) -> Faces:
    one, other = (score[:, 0].clip(0, 1) for score in level.outputs[1])
    scores = np.sqrt(one * other)
    rows = np.flatnonzero(scores >= threshold)
    cells, stride = level.cells(rows, width_px), np.float32(level.stride_px)
    box = level.outputs[4][0][rows]
    middle = (cells + box[:, :2]) * stride
    half = np.exp(box[:, 2:]) * stride / 2
    landmarks = (cells[:, None] + level.outputs[10][0][rows].reshape(-1, 5, 2)) * stride
    return Faces(np.concatenate([middle - half, middle + half], axis=1), landmarks, scores[rows])
