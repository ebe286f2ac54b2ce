"""Room for clips that are cut for whoever asks: bounded, and gone with them."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facestream.errors import RefusedError, UsageError
from facestream.web.source_media import Media
from stream.errors import StreamError

MAX_CLIP_S = 1800.0
"""Longest stretch that may be asked for, s."""
MAX_CLIP_BYTES = 512 << 20
"""Largest clip; a stretch is longer than was asked for where keyframes are far apart."""

# Cut, or on their way to somebody, at a time. With the size, it bounds what they take of the disk.
_AT_A_TIME = 4
# What clips leave free where they lie, and with how little room none is begun.
_LEFT_BYTES, _LEAST_BYTES = 64 << 20, 1 << 20


class ClipRoom:
    """Cuts clips into folders that last as long as somebody is being answered.

    Args:
        at_a_time: So many folders at most.
    """

    def __init__(self, at_a_time: int = _AT_A_TIME) -> None:
        self._places = threading.BoundedSemaphore(at_a_time)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for one clip, which is removed in the end with what is in it.

        Raises:
            RefusedError: If all are taken ("busy").
        """
        if not self._places.acquire(blocking=False):
            raise RefusedError(
                "Other clips are being cut or fetched. Try again when they are done.", kind="busy"
            )
        try:
            with tempfile.TemporaryDirectory(prefix="facestream-clip-") as folder:
                yield Path(folder)
        finally:
            self._places.release()


def cut(media: Media, start_s: float, end_s: float, folder: Path) -> Path:
    """Copy a stretch of a video, from the keyframe before it, as MP4, or as Matroska where MP4 can't hold it.

    Args:
        media: The video.
        start_s: From, media seconds.
        end_s: To.
        folder: Where the clip is put.

    Raises:
        UsageError: If the stretch is none or too long.
        StreamError: If the video can't be read or cut, has no picture there, or the clip would be too large.
        RefusedError: If the disk is full ("no_room").
    """
    if not start_s < end_s <= start_s + MAX_CLIP_S:
        raise UsageError(
            f"a clip from {start_s:g} s to {end_s:g} s can't be cut: end_s must be after start_s, by "
            f"{MAX_CLIP_S:g} s at most."
        )
    from stream.clip import container_for, write_clip

    # As many at once as there may be leave something to others: where temporary files lie in memory, whoever
    # maps one there is killed when that is full.
    free_bytes = max(shutil.disk_usage(folder).free - _LEFT_BYTES, 0) // _AT_A_TIME
    if free_bytes < _LEAST_BYTES:
        raise RefusedError("There is no room on the server's disk for this clip.", kind="no_room")
    try:
        out = folder / f"clip{container_for(media.path)}"
        return write_clip(media.path, [(start_s, end_s)], out, max_bytes=min(MAX_CLIP_BYTES, free_bytes)).path
    except StreamError:
        raise
    except OSError as error:
        raise RefusedError("There is no room on the server's disk for this clip.", kind="no_room") from error
