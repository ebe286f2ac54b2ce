"""Any camera, opened by its URL."""

import errno
import os
import stat
from pathlib import Path

from stream.camera_url import PORTS, CameraUrl
from stream.encoded_camera import EncodedCamera, unencoded
from stream.live_connection import EncodedConnection, PictureConnection
from stream.live_decoder import LiveDecoder
from stream.live_settings import LiveSettings
from stream.synthetic_camera import SyntheticCamera

_LONGEST_SECRET = 4096


def open_camera(url: CameraUrl, settings: LiveSettings) -> PictureConnection:
    """Connect to a camera; references in its URL are looked up now.

        with open_camera(url, LiveSettings()) as camera:
            for picture in camera.pictures(threading.Event()):
                if picture is not None:
                    return camera.image_bgr(picture)

    Args:
        url: The camera.
        settings: How to read it.

    Raises:
        CameraUrlError: If a variable or file that the URL refers to is missing.
        CameraUnreachableError: If no connection came about.
        CameraRefusedError: If it takes a person to mend.
        CameraError: If its host may not be connected to.
    """
    if url.scheme == "synthetic":
        return SyntheticCamera(url, settings)
    return LiveDecoder(_allowed(url, settings), settings)


def open_encoded(url: CameraUrl, settings: LiveSettings) -> EncodedConnection:
    """Connect to a camera whose pictures are to stay as they come.

    Args:
        url: The camera.
        settings: How to read it.

    Raises:
        CameraRefusedError: If its pictures can't be passed on so, or it takes a person to mend.
        CameraUrlError, CameraUnreachableError, CameraError: As `open_camera`.
    """
    if url.scheme == "synthetic":
        raise unencoded("computed", url)
    return EncodedCamera(_allowed(url, settings), settings)


def _allowed(url: CameraUrl, settings: LiveSettings) -> CameraUrl:
    """The URL with its references looked up, if its host may be connected to."""
    if settings.check_host is not None and url.scheme in PORTS:
        settings.check_host(url.host, url.port or PORTS[url.scheme])
    return resolved(url)


def resolved(url: CameraUrl) -> CameraUrl:
    """The URL with the present values of its references.

    Raises:
        CameraUrlError: If a variable or file that it refers to is missing.
    """
    return url.resolved(os.environ, _read_text)


def _read_text(path: str) -> str:
    # A named pipe would be waited for, and a device might never end.
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with Path(path).open(encoding="utf-8") as file:
        text = file.read(_LONGEST_SECRET + 1)
    if len(text) > _LONGEST_SECRET:
        raise OSError(errno.EFBIG, "it is too long for a secret")
    return text
