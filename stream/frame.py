"""One picture on its way from a source to the face detector."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.detail import Detail
from stream.errors import InvalidFrameError


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture with its place in its source and in time.

    The array is made read-only: frames are shared between threads.

    Attributes:
        source_id: The source that the picture comes from.
        index: Frames of the source before this one, from 0; 0 for a photo.
        media_s: Presentation time in seconds from the source's start; 0.0 for a photo.
        captured_at_s: Unix time of the capture in seconds, None if it isn't known.
        image_bgr: uint8 (H, W, 3), C-contiguous, upright, blue first, 0..255.
        detail: The same moment with more pixels, of the same aspect ratio; None without such a picture.

    Raises:
        InvalidFrameError: If `image_bgr` is not a contiguous, non-empty uint8 array of that shape.
    """

    source_id: str
    index: int
    media_s: float
    captured_at_s: float | None
    image_bgr: npt.NDArray[np.uint8]
    detail: Detail | None = None

    def __post_init__(self) -> None:
        image = self.image_bgr
        where = f"frame {self.index} of {self.source_id!r}"
        if image.dtype != np.uint8:
            raise InvalidFrameError(
                f"{where}: image_bgr has dtype {image.dtype}, expected uint8; convert it first",
                self.source_id,
            )
        if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise InvalidFrameError(
                f"{where}: image_bgr has shape {image.shape}, expected (height, width, 3) with no side 0",
                self.source_id,
            )
        if not image.flags.c_contiguous:
            raise InvalidFrameError(
                f"{where}: image_bgr has strides {image.strides}, expected C-contiguous memory; "
                "pass it through numpy.ascontiguousarray",
                self.source_id,
            )
        image.flags.writeable = False
