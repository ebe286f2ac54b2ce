"""A short look at a camera: what it sends, and how quickly."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.camera import open_camera, resolved
from stream.camera_url import CameraUrl
from stream.errors import (
    CameraForbiddenError,
    CameraLoginError,
    CameraLostError,
    CameraRefusedError,
    CameraUnreachableError,
    StreamError,
)
from stream.live_settings import KEYFRAME_PATIENCE, LiveSettings
from stream.logins import Login, LoginTurn


def kind_of(error: StreamError) -> str:
    """What a failed look is called, in one word."""
    if isinstance(error, CameraUnreachableError):
        return "unreachable"
    if isinstance(error, CameraRefusedError):
        return "refused"
    return "lost" if isinstance(error, CameraLostError) else "url"


def failure_json(error: StreamError) -> dict[str, str]:
    """A failed look as JSON: its kind, and the reason in words."""
    return {"kind": kind_of(error), "text": str(error)}


@dataclass(frozen=True, slots=True, eq=False)
class CameraLook:
    """What a camera sent.

    Attributes:
        codec: FFmpeg's name of the codec.
        device: Hardware that decoded it, "none" for software.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        announced_fps: Frames per second that it says that it sends; None if it says nothing.
        fps: Frames per second that came; None where fewer than two did.
        first_picture_s: Time from the beginning of the connection to the first picture, s.
        pictures: Number of pictures that came.
        corrupt: Packets that could not be decoded.
        image_bgr: The first picture, uint8 (H, W, 3).
    """

    codec: str
    device: str
    width_px: int
    height_px: int
    announced_fps: float | None
    fps: float | None
    first_picture_s: float
    pictures: int
    corrupt: int
    image_bgr: npt.NDArray[np.uint8]


def look(url: CameraUrl, settings: LiveSettings, seconds: float = 0.0) -> CameraLook:
    """Connect to a camera and look for a while.

    Args:
        url: The camera.
        settings: How to read it.
        seconds: How long to count pictures after the first one.

    Raises:
        CameraUrlError: If what the URL refers to is missing.
        CameraError: If it can't be opened, or sends nothing that can be decoded.
    """
    begun_s = time.monotonic()
    arrived_s: list[float] = []
    image_bgr = None
    with open_camera(url, settings) as camera:
        # As long as whoever watches it waits for the first keyframe.
        patience_s = KEYFRAME_PATIENCE * settings.stall_s
        deadline_s = time.monotonic() + patience_s
        for picture in camera.pictures(threading.Event()):
            if picture is not None:
                arrived_s.append(picture.arrived_s)
                if image_bgr is None:
                    image_bgr = camera.image_bgr(picture)
                    deadline_s = time.monotonic() + seconds
            if time.monotonic() >= deadline_s:
                break
        if image_bgr is None:
            raise CameraLostError(
                f"it was connected to, but sent no picture within {patience_s:g} s", url.masked
            )
        took_s = arrived_s[-1] - arrived_s[0]
        return CameraLook(
            camera.codec,
            camera.device,
            image_bgr.shape[1],
            image_bgr.shape[0],
            camera.announced_fps,
            (len(arrived_s) - 1) / took_s if took_s > 0 else None,
            arrived_s[0] - begun_s,
            len(arrived_s),
            camera.corrupt,
            image_bgr,
        )


def look_in_turn(url: CameraUrl, settings: LiveSettings, turn: LoginTurn) -> CameraLook:
    """As `look`, for whoever does so again and again: a login that was refused is left alone for a while.

    Args:
        url: The camera.
        settings: How to read it.
        turn: When it may log in.

    Raises:
        CameraUrlError: If what the URL refers to is missing.
        CameraError: If it can't be opened, sends nothing that can be decoded, or has refused the login.
    """
    login = Login.of(resolved(url))
    while (waits := turn.wait_s(login))[0] > 0:
        wait_s, refusal = waits
        if refusal:
            raise CameraLoginError(refusal, url.masked)
        # Somebody else is just trying it.
        time.sleep(wait_s)
    try:
        seen = look(url, settings)
    except CameraLoginError as error:
        turn.refused(str(error), whoever=not isinstance(error, CameraForbiddenError))
        raise
    else:
        turn.opened()
        return seen
    finally:
        turn.ended()
