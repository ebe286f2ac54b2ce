"""A picture in halves of halves, to scale it down at little cost."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage

# A level is used where two of its pixels or more become one: what came out of a smaller one would be smaller
# than the 12 px that the first network looks at.
_LEAST_PX = 24
# From this share on fewer pixels are a smaller picture.
_SMALLER = 1.1


class Pyramid:
    """One picture and what is halved of it.

    Williams 1983, "Pyramidal Parametrics". What is made of the mean of all pixels (OpenCV's INTER_AREA) takes
    as long as there are pixels; halving is quick. Out of a halved picture of which two pixels or more become
    one, it differs by less than if the picture had been taken a pixel beside.

    Args:
        image_bgr: uint8 (H, W, 3).
        halved: Whether there are levels below the picture itself.

    Attributes:
        levels: uint8 (H', W', 3) each; a pixel of number n is 2^n pixels of the picture wide and high. Where
            those don't come out even, the last row or column counts as if it went on.
    """

    def __init__(self, image_bgr: BgrImage, *, halved: bool = True) -> None:
        self.levels = [image_bgr]
        while halved and min(self.levels[-1].shape[:2]) >= 2 * _LEAST_PX:
            self.levels.append(half(self.levels[-1]))

    def halvings(self, shrinkage: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """The number of the smallest level of which two pixels or more are to become one, or 0.

        Args:
            shrinkage: How many pixels of the picture are to become one, in one direction; of any shape. A
                damaged network may want anything.
        """
        return np.minimum(halvings(shrinkage), len(self.levels) - 1)


def halvings(shrinkage: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """How often a picture can be halved so that two pixels or more are left to become one.

    Args:
        shrinkage: How many pixels are to become one, in one direction; of any shape. NaN counts as one.
    """
    _, exponents = np.frexp(np.nan_to_num(np.maximum(shrinkage, 1.0), nan=1.0))
    return np.asarray(np.maximum(exponents - 2, 0), np.intp)


def halved(image_bgr: BgrImage, times: int) -> BgrImage:
    """A picture halved so often: a level of `Pyramid` alone."""
    for _ in range(times):
        image_bgr = half(image_bgr)
    return image_bgr


def scaled(image_bgr: BgrImage, size_px: tuple[int, int]) -> BgrImage:
    """A picture in another size: each pixel the mean of those that it stands for, or between its neighbours.

    Args:
        image_bgr: uint8 (H, W, 3).
        size_px: Width and height.

    Returns:
        uint8 of that size.
    """
    columns, rows = size_px
    height, width = image_bgr.shape[:2]
    # As long as nothing is left over, which would stretch it, and two pixels or more are left to become one.
    while width >= 4 * columns and height >= 4 * rows and not (width % 2 or height % 2):
        image_bgr, width, height = half(image_bgr), width // 2, height // 2
    # A side that is rounded to a few pixels less is no reason to blur.
    way = cv2.INTER_AREA if width * height > _SMALLER * columns * rows else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image_bgr, size_px, interpolation=way), np.uint8)


def half(image_bgr: BgrImage) -> BgrImage:
    """A picture of half the size; where that doesn't come out even, the last row or column counts twice.

    Args:
        image_bgr: uint8 (H, W, 3).
    """
    height, width = image_bgr.shape[:2]
    if height % 2 or width % 2:
        # Of an even number of pixels: OpenCV is far quicker when it halves exactly.
        edges = 0, height % 2, 0, width % 2
        image_bgr = np.asarray(cv2.copyMakeBorder(image_bgr, *edges, cv2.BORDER_REPLICATE), np.uint8)
        height, width = image_bgr.shape[:2]
    smaller = cv2.resize(image_bgr, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)
