"""What is seen of a face and right around it, and how much of that changed from one frame to the next."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

GreyImage = npt.NDArray[np.uint8]

# A face with its hair and a little of what is behind it.
_REACH = 1.5
_SIDE_PX = 24
# Of a larger picture so many pixels a side tell as much as all of them.
_READ_PX = 120
# Grey levels that noise and compression change: where there is no more contrast, nothing has changed.
_NOISE = 4.0

CHANGED = 0.5
"""A change from which on it may be somebody else: a cut nearly always has it, a turn of the head rarely."""


def close_up(image_bgr: npt.NDArray[np.uint8], box_xyxy: npt.NDArray[np.float32]) -> GreyImage:
    """A small grey picture of a face and what is right around it, whatever its size.

    Args:
        image_bgr: uint8 (H, W, 3).
        box_xyxy: float32 (4,), px; what is beyond the picture is left out.

    Returns:
        uint8 (24, 24).
    """
    height, width = image_bgr.shape[:2]
    middle, half = (box_xyxy[:2] + box_xyxy[2:]) / 2, (box_xyxy[2:] - box_xyxy[:2]) * _REACH / 2
    low = np.rint(middle - half).astype(int)
    high = np.maximum(np.rint(middle + half).astype(int), low + 1)
    # At least a pixel of the picture, also of a box beside it.
    inside_low = np.clip(low, 0, [width - 1, height - 1])
    inside_high = np.clip(high, inside_low + 1, [width, height])
    (left, top), (right, bottom) = inside_low.tolist(), inside_high.tolist()
    step = max(min(bottom - top, right - left) // _READ_PX, 1)
    part: cv2.typing.MatLike = image_bgr[top:bottom:step, left:right:step]
    small = cv2.resize(part, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def change(before: GreyImage, after: GreyImage) -> float:
    """How much two close-ups differ, as a share of their contrast: about 1 where they have nothing in common.

    Args:
        before: uint8 (24, 24), see `close_up`.
        after: Likewise.

    Returns:
        Mean absolute difference over the mean of both standard deviations, 0 or more.
    """
    contrast = (float(before.std()) + float(after.std())) / 2 + _NOISE
    return float(cv2.absdiff(before, after).mean()) / contrast
