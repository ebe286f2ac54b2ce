"""What a face detector finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

BgrImage = npt.NDArray[np.uint8]


def read_only(
    array: npt.ArrayLike, dtype: npt.DTypeLike, shape: tuple[int, ...], what: str
) -> npt.NDArray[np.float32]:
    """A read-only copy of `array` in `dtype`, checked against `shape`.

    Raises:
        ValueError: If the shape differs; the message reports both.
    """
    result = np.array(array, dtype=dtype)
    if result.shape != shape:
        raise ValueError(f"{what} has shape {result.shape}, expected {shape}")
    result.setflags(write=False)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face in one picture.

    Attributes:
        box_xyxy: float32 (4,), px: left, top, right, bottom; may reach over the picture's edge.
        landmarks: float32 (5, 2), px, x before y: the eye on the left of the picture, the eye on the
            right, nose, left and right corner of the mouth.
        score: Probability of being a face, in [0, 1].
    """

    box_xyxy: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    score: float

    def __post_init__(self) -> None:
        """Check and freeze the arrays."""
        object.__setattr__(self, "box_xyxy", read_only(self.box_xyxy, np.float32, (4,), "box_xyxy"))
        object.__setattr__(self, "landmarks", read_only(self.landmarks, np.float32, (5, 2), "landmarks"))


class FaceDetector(Protocol):
    """Finds faces in pictures."""

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Faces of at least `min_face_px` (side of the box) in each of several pictures.

        They share calls of a network where the file allows it and the device gains by it.
        """
        ...

    def refine(self, image_bgr: BgrImage, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
        """Look again only near some boxes, shape (N, 4): a detection for each, or None where no face is."""
        ...
