"""The same moment as a frame shows, in a larger picture."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

# Sub-streams are a little squeezed, as sides of encoders are multiples of 16: 640x352 of 1920x1080.
_ASPECT_TOLERANCE = 0.03


class Detail:
    """A picture of the same moment and scene as a frame, with more pixels; converted when it is asked for.

    The two need not show quite the same moment: what moves may lie a little elsewhere in it. For one thread.

    Args:
        size_px: Width and height of what `convert` gives.
        convert: Gives the picture, uint8 (H, W, 3), upright, blue first; None where it is damaged.

    Attributes:
        width_px: Width.
        height_px: Height.
    """

    def __init__(self, size_px: tuple[int, int], convert: Callable[[], npt.NDArray[np.uint8] | None]) -> None:
        self.width_px, self.height_px = size_px
        self._convert: Callable[[], npt.NDArray[np.uint8] | None] | None = convert
        self._image_bgr: npt.NDArray[np.uint8] | None = None

    def image_bgr(self) -> npt.NDArray[np.uint8] | None:
        """The picture: uint8 (H, W, 3), read-only; None where it is damaged."""
        if self._convert is not None:
            # The decoded picture goes with it.
            self._image_bgr, self._convert = self._convert(), None
            if self._image_bgr is not None:
                self._image_bgr.flags.writeable = False
        return self._image_bgr


def misfit(frame_px: tuple[int, int], detail_px: tuple[int, int]) -> str:
    """Why a picture can't show more of what a frame shows, in words; "" if it can.

    Args:
        frame_px: Width and height of the frame.
        detail_px: Those of the picture.
    """
    (width, height), (detail_width, detail_height) = frame_px, detail_px
    sizes = f"the main stream has {detail_width}x{detail_height}, the sub-stream {width}x{height}"
    if detail_width < width and detail_height < height:
        return f"{sizes}: exchange the two URLs, or leave the sub-stream away"
    if detail_width <= width or detail_height <= height:
        return f"{sizes}: leave the sub-stream away, or make it smaller"
    aspect = (detail_width / detail_height) / (width / height)
    if abs(aspect - 1) > _ASPECT_TOLERANCE:
        return f"{sizes}: set both to the same aspect ratio, so that they show the same"
    return ""
