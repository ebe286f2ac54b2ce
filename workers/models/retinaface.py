"""Decoding of RetinaFace.

Deng et al. 2020, "RetinaFace: Single-Shot Multi-Level Face Localisation in the Wild". Models in ONNX are of
two kinds: those of insightface answer as SCRFD does; those of the PyTorch implementation, which are more
common, with shifts of prior boxes (Liu et al. 2016, "SSD: Single Shot MultiBox Detector").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from workers.models.grid import Faces, FloatArray, LayoutError
from workers.models.scrfd import decode_scrfd

_STRIDES_PX = (8, 16, 32)
_SIDES_PX = ((16, 32), (64, 128), (256, 512))
# How far a shift or growth of 1 goes, in sides of the prior box.
_SHIFT = np.float32(0.1)
_GROWTH = np.float32(0.2)


def decode_retinaface(
    outputs: Sequence[FloatArray], height_px: int, width_px: int, threshold: float
) -> Faces:
    """Faces of one picture.

    Args:
        outputs: Shifts of the boxes (R, 4), probabilities of background and face (R, 2), shifts of the
            landmarks (R, 10), in any order; or those of SCRFD.
        height_px: Height of the network's input.
        width_px: Its width.
        threshold: Least probability.

    Raises:
        LayoutError: If the outputs are others.
    """
    by_columns = {output.shape[1]: output for output in outputs}
    if 2 not in by_columns:
        return decode_scrfd(outputs, height_px, width_px, threshold)
    priors = _priors(height_px, width_px)
    shapes = ", ".join("x".join(map(str, output.shape)) for output in outputs)
    if sorted(by_columns) != [2, 4, 10] or any(len(output) != len(priors) for output in outputs):
        raise LayoutError(f"has outputs of {shapes} and should have {len(priors)}x4, x2 and x10")
    scores = by_columns[2][:, 1]
    rows = np.flatnonzero(scores >= threshold)
    centres, sides = priors[rows, :2], priors[rows, 2:]
    middle = centres + by_columns[4][rows, :2] * _SHIFT * sides
    half = sides * np.exp(by_columns[4][rows, 2:] * _GROWTH) / 2
    shifts = by_columns[10][rows].reshape(-1, 5, 2)
    landmarks = centres[:, None] + shifts * _SHIFT * sides[:, None]
    return Faces(np.concatenate([middle - half, middle + half], axis=1), landmarks, scores[rows])


@lru_cache(maxsize=16)
def _priors(height_px: int, width_px: int) -> FloatArray:
    """Centre and sides of all prior boxes, float32 (R, 4), px."""
    found: list[FloatArray] = []
    for stride, sides in zip(_STRIDES_PX, _SIDES_PX, strict=True):
        rows, columns = -(-height_px // stride), -(-width_px // stride)
        y, x, side = np.meshgrid(np.arange(rows), np.arange(columns), np.array(sides), indexing="ij")
        boxes = np.stack([(x + 0.5) * stride, (y + 0.5) * stride, side, side], axis=-1)
        found.append(boxes.reshape(-1, 4).astype(np.float32))
    return np.concatenate(found)
