"""The files that people were seen in, for players in a browser."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from facestream.errors import NotFoundError
from facestream.readable_path import path_of
from facestream.recorded.source_id import photo_id, video_id
from storage.source_record import SourceRecord
from stream.errors import StreamError

_TYPES = {
    ".avi": "video/x-msvideo",
    ".bmp": "image/bmp",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".ogv": "video/ogg",
    ".png": "image/png",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
    ".webp": "image/webp",
}
_UNKNOWN = "application/octet-stream"
_IDS = {"video": video_id, "photo": photo_id}
_KEPT = 1000


class Media(NamedTuple):
    """A file that may be sent.

    Attributes:
        path: Where it is.
        status: What the operating system says of it.
        content_type: Such as "video/mp4"; never one that a browser runs.
    """

    path: Path
    status: os.stat_result
    content_type: str


class SourceMedia:
    """Gives the file of a source, as long as it is that very one.

    What stands in Redis must not make the server give away other files: the content of a file has to be what
    the id of the source says. What was looked at once isn't again until the file changes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str, int, int, int, int], str] = OrderedDict()

    def find(self, source: SourceRecord) -> Media:
        """The file of a video or photo.

        Raises:
            NotFoundError: If it is a camera, or the file is gone, another one by now or can't be read.
        """
        if source.kind not in _IDS:
            raise NotFoundError(
                f"{source.source_id} is a camera: it has no recording.", what=source.source_id
            )
        try:
            path = path_of(source.path)
            status = path.stat()
            same = stat.S_ISREG(status.st_mode) and self._id_of(path, status, source.kind) == source.source_id
        except (OSError, ValueError, StreamError) as error:
            raise _gone(source) from error
        if not same:
            raise _gone(source)
        return Media(path, status, _TYPES.get(path.suffix.lower(), _UNKNOWN))

    def _id_of(self, path: Path, status: os.stat_result, kind: str) -> str:
        key = (kind, str(path), status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = _IDS[kind](path)
            with self._lock:
                self._known[key] = known
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return known


def _gone(source: SourceRecord) -> NotFoundError:
    return NotFoundError(
        f"the file of {source.source_id} is not where it was, or is another one by now. Process it again "
        "where it is now: nothing is computed twice.",
        what=source.source_id,
    )
