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


class Shown(Protocol):
    """A picture that was shown to a detector, and can be asked about."""

    def detect(self, min_face_px: float) -> list[Detection]:
        """Its faces, as `FaceDetector.detect` finds them."""
        ...

    def refine(self, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
        """Its faces near some boxes, as `FaceDetector.refine` finds them."""
        ...


class FaceDetector(Protocol):
    """Finds faces in pictures.

    A network that looks at the whole of a picture whatever is asked of it can be shown several together,
    before it is known what is to be asked of each: by `show`, where `at_once` is more than 1.
    """

    @property
    def at_once(self) -> int:
        """So many pictures are best shown together; 1 where nothing is gained by it."""
        return 1

    def show(self, images_bgr: Sequence[BgrImage]) -> Sequence[Shown]:
        """Show several pictures, of any sizes and sources, to ask about each of them later."""
        return [Unseen(self, image) for image in images_bgr]

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        """Faces of at least `min_face_px` (side of the box) in each of several pictures.

        They share calls of a network where the file allows it and the device gains by it.
        """
        ...

    def refine(self, image_bgr: BgrImage, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
        """Look again only near some boxes, shape (N, 4): a detection for each, or None where no face is."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """A picture that a detector looks at when it is asked about it; implements `Shown`.

    Attributes:
        detector: The detector.
        image_bgr: uint8 (H, W, 3).
    """

    detector: FaceDetector
    image_bgr: BgrImage

    def detect(self, min_face_px: float) -> list[Detection]:
        """Look at the whole picture."""
        return self.detector.detect([self.image_bgr], min_face_px)[0]

    def refine(self, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
        """Look near the boxes."""
        return self.detector.refine(self.image_bgr, boxes_xyxy)
