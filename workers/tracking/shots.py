"""Shot cuts between sampled frames."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

_SIZE_PX = (64, 36)
_GRID = (3, 4)  # rows and columns of cells with a histogram of their own
_BINS = [8, 4, 4]  # hue, saturation, value


class ShotDetector:
    """Tells when a frame belongs to another shot than the frame before it.

    Colour histograms of a grid of cells are compared: motion inside a shot moves little colour between
    cells, a cut changes most cells at once. A flash changes brightness, but the frame after it looks again
    like the frame before it; tracks are joined again by their faces in that case.

    Args:
        threshold: Mean Bhattacharyya distance of the cells, in [0, 1], from which on it is a cut.
    """

    def __init__(self, threshold: float = 0.36) -> None:
        self._threshold = threshold
        self._before: list[npt.NDArray[np.float32]] | None = None
        self.distance = 0.0

    def is_cut(self, image_bgr: npt.NDArray[np.uint8]) -> bool:
        """Whether a cut lies between the last frame and this one.

        Also sets `distance`, in [0, 1].

        Args:
            image_bgr: uint8 (H, W, 3).
        """
        small = np.asarray(cv2.resize(image_bgr, _SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8)
        hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
        cells = [
            cell
            for row in np.array_split(hsv, _GRID[0], axis=0)
            for cell in np.array_split(row, _GRID[1], axis=1)
        ]
        now = []
        for cell in cells:
            histogram = cv2.calcHist([cell], [0, 1, 2], None, _BINS, [0, 180, 0, 256, 0, 256])
            now.append(np.asarray(cv2.normalize(histogram, histogram, 1.0, 0.0, cv2.NORM_L1), np.float32))
        before, self._before = self._before, now
        if before is None:
            return False
        distances = [
            cv2.compareHist(a, b, cv2.HISTCMP_BHATTACHARYYA) for a, b in zip(before, now, strict=True)
        ]
        self.distance = float(np.mean(distances))
        return self.distance > self._threshold
