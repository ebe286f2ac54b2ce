"""Whether a file is a video or a photo, by what is in it."""

from __future__ import annotations

import threading
from pathlib import Path

from facestream.errors import RefusedError
from stream.discover import discover
from stream.errors import StreamError
from stream.photo import PhotoFile
from stream.video_info import probe


def check_media(path: Path) -> None:
    """Refuse a file that is neither a video nor a photo, whatever it is called.

    A photo is decoded as a whole; a video is opened, and must have pictures. Playlists, which lead to other
    files and addresses, are none.

    Args:
        path: A file, or a folder, of which it is enough that something in it is called like one.

    Raises:
        RefusedError: If it is neither ("not_media").
    """
    found = discover([path])
    if path.is_dir() and (found.photos or found.videos):
        return
    try:
        for photo in found.photos:
            for _ in PhotoFile(photo, "i-check").frames(threading.Event()):
                return
        for video in found.videos:
            probe(video)
            return
    except StreamError as error:
        raise _no_media(path, error) from error
    raise _no_media(path, found.failed[0][1] if found.failed else None)


def _no_media(path: Path, error: StreamError | None) -> RefusedError:
    # Where the file lies is nobody's business.
    reason = str(error).replace(str(path), path.name) if error is not None else "nothing in it can be shown"
    return RefusedError(f"{path.name} is no video or photo that can be read: {reason}", kind="not_media")
