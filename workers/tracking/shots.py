"""Shot cuts between sampled frames."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

_SIZE_PX = (64, 36)
# Halving takes OpenCV a fraction of the time of any other factor; smaller pictures are scaled down at once.
_HALVED_FROM_PX = 1280
_ROWS, _COLUMNS = 3, 4  # cells with a histogram of their own
# Bins of hue, saturation and value, and the first value beyond the highest bin.
_BINS, _ENDS = (8, 4, 4), (180, 256, 256)
# Two views that are so much alike are one in two lights. At true cuts of TV scenes they are alike by 0.4 at
# most, and mostly by 0.2.
_SAME_VIEW = 0.7
# How far light varies over a picture of that size, as sigma of a Gaussian.
_COURSE_PX = 8.0
_ALL_BINS = _BINS[0] * _BINS[1] * _BINS[2]


def _bin_tables() -> list[npt.NDArray[np.intp]]:
    """What each value of a channel adds to the number of a bin, three times (256,)."""
    steps = (_BINS[1] * _BINS[2], _BINS[2], 1)
    values = np.arange(256)
    return [
        (np.minimum(values * count // end, count - 1) * step).astype(np.intp)
        for count, end, step in zip(_BINS, _ENDS, steps, strict=True)
    ]


_TABLES = _bin_tables()
# The first bin of the cell that each pixel is in, (36, 64).
_FIRST_BIN = _ALL_BINS * (
    np.arange(_SIZE_PX[1])[:, None] * _ROWS // _SIZE_PX[1] * _COLUMNS
    + np.arange(_SIZE_PX[0]) * _COLUMNS // _SIZE_PX[0]
)


class ShotDetector:
    """Tells when a frame belongs to another shot than the frame before it.

    Colour histograms of a grid of cells are compared: motion inside a shot moves little colour between
    cells, a cut changes most cells at once. So does light that is switched, a flash, or a camera that goes
    over to infrared; but there what is seen stays where it was, which is no cut.

    Args:
        threshold: Mean Bhattacharyya distance of the cells, in [0, 1], from which on it is a cut.
    """

    def __init__(self, threshold: float = 0.36) -> None:
        self._threshold = threshold
        self._before: npt.NDArray[np.float64] | None = None
        self._view_before: FloatArray | None = None
        self.distance = 0.0

    def is_cut(self, image_bgr: npt.NDArray[np.uint8]) -> bool:
        """Whether a cut lies between the last frame and this one.

        Also sets `distance`, in [0, 1].

        Args:
            image_bgr: uint8 (H, W, 3).
        """
        small = _small(image_bgr)
        now, view = _histogram_roots(small), _view(small)
        before, self._before = self._before, now
        view_before, self._view_before = self._view_before, view
        if before is None or view_before is None:
            return False
        # Bhattacharyya (Hellinger) distance of each cell.
        distances = np.sqrt(np.clip(1 - (before * now).sum(axis=1), 0, 1))
        self.distance = float(distances.mean())
        return self.distance > self._threshold and float((view * view_before).sum()) < _SAME_VIEW


def _small(image_bgr: npt.NDArray[np.uint8]) -> cv2.typing.MatLike:
    """The picture in 64x36 pixels."""
    image: cv2.typing.MatLike = image_bgr
    while image.shape[1] >= _HALVED_FROM_PX and image.shape[0] > 1:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image[: half[1] * 2, : half[0] * 2], half, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, _SIZE_PX, interpolation=cv2.INTER_AREA)


def _view(small: cv2.typing.MatLike) -> FloatArray:
    """What is seen where, whatever the light: luminance without its course over the picture, of length 1."""
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    edges = grey - cv2.GaussianBlur(grey, (0, 0), _COURSE_PX)
    return np.asarray(edges / max(float(np.linalg.norm(edges)), 1.0), np.float32)


def _histogram_roots(small: cv2.typing.MatLike) -> npt.NDArray[np.float64]:
    """Square roots of the colour histograms of all cells, each with the sum 1: (cells, bins)."""
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    bins = _FIRST_BIN + sum(table[hsv[..., channel]] for channel, table in enumerate(_TABLES))
    counts = np.bincount(bins.ravel(), minlength=_ROWS * _COLUMNS * _ALL_BINS)
    counts = counts.reshape(_ROWS * _COLUMNS, _ALL_BINS)
    return np.asarray(np.sqrt(counts / counts.sum(axis=1, keepdims=True)))
