"""Geometry of boxes, vectorised. Boxes are (left, top, right, bottom) in px."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def iou_matrix(a: FloatArray, b: FloatArray) -> FloatArray:
    """Intersection over union of every box of `a` (N, 4) with every box of `b` (M, 4): (N, M) in [0, 1]."""
    shared = (np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])).clip(0)
    intersection = shared.prod(axis=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).clip(0).prod(axis=1) for box in (a, b))
    union = area_a[:, None] + area_b[None] - intersection
    result: FloatArray = np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)
    return result


def centres(boxes: FloatArray) -> FloatArray:
    """Centres (N, 2) of boxes (N, 4)."""
    middle: FloatArray = (boxes[:, :2] + boxes[:, 2:]) * np.float32(0.5)
    return middle


def sides(boxes: FloatArray) -> FloatArray:
    """Geometric mean (N,) of width and height of boxes (N, 4); 0 for boxes turned inside out."""
    result: FloatArray = np.sqrt((boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1))
    return result
