"""Pixels of an opened photo, as all that looks at pictures wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

# So many pixels are put on paper and have their channels put in order at a time: a photo of 100 megapixels
# takes four times its memory otherwise.
_AT_ONCE = 16_000_000

# Modes that would lose their meaning in 8 bits without knowing the range of their values.
_UNSCALED_MODES = ("I", "F")
_LEAST_BITS, _MOST_BITS = 8, 16
# Where the highest value leaves so many bits free, it is a sensor's: they have 10, 12 or 14 bits.
_FREE_BITS = 2

# Tags of TIFF, and what they say of a reduced picture, of negatives, and of channels one after the other.
_SUBFILE_TYPE, _BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANES, _INNER, _DNG = 254, 258, 262, 284, 330, 50706
_REDUCED, _WHITE_IS_ZERO, _SEPARATE = 1, 0, 2


def unusable(photo: Image.Image) -> str:
    """Why the pixels of a photo can't be had as they are meant, or empty.

    Args:
        photo: Opened, and perhaps not loaded yet.

    Returns:
        The end of a sentence that begins with its name.
    """
    tags = _tags(photo)
    if _DNG in tags or (_INNER in tags and tags.get(_SUBFILE_TYPE, 0) & _REDUCED):
        return "is a camera's raw file, of which nothing but a small preview could be looked at"
    if photo.mode == "RGB" and tags.get(_PLANES) == _SEPARATE and max(tags.get(_BITS_PER_SAMPLE, (8,))) > 8:
        return "keeps its colours apart with 16 bits each, which is not read"
    if photo.mode in _UNSCALED_MODES and not _is_deep_grey(photo):
        return "has 32-bit values per pixel, whose range isn't known"
    return ""


def bgr_of(photo: Image.Image) -> npt.NDArray[np.uint8]:
    """The pixels of a photo that is usable.

    Transparent parts become white, as on paper. Grey of more than 8 bits is scaled to 8: by the depth that
    the file names, or by the bits that are in use where the upper ones of 16 never are. Colour profiles are
    not applied.

    Args:
        photo: Loaded, and upright.

    Returns:
        uint8 (H, W, 3), BGR.
    """
    width_px, height_px = photo.size
    rows = max(1, _AT_ONCE // width_px)
    if _is_deep_grey(photo):
        grey = np.asarray(photo)
        levels = _levels(photo, int(grey.max()))
        image_bgr = np.empty((height_px, width_px, 3), np.uint8)
        for top in range(0, height_px, rows):
            image_bgr[top : top + rows] = levels[grey[top : top + rows], None]
        return image_bgr
    if rows >= height_px:
        return _on_paper(photo)
    image_bgr = np.empty((height_px, width_px, 3), np.uint8)
    for top in range(0, height_px, rows):
        bottom = min(top + rows, height_px)
        image_bgr[top:bottom] = _on_paper(photo.crop((0, top, width_px, bottom)))
    return image_bgr


def _on_paper(part: Image.Image) -> npt.NDArray[np.uint8]:
    if part.has_transparency_data:
        layer = part.convert("RGBA")
        part = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    if part.mode != "RGB":
        part = part.convert("RGB")
    # Pillow swaps the colours on the way out, for nothing.
    return np.frombuffer(part.tobytes("raw", "BGR"), np.uint8).reshape(part.height, part.width, 3)


def _tags(photo: Image.Image) -> Mapping[int, Any]:
    return photo.tag_v2 if isinstance(photo, TiffImagePlugin.TiffImageFile) else {}


def _is_deep_grey(photo: Image.Image) -> bool:
    # Pillow scales what PGM has of more than 8 bits to 16, and calls it 32.
    return photo.mode.startswith("I;16") or (photo.mode == "I" and photo.format == "PPM")


def _levels(photo: Image.Image, highest: int) -> npt.NDArray[np.uint8]:
    """What each value of 16 bits is in 8, uint8 (65536,), where none is above the highest."""
    tags = _tags(photo)
    (bits, *_) = tags.get(_BITS_PER_SAMPLE, (_MOST_BITS,))
    negative = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    used = highest.bit_length()
    if not negative and used <= bits - _FREE_BITS:
        bits = max(used, _LEAST_BITS)
    most = (1 << int(bits)) - 1
    values = np.arange(1 << _MOST_BITS, dtype=np.uint32)
    levels = np.minimum((values * 255 + most // 2) // most, 255).astype(np.uint8)
    return 255 - levels if negative else levels
