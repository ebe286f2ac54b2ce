"""What a network gets to see of a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage
from workers.models.pyramid import Pyramid, halved

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


def blob(images: Sequence[BgrImage] | BgrImage) -> FloatArray:
    """float32 (N, 3, H, W), RGB, (x - 127.5) / 128."""
    blob = cv2.dnn.blobFromImages(list(images), 1 / 128, mean=(127.5, 127.5, 127.5), swapRB=True)
    return np.asarray(blob, np.float32)


def crops(pyramids: Sequence[Pyramid], boxes: FloatArray, owner: IntArray, size_px: int) -> FloatArray:
    """Square crops scaled to the input of a network; grey where a box reaches over the edge.

    Out of halved pictures, where there are any, they are a quarter of a pixel of the input beside at most.

    Args:
        pyramids: The pictures.
        boxes: float32 (N, 4), px; squares.
        owner: intp (N,), the picture of each.
        size_px: Side of the input.

    Returns:
        float32 (N, 3, size_px, size_px), see `blob`.
    """
    # 127.5 is the zero of the networks' input.
    squares = np.full((len(boxes), size_px, size_px, 3), 127, np.uint8)
    for i in np.unique(owner):
        mine = np.flatnonzero(owner == i)
        halvings = pyramids[i].halvings((boxes[mine, 2] - boxes[mine, 0]) / size_px)
        whole = np.rint(boxes[mine] / (1 << halvings)[:, None]).astype(int)
        for k, halving, box in zip(mine, halvings, whole, strict=True):
            fill_square(squares[k], pyramids[i].levels[halving], box)
    return blob(squares)


def fill_square(crop: BgrImage, image: BgrImage, box_xyxy: npt.NDArray[np.int_], halvings: int = 0) -> None:
    """Fill a square with what is inside a box of a picture; what lies over the picture's edge becomes grey.

    Args:
        crop: uint8 (S, S, 3), grey to begin with.
        image: uint8 (H, W, 3).
        box_xyxy: int (4,), px; a square, but for a pixel.
        halvings: How often what is inside is halved before it is scaled; all four are to be whole then still.
    """
    left, top, right, bottom = box_xyxy.tolist()
    height, width = image.shape[:2]
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if x2 - x1 < 1 or y2 - y1 < 1:
        return
    part = halved(image[y1:y2, x1:x2], halvings)
    rows, columns = (bottom - top) >> halvings, (right - left) >> halvings
    above, beside = (y1 - top) >> halvings, (x1 - left) >> halvings
    edges = above, rows - above - part.shape[0], beside, columns - beside - part.shape[1]
    if any(edges):
        part = np.asarray(
            cv2.copyMakeBorder(part, *edges, cv2.BORDER_CONSTANT, value=(127, 127, 127)), np.uint8
        )
    way = cv2.INTER_AREA if rows > len(crop) else cv2.INTER_LINEAR
    cv2.resize(part, crop.shape[:2], dst=crop, interpolation=way)
