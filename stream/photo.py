"""Photos as a source of one frame."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageOps

from stream import capture_time, heif
from stream.errors import PhotoTooLargeError, PhotoUnreadableError
from stream.frame import Frame
from stream.local_file import open_local
from stream.mistaken import HEAD_BYTES, is_video, mistaken_for_media
from stream.photo_pixels import bgr_of, unusable

MAX_PHOTO_PIXELS = 200_000_000
"""Largest width times height of a photo, unless another limit is given."""

# Pillow also reads formats that start other programs (EPS) or are never photos.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM")
_PREFIX_BYTES = 16
_HEIF_ALONE = ("HEIF",)

# Of phones and cameras: one picture, with a preview or another view of it behind it.
_WITH_MORE_BEHIND = ("MPO", "HEIF")


class PhotoFile:
    """A local photo. Implements `FrameSource` and yields exactly one frame.

    The EXIF orientation is applied; for what becomes of the pixels see `photo_pixels.bgr_of`. Of a file with
    several pictures (multi-page TIFF, animation) the first one is taken.

    Attributes:
        path: The file.
        source_id: Name of the source.
        has_more: Whether the file holds other pictures behind the first, once it was read; previews and other
            views of the same don't count.

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
        self.has_more = False
        self._recorded_at_s = recorded_at_s
        self._max_pixels = max_pixels
        self._still = still

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield the photo.

        Args:
            stop: If set already, nothing is yielded.

        Raises:
            StreamError: If the file can't be read (see `open_local`).
            PhotoTooLargeError: If it has more than `max_pixels`, or takes more memory than there is left.
            PhotoUnreadableError: If it is no photo, is cut off or damaged, is kept in a way that is not read
                (see `photo_pixels.unusable`), or has several pictures where a still one is wanted.
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
                image_bgr = bgr_of(_upright(photo))
            except PhotoUnreadableError:
                raise
            except MemoryError as error:
                raise PhotoTooLargeError(
                    f"{str(self.path)!r} takes more memory than there is left; scale it down, or give this "
                    "process more",
                    str(self.path),
                ) from error
            except Exception as error:  # damaged files make Pillow's plugins raise nearly anything
                raise self._unreadable(f"is a damaged or cut-off photo ({error})") from error
        yield Frame(self.source_id, 0, 0.0, captured_at_s, image_bgr)

    def _content(self) -> BinaryIO:
        return open_local(self.path)

    def _open(self, file: BinaryIO) -> Image.Image:
        # Not Image.open: its limit of pixels is a global of the process, with a warning below it.
        Image.init()
        head = file.read(HEAD_BYTES)
        is_heif = heif.is_heif(head)
        unreadable_heif = is_heif and not heif.is_readable()
        # AVIF would take in what both call themselves, and call it damaged.
        for name in _HEIF_ALONE if is_heif else _FORMATS:
            if name not in Image.OPEN:
                continue
            factory, accept = Image.OPEN[name]
            # What HEIC calls itself first may be any profile; its decoder looks at that alone.
            verdict = is_heif or (accept is not None and accept(head[:_PREFIX_BYTES]))
            if not verdict or isinstance(verdict, str):
                continue
            file.seek(0)
            photo = factory(file, "")
            width_px, height_px = photo.size
            if width_px * height_px > self._max_pixels:
                raise PhotoTooLargeError(
                    f"{str(self.path)!r} has {width_px}x{height_px} = {width_px * height_px:,} pixels, "
                    f"allowed are {self._max_pixels:,}; scale it down, or, if you trust the file, let "
                    "`facestream run --max-pixels N` look at it (in Python max_pixels)",
                    str(self.path),
                )
            if photo.format not in _WITH_MORE_BEHIND:
                # To count them, Pillow walks through all.
                self.has_more = getattr(photo, "is_animated", False)
            if self._still and self.has_more:
                raise PhotoUnreadableError(
                    f"{str(self.path)!r} holds several pictures, an animation or pages; save the one that is "
                    "meant as JPEG or PNG",
                    str(self.path),
                )
            if reason := unusable(photo):
                raise self._unreadable(reason)
            return photo
        if unreadable_heif:
            raise PhotoUnreadableError(
                f"{str(self.path)!r} is a HEIC photo. {heif.HINT}; or save it as JPEG", str(self.path)
            )
        other = mistaken_for_media(head)
        if other is not None:
            raise PhotoUnreadableError(
                f"{str(self.path)!r} is not a photo but {other.kind}; {other.advice}", str(self.path)
            )
        if is_video(head):
            raise PhotoUnreadableError(
                f"{str(self.path)!r} is not a photo but a video; save a picture of it as JPEG, or, in a "
                "folder of videos, give it the ending of one",
                str(self.path),
            )
        raise self._unreadable(f"is not a photo in a format that is read ({', '.join(_FORMATS)})")

    def _unreadable(self, reason: str) -> PhotoUnreadableError:
        return PhotoUnreadableError(
            f"{str(self.path)!r} {reason}; open it in a picture viewer and save it as JPEG or PNG",
            str(self.path),
        )


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
