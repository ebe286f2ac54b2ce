"""Frames as JPEG, on their way from where a camera is read to where its faces are found."""

from __future__ import annotations

import io

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from stream.video_info import MAX_VIDEO_PIXELS

_LONGEST_PX = 65_500
_END = b"\xff\xd9"


def encoded(image_bgr: npt.NDArray[np.uint8], quality: int) -> bytes:
    """A picture as JPEG.

    Args:
        image_bgr: uint8 (H, W, 3).
        quality: 1 to 100.

    Raises:
        ValueError: If a side is too long for JPEG.
    """
    height_px, width_px = image_bgr.shape[:2]
    if max(height_px, width_px) > _LONGEST_PX:
        raise ValueError(f"it has {width_px}x{height_px} pixels, of which no JPEG can be made")
    return cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def decoded(data: bytes, max_pixels: int = MAX_VIDEO_PIXELS) -> npt.NDArray[np.uint8]:
    """The picture of a JPEG, uint8 (H, W, 3).

    Args:
        data: The whole file.
        max_pixels: Largest width times height, looked at before anything is decoded.

    Raises:
        ValueError: If it is none, is cut off, or is too large.
    """
    try:
        width_px, height_px = JpegImagePlugin.JpegImageFile(io.BytesIO(data)).size
    except (SyntaxError, OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError("it is no JPEG") from error
    if width_px * height_px > max_pixels:
        raise ValueError(f"it has {width_px}x{height_px} pixels, allowed are {max_pixels:,}")
    if not data.endswith(_END):
        raise ValueError("it is cut off")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise ValueError("it can't be decoded")
    return np.asarray(image, np.uint8)
