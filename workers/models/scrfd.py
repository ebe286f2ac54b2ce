"""Decoding of SCRFD, and of the RetinaFace that insightface runs.

Guo et al. 2021, "Sample and Computation Redistribution for Efficient Face Detection". For every cell of grids
of 8, 16 and 32 px and both of its anchors: a score, the distances from the cell to the sides of the box, and
those to the landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.models.grid import Faces, FloatArray, Level, joined, levels_of

# In sides of the box: where landmarks are on average. For models that give none.
_USUAL = np.array([[0.31, 0.37], [0.69, 0.37], [0.5, 0.57], [0.34, 0.77], [0.66, 0.77]], np.float32)


def decode_scrfd(outputs: Sequence[FloatArray], height_px: int, width_px: int, threshold: float) -> Faces:
    """Faces of one picture.

    Args:
        outputs: Scores (R, 1), distances to sides (R, 4) and, in most models, to landmarks (R, 10) for each
            of three grids with two anchors, or of five with one.
        height_px: Height of the network's input.
        width_px: Its width.
        threshold: Least score.

    Returns:
        The finest grid first; where the model gives no landmarks, they are where they are on average.

    Raises:
        LayoutError: If the outputs are others.
    """
    columns = {1: 1, 4: 1, 10: 1} if any(o.shape[1] == 10 for o in outputs) else {1: 1, 4: 1}
    levels = levels_of(outputs, columns, height_px, width_px)
    return joined([_decoded(level, width_px, threshold) for level in levels])


def _decoded(level: Level, width_px: int, threshold: float) -> Faces:
    scores = level.outputs[1][0][:, 0]
    rows = np.flatnonzero(scores >= threshold)
    stride = np.float32(level.stride_px)
    centres = level.cells(rows, width_px) * stride
    sides = level.outputs[4][0][rows] * stride
    boxes = np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1)
    if 10 in level.outputs:
        landmarks = centres[:, None] + (level.outputs[10][0][rows] * stride).reshape(-1, 5, 2)
    else:
        landmarks = boxes[:, None, :2] + _USUAL * (boxes[:, 2:] - boxes[:, :2])[:, None]
    return Faces(boxes, landmarks, scores[rows])
