"""Zones and masks drawn into a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from storage.polygon import Polygon

# Colour-blind people tell these two apart.
_ZONE_BGR = (178, 114, 0)
_MASK_BGR = (0, 94, 213)
_OPACITY = 0.35


def with_areas(
    image_bgr: npt.NDArray[np.uint8], zones: Sequence[Polygon], masks: Sequence[Polygon]
) -> npt.NDArray[np.uint8]:
    """A copy of a picture with zones outlined in blue and masks filled in orange.

    Args:
        image_bgr: uint8 (H, W, 3).
        zones: Shares of width and height.
        masks: The same.
    """
    drawn = image_bgr.copy()
    height, width = drawn.shape[:2]
    scale = np.array([width - 1, height - 1])

    def corners(area: Polygon) -> npt.NDArray[np.int32]:
        points: npt.NDArray[np.int32] = np.rint(np.array(area) * scale).astype(np.int32)
        return points

    for mask in masks:
        filled = drawn.copy()
        cv2.fillPoly(filled, [corners(mask)], _MASK_BGR)
        cv2.addWeighted(filled, _OPACITY, drawn, 1 - _OPACITY, 0, dst=drawn)
        cv2.polylines(drawn, [corners(mask)], isClosed=True, color=_MASK_BGR, thickness=2)
    for zone in zones:
        cv2.polylines(drawn, [corners(zone)], isClosed=True, color=_ZONE_BGR, thickness=2)
    return drawn
