"""Decoded pictures, turned into upright 8-bit BGR arrays with square pixels."""

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import SideData, SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from stream.deinterlacer import Deinterlacer
from stream.orientation import Orientation

# Pixels that are this close to square are shown as they are; such far off it is a wrong entry in the file.
_SQUARE_TOLERANCE = 0.02
_STRANGEST_ASPECT = 4.0


class BgrConverter:
    """Converts the pictures of one stream; keep it for the whole stream, its tables are costly to build.

    Args:
        pixel_aspect: Width by height of one stored pixel, None if unknown.
    """

    def __init__(self, pixel_aspect: Fraction | None) -> None:
        self._pixel_aspect = pixel_aspect
        self._reformatter = VideoReformatter()
        self._deinterlacer = Deinterlacer()

    def image_bgr(self, picture: VideoFrame) -> npt.NDArray[np.uint8]:
        """Convert one picture; its size and pixel format may differ from the one before.

        Of an interlaced one in which something moves from field to field, the upper field is taken.

        Returns:
            uint8 (H, W, 3), C-contiguous.
        """
        width_px, height_px = square_size_px(picture, self._pixel_aspect)
        shown = self._deinterlacer.progressive(picture) if picture.interlaced_frame else picture
        # More threads make swscale slower: 650 instead of 1,280 frames/s at 640x360 on two cores.
        converted = self._reformatter.reformat(shown, width_px, height_px, "bgr24", threads=1)
        image = cast("npt.NDArray[np.uint8]", converted.to_ndarray())
        return orientation_of(picture).apply(image)


def square_size_px(picture: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height of the picture as stored, with the side stretched that makes its pixels square.

    Old television formats store faces up to 1.4 times too narrow or too wide. No side is shrunk, so no detail
    is lost.

    Args:
        picture: The decoded picture.
        pixel_aspect: Width by height of one stored pixel; None and implausible values count as square.
    """
    aspect = 1.0 if pixel_aspect is None else float(pixel_aspect)
    plausible = 1 / _STRANGEST_ASPECT <= aspect <= _STRANGEST_ASPECT
    if not plausible or abs(aspect - 1) <= _SQUARE_TOLERANCE:
        return picture.width, picture.height
    if aspect > 1:
        return round(picture.width * aspect), picture.height
    return picture.width, round(picture.height / aspect)


def shown_size_px(picture: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height of the array that `BgrConverter` makes: with square pixels and upright."""
    width_px, height_px = square_size_px(picture, pixel_aspect)
    return (height_px, width_px) if orientation_of(picture).transpose else (width_px, height_px)


def orientation_of(picture: VideoFrame) -> Orientation:
    """Read from the display matrix how the picture must be turned; upright if it has none."""
    try:
        # Not `picture.side_data`: picture and container would hold each other, and the picture's memory
        # would wait for the garbage collector.
        container = SideDataContainer(picture)  # type: ignore[call-arg]  # not in PyAV's stubs
        items = list(cast("Iterable[SideData]", container))
    except ValueError:
        # PyAV 18.1 refuses the whole list for one item that it doesn't know, such as the EXIF of MJPEG.
        return Orientation.from_rotation(picture.rotation)
    for item in items:
        if item.type is SideDataType.DISPLAYMATRIX:
            return Orientation.from_display_matrix(bytes(item))
    return Orientation()
