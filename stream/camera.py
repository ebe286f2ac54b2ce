"""Any camera, opened by its URL."""

import os
from pathlib import Path

from stream.camera_url import CameraUrl
from stream.live_connection import LiveConnection
from stream.live_decoder import LiveDecoder
from stream.live_settings import LiveSettings
from stream.synthetic_camera import SyntheticCamera


def open_camera(url: CameraUrl, settings: LiveSettings) -> LiveConnection:
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
    """
    if url.scheme == "synthetic":
        return SyntheticCamera(url, settings)
    return LiveDecoder(url.resolved(os.environ, _read_text), settings)


def _read_text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
