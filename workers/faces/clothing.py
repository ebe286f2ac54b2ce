"""The colours below a face: who wears what, for as long as nobody changes.

Clothing as context for recognising people in one video goes back to Everingham, Sivic and Zisserman 2006,
"Hello! My name is... Buffy". Across sources it says something as far as they may show one occasion.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage

_BINS = (12, 5, 6)  # hue, saturation, value
SIZE = 12 * 5 * 6
# Smaller patches are mostly noise and compression.
_LEAST_AREA_PX = 100


def clothing_histogram(
    image_bgr: BgrImage, box_xyxy: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32] | None:
    """Colour histogram of the chest below a face.

    Args:
        image_bgr: uint8 (H, W, 3).
        box_xyxy: float32 (4,), px: the face.

    Returns:
        float32 (360,) with sum 1, or None where the picture ends below the chin.
    """
    x1, y1, x2, y2 = (float(value) for value in box_xyxy)
    width, height, centre = x2 - x1, y2 - y1, (x1 + x2) / 2
    left, right = max(int(centre - 1.1 * width), 0), max(int(centre + 1.1 * width), 0)
    top, bottom = max(int(y2 + 0.35 * height), 0), max(int(y2 + 1.9 * height), 0)
    patch = image_bgr[top:bottom, left:right]
    area = patch.shape[0] * patch.shape[1]
    if area < _LEAST_AREA_PX:
        return None
    # Colours need no detail: a bounded number of pixels keeps large faces as cheap as small ones.
    step = max(1, int(np.sqrt(area / 4096)))
    hsv = cv2.cvtColor(np.ascontiguousarray(patch[::step, ::step]), cv2.COLOR_BGR2HSV)
    histogram = cv2.calcHist([hsv], [0, 1, 2], None, list(_BINS), [0, 180, 0, 256, 0, 256]).ravel()
    return np.asarray(histogram / histogram.sum(), np.float32)
