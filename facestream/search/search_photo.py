"""What a search by photo takes: a path, the content of a file, an open file, or an image."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from facestream.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from stream.frame import Frame

Photo: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | npt.NDArray[np.uint8]"
"""Path of a photo, its bytes, a file open for reading bytes, or an image: BGR, uint8, (H, W, 3)."""

_NAME = "photo"


def frame_of(photo: Photo) -> Frame:
    """The frame to search with.

    Raises:
        StreamError: If it can't be read, or is no photo.
        UsageError: If it is nothing that a photo can be, or an image of another shape or type.
    """
    import numpy as np

    from facestream.search.search import read_photo
    from stream.photo_bytes import PhotoBytes, read_whole

    if isinstance(photo, (str, os.PathLike)):
        return read_photo(Path(photo))
    if isinstance(photo, np.ndarray):
        return _of_image(photo)
    if isinstance(photo, (bytes, bytearray, memoryview)):
        data, name = bytes(photo), _NAME
    elif hasattr(photo, "read"):
        file = photo
        named = getattr(file, "name", None)
        name = named if isinstance(named, str) and named else _NAME
        data = read_whole(file, name)
        if not isinstance(data, bytes):
            raise UsageError(f"{name!r} is open for reading text. Open it with mode 'rb'.")
    else:
        raise UsageError(
            f"a photo is a path, bytes, an open file or a BGR image of uint8, not {type(photo).__name__}."
        )
    (frame,) = PhotoBytes(data, name).frames(threading.Event())
    return frame


def _of_image(image: npt.NDArray[np.uint8]) -> Frame:
    import numpy as np

    from stream.frame import Frame

    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise UsageError(
            f"an image to search with has shape {image.shape} and type {image.dtype}; it must be BGR, uint8, "
            "(height, width, 3)."
        )
    # A copy: frames make their image read-only.
    return Frame(_NAME, 0, 0.0, None, np.array(image, order="C"))
