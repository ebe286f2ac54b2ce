"""A picture in halves of halves, to scale it down at little cost.

Williams 1983, "Pyramidal Parametrics": from the nearest larger one of a series of halved pictures, linear
interpolation is enough for any size, since no pixel is skipped when less than two become one.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from workers.models.detection import BgrImage


class Pyramid:
    """One picture and what is halved of it, which is made when it is asked for.

    Args:
        image_bgr: uint8 (H, W, 3).
    """

    def __init__(self, image_bgr: BgrImage) -> None:
        self._levels = [image_bgr]

    def nearest(self, shrinkage: float) -> tuple[BgrImage, int]:
        """The smallest halved picture that is still to be made smaller.

        Args:
            shrinkage: How many pixels of the picture are to become one, in one direction.

        Returns:
            uint8 (H', W', 3), and how many pixels of the picture one of it is, a power of two. Pixels at the
            right and at the bottom that make no whole one are left out.
        """
        level = int(math.log2(max(shrinkage, 1)))
        while len(self._levels) <= level:
            last = self._levels[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            if min(height, width) == 0:
                break
            # Of an even number of pixels: OpenCV is far quicker when it halves exactly.
            even = last[: 2 * height, : 2 * width]
            half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.uint8))
        level = min(level, len(self._levels) - 1)
        return self._levels[level], 1 << level
