"""Boxes (left, top, right, bottom) in px that a detector answers with: which are boxes, and which to keep."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


def sane(boxes: FloatArray, landmarks: FloatArray) -> npt.NDArray[np.bool_]:
    """Which answers, of shapes (N, 4) and (N, 5, 2), are boxes at all: finite, and not inside out."""
    finite = np.isfinite(boxes).all(axis=1) & np.isfinite(landmarks).all(axis=(1, 2))
    return np.asarray(finite & (boxes[:, 2:] - boxes[:, :2] >= 1.0).all(axis=1), np.bool_)


def suppress(boxes: FloatArray, scores: FloatArray, overlap: float, border_px: float) -> IntArray:
    """Greedy non-maximum suppression by intersection over union.

    Args:
        boxes: float32 (N, 4).
        scores: float32 (N,).
        overlap: Boxes that overlap a better one by more than this are dropped.
        border_px: Added to every length: 1 where the last pixel counts as part of the box.

    Returns:
        Indices of those that are kept, best score first.
    """
    order = np.argsort(-scores, kind="stable")
    size = boxes[:, 2:] - boxes[:, :2] + np.float32(border_px)
    area = size[:, 0] * size[:, 1]
    kept: list[int] = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(int(best))
        if len(order) == 0:
            break
        shared = np.minimum(boxes[best, 2:], boxes[order, 2:]) - np.maximum(boxes[best, :2], boxes[order, :2])
        inside = np.maximum(shared + np.float32(border_px), 0).prod(axis=1)
        order = order[inside / (area[best] + area[order] - inside) <= overlap]
    return np.asarray(kept, np.intp)
