"""Photos that are in memory as a source of one frame."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from stream.errors import PhotoTooLargeError, SourceEmptyError
from stream.photo import MAX_PHOTO_PIXELS, PhotoFile

MAX_PHOTO_BYTES = 256 * 1024 * 1024
"""Most bytes that are taken from a file object."""


class PhotoBytes(PhotoFile):
    """The content of a photo file. Implements `FrameSource` and yields exactly one frame.

    Args:
        data: A whole file in one of the formats of `PhotoFile`.
        source_id: What messages call it; goes into the frame.
        max_pixels: Largest width times height, checked before anything is decoded.
        still: As of `PhotoFile`.

    Raises:
        ValueError: If `max_pixels` is less than 1.
    """

    def __init__(
        self, data: bytes, source_id: str, *, max_pixels: int = MAX_PHOTO_PIXELS, still: bool = False
    ) -> None:
        super().__init__(Path(source_id), source_id, max_pixels=max_pixels, still=still)
        self._data = data

    def _content(self) -> BinaryIO:
        if not self._data:
            raise SourceEmptyError(f"{self.source_id!r} is empty (0 bytes)", self.source_id)
        return io.BytesIO(self._data)


def read_whole(file: BinaryIO, name: str) -> bytes:
    """What a file object holds from where it stands.

    Args:
        file: Open for reading bytes.
        name: What messages call it.

    Raises:
        PhotoTooLargeError: If there is more than any photo has.
    """
    data = file.read(MAX_PHOTO_BYTES + 1)
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoTooLargeError(
            f"{name!r} has more than {MAX_PHOTO_BYTES:,} bytes, too many for a photo", name
        )
    return data
