"""Photos as a source of one frame."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin

from stream import capture_time, heif
from stream.errors import PhotoTooLargeError, PhotoUnreadableError
from stream.frame import Frame
from stream.local_file import open_local
from stream.mistaken import HEAD_BYTES, mistaken_for_media

MAX_PHOTO_PIXELS = 100_000_000
"""Largest width times height of a photo, unless another limit is given."""

# Pillow also reads formats that start other programs (EPS) or are never photos.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM")
_PREFIX_BYTES = 16

# Of phones and cameras: one picture, with a preview or another view of it behind it.
_WITH_MORE_BEHIND = ("MPO", "HEIF")

# Modes that would lose their meaning in 8 bits without knowing the range of their values.
_UNSCALED_MODES = ("I", "F")
# Tags of TIFF, and what the second says of negatives.
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_WHITE_IS_ZERO = 0


class PhotoFile:
    """A local photo. Implements `FrameSource` and yields exactly one frame.

    The EXIF orientation is applied. Transparent parts become white, as on paper. 16-bit grey is scaled to
    8 bits. Of a file with several pictures (multi-page TIFF, animation) the first one is taken. Colour
    profiles are not applied.

    Attributes:
        path: The file.
        source_id: Name of the source.
        pictures: How many the file holds, once it was read; previews and other views of the same don't count.

    Args:
        path: A local file: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, PNM or, where its decoder is
            installed (`stream.heif`), HEIC, whatever its name ends in.
        source_id: Name of the source, goes into the frame.
        recorded_at_s: Unix seconds of the capture; None: EXIF's DateTimeOriginal with its offset, or in
            this machine's zone where it has none (see `capture_time.from_exif`).
        max_pixels: Largest width times height, checked before anything is decoded.
        still: Whether to refuse files of several pictures, instead of taking the first.

    Raises:
        ValueError: If `max_pixels` is less than 1.
    """

    def __init__(
        self,
        path: Path,
        source_id: str,
        *,
        recorded_at_s: float | None = None,
        max_pixels: int = MAX_PHOTO_PIXELS,
        still: bool = False,
    ) -> None:
        if max_pixels < 1:
            raise ValueError(f"max_pixels is {max_pixels}, expected at least 1")
        self.path = path
        self.source_id = source_id
        self.pictures = 1
        self._recorded_at_s = recorded_at_s
        self._max_pixels = max_pixels
        self._still = still

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield the photo.

        Args:
            stop: If set already, nothing is yielded.

        Raises:
            StreamError: If the file can't be read (see `open_local`).
            PhotoTooLargeError: If it has more than `max_pixels`.
            PhotoUnreadableError: If it is no photo, is cut off or damaged, has 32-bit values per pixel, or
                several pictures where a still one is wanted.
        """
        if stop.is_set():
            return
        with self._content() as file:
            try:
                photo = self._open(file)
                photo.load()
                captured_at_s = self._recorded_at_s
                if captured_at_s is None:
                    captured_at_s = _captured_at_s(photo)
                image_bgr = self._image_bgr(photo)
            except (PhotoUnreadableError, MemoryError):
                raise
            except Exception as error:  # damaged files make Pillow's plugins raise nearly anything
                raise self._unreadable(f"is a damaged or cut-off photo ({error})") from error
        yield Frame(self.source_id, 0, 0.0, captured_at_s, image_bgr)

    def _content(self) -> BinaryIO:
        return open_local(self.path)

    def _open(self, file: BinaryIO) -> Image.Image:
        # Not Image.open: its limit of pixels is a global of the process, with a warning below it.
        Image.init()
        prefix = file.read(_PREFIX_BYTES)
        unreadable_heif = heif.is_heif(prefix) and not heif.is_readable()
        for name in _FORMATS:
            if name not in Image.OPEN:
                continue
            factory, accept = Image.OPEN[name]
            verdict = accept is not None and accept(prefix)
            if not verdict or isinstance(verdict, str):
                continue
            file.seek(0)
            photo = factory(file, "")
            width_px, height_px = photo.size
            if width_px * height_px > self._max_pixels:
                raise PhotoTooLargeError(
                    f"{str(self.path)!r} has {width_px}x{height_px} = {width_px * height_px:,} pixels, "
                    f"allowed are {self._max_pixels:,}; scale it down, or, if you trust the file, allow more "
                    "(facestream run --max-pixels N; in Python max_pixels)",
                    str(self.path),
                )
            if photo.format not in _WITH_MORE_BEHIND:
                self.pictures = getattr(photo, "n_frames", 1)
            if self._still and self.pictures > 1:
                raise PhotoUnreadableError(
                    f"{str(self.path)!r} holds {self.pictures} pictures, an animation or several pages; save "
                    "the one that is meant as JPEG or PNG",
                    str(self.path),
                )
            return photo
        if unreadable_heif:
            raise PhotoUnreadableError(
                f"{str(self.path)!r} is a HEIC photo. {heif.HINT}; or save it as JPEG", str(self.path)
            )
        file.seek(0)
        other = mistaken_for_media(file.read(HEAD_BYTES))
        if other is not None:
            raise PhotoUnreadableError(
                f"{str(self.path)!r} is not a photo but {other.kind}; {other.advice}", str(self.path)
            )
        raise self._unreadable(f"is not a photo in a format that is read ({', '.join(_FORMATS)})")

    def _image_bgr(self, photo: Image.Image) -> npt.NDArray[np.uint8]:
        upright = _upright(photo)
        # Pillow scales what PGM has of more than 8 bits to 16, and calls it 32.
        if upright.mode.startswith("I;16") or (upright.mode == "I" and photo.format == "PPM"):
            levels = _deep_grey(photo, np.asarray(upright).astype(np.uint32))
            return np.ascontiguousarray(np.repeat(levels[:, :, None], 3, axis=2))
        if upright.mode in _UNSCALED_MODES:
            raise self._unreadable("has 32-bit values per pixel, whose range isn't known")
        if upright.has_transparency_data:
            layer = upright.convert("RGBA")
            paper = Image.new("RGBA", layer.size, "white")
            upright = Image.alpha_composite(paper, layer)
        if upright.mode != "RGB":
            upright = upright.convert("RGB")
        # Pillow swaps the colours on the way out, for nothing.
        bgr = np.frombuffer(upright.tobytes("raw", "BGR"), np.uint8)
        return bgr.reshape(upright.height, upright.width, 3)

    def _unreadable(self, reason: str) -> PhotoUnreadableError:
        return PhotoUnreadableError(
            f"{str(self.path)!r} {reason}; open it in a picture viewer and save it as JPEG or PNG",
            str(self.path),
        )


def _deep_grey(photo: Image.Image, grey: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Grey of more than 8 bits, as 8 bits."""
    tags = photo.tag_v2 if isinstance(photo, TiffImagePlugin.TiffImageFile) else {}
    (bits, *_) = tags.get(_BITS_PER_SAMPLE, (16,))
    most = (1 << int(bits)) - 1
    levels = np.minimum((grey * 255 + most // 2) // most, 255).astype(np.uint8)
    return 255 - levels if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else levels


def _upright(photo: Image.Image) -> Image.Image:
    # Damaged EXIF makes Pillow raise nearly anything, and must not cost us the picture.
    with contextlib.suppress(Exception):
        # Most are upright, and a copy of 12 megapixels takes 30 ms.
        ImageOps.exif_transpose(photo, in_place=True)
    return photo


def _captured_at_s(photo: Image.Image) -> float | None:
    try:
        tags = photo.getexif().get_ifd(ExifTags.IFD.Exif)
    except Exception:  # as above
        return None
    return capture_time.from_exif(
        tags.get(ExifTags.Base.DateTimeOriginal),
        tags.get(ExifTags.Base.OffsetTimeOriginal),
        tags.get(ExifTags.Base.SubsecTimeOriginal),
    )
