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
# Outer rows and columns whose luminance varies by so little (standard deviation) in both pictures are bars:
# of a wide film, of a phone held upright. Their edges stay where they are at any cut.
_UNIFORM = 4.0
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
        self._grey_before: FloatArray | None = None
        self.distance = 0.0

    def is_cut(self, image_bgr: npt.NDArray[np.uint8]) -> bool:
        """Whether a cut lies between the last frame and this one.

        Also sets `distance`, in [0, 1].

        Args:
            image_bgr: uint8 (H, W, 3).
        """
        small = _small(image_bgr)
        now, grey = _histogram_roots(small), cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        before, self._before = self._before, now
        grey_before, self._grey_before = self._grey_before, grey
        if before is None or grey_before is None:
            return False
        # Bhattacharyya (Hellinger) distance of each cell.
        distances = np.sqrt(np.clip(1 - (before * now).sum(axis=1), 0, 1))
        self.distance = float(distances.mean())
        return self.distance > self._threshold and _likeness(grey_before, grey) < _SAME_VIEW


def _small(image_bgr: npt.NDArray[np.uint8]) -> cv2.typing.MatLike:
    """The picture in 64x36 pixels."""
    image: cv2.typing.MatLike = image_bgr
    while image.shape[1] >= _HALVED_FROM_PX and image.shape[0] > 1:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image[: half[1] * 2, : half[0] * 2], half, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, _SIZE_PX, interpolation=cv2.INTER_AREA)


def _likeness(before: FloatArray, now: FloatArray) -> float:
    """How much alike what is seen where is, whatever the light; 1 for the same, about 0 for something else.

    Args:
        before: Luminance of a picture (36, 64).
        now: That of another one.
    """
    rows = _inside(before.std(axis=1), now.std(axis=1))
    before, now = before[rows], now[rows]
    columns = _inside(before.std(axis=0), now.std(axis=0))
    return float((_view(before[:, columns]) * _view(now[:, columns])).sum())


def _inside(before: FloatArray, now: FloatArray) -> slice:
    """Which rows are between bars, of the standard deviation of each in both pictures."""
    varied = np.flatnonzero((before > _UNIFORM) | (now > _UNIFORM))
    if len(varied) <= 2:
        return slice(None)
    first, end = int(varied[0]), int(varied[-1]) + 1
    # What is beside a bar is mixed with it.
    return slice(first + (first > 0), end - (end < len(before)))


def _view(grey: FloatArray) -> FloatArray:
    """Luminance without its course over the picture, of length 1."""
    edges = grey - cv2.GaussianBlur(np.ascontiguousarray(grey), (0, 0), _COURSE_PX)
    return np.asarray(edges / max(float(np.linalg.norm(edges)), 1.0), np.float32)


def _histogram_roots(small: cv2.typing.MatLike) -> npt.NDArray[np.float64]:
    """Square roots of the colour histograms of all cells, each with the sum 1: (cells, bins)."""
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    bins = _FIRST_BIN + sum(table[hsv[..., channel]] for channel, table in enumerate(_TABLES))
    counts = np.bincount(bins.ravel(), minlength=_ROWS * _COLUMNS * _ALL_BINS)
    counts = counts.reshape(_ROWS * _COLUMNS, _ALL_BINS)
    return np.asarray(np.sqrt(counts / counts.sum(axis=1, keepdims=True)))
