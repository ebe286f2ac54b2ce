"""A camera that is computed: for tests and for trying things without one."""

import math
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from stream.camera_url import CameraUrl
from stream.conversion import BgrConverter, shown_size_px
from stream.errors import CameraLostError, CameraRefusedError
from stream.live_connection import LivePicture
from stream.live_settings import LiveSettings

PATTERNS = ("box", "still", "noise", "bars")
"""A white box that wanders over grey, that box at rest, random pixels, colour bars."""

_SMALLEST_PX, _LARGEST_PX = 16, 7680
_HIGHEST_FPS = 120.0
_BOX_PERIOD_S = 4.0
_TURN_S = 1.0
_BARS_BGR = np.array(
    [
        (255, 255, 255),
        (0, 255, 255),
        (255, 255, 0),
        (0, 255, 0),
        (255, 0, 255),
        (0, 0, 255),
        (255, 0, 0),
        (0, 0, 0),
    ],
    np.uint8,
)


class SyntheticCamera:
    """Pictures computed in real time, without a network. Implements `PictureConnection`.

    The URL: ``synthetic://name?width=640&height=360&fps=10&pattern=box``, each of which may be left out. With
    ``frames=N`` each connection shows only so many pictures and then ends, or, with ``then=silence``, falls
    silent.

    Args:
        url: The camera.
        settings: Only `max_pixels` and `stall_s` matter.

    Raises:
        CameraRefusedError: If the URL asks for something else.
    """

    codec = "synthetic"
    device = "none"

    def __init__(self, url: CameraUrl, settings: LiveSettings) -> None:
        self.corrupt = 0
        self._shown = url.masked
        self._stall_s = settings.stall_s
        wishes = dict(parse_qsl(url.query, keep_blank_values=True))
        self._width_px = self._number(wishes, "width", 640, _SMALLEST_PX, _LARGEST_PX)
        self._height_px = self._number(wishes, "height", 360, _SMALLEST_PX, _LARGEST_PX)
        self.announced_fps: float | None = self._rate(wishes)
        self._fps = self.announced_fps or 0.0
        self._pattern = self._choice(wishes, "pattern", PATTERNS)
        self._frames = self._number(wishes, "frames", 0, 0, 2**31)
        self._then = self._choice(wishes, "then", ("end", "silence"))
        if wishes:
            raise self._wrong(
                f"knows no {sorted(wishes)[0]!r}; it knows width, height, fps, pattern, frames, then"
            )
        if self._width_px * self._height_px > settings.max_pixels:
            raise self._wrong(f"has more than the {settings.max_pixels:,} pixels that are allowed")
        self._random = np.random.default_rng(0)
        self._converter = BgrConverter(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def pictures(self, stop: threading.Event) -> Iterator[LivePicture | None]:
        """Yield pictures as they are due; see `LiveConnection`."""
        begun_s = time.monotonic()
        number = 0
        while not (self._frames and number >= self._frames):
            if stop.wait(max(0.0, begun_s + number / self._fps - time.monotonic())):
                return
            now_s = time.monotonic()
            yield LivePicture(VideoFrame.from_ndarray(self._painted(number), format="bgr24"), now_s)
            # Like a camera, it does not make up for pictures that nobody looked at in time.
            number = max(number + 1, math.floor((time.monotonic() - begun_s) * self._fps))
        if self._then == "end":
            raise CameraLostError("it ended the connection", self._shown)
        silent_s = time.monotonic()
        while not stop.wait(min(_TURN_S, self._stall_s)):
            if time.monotonic() - silent_s >= self._stall_s:
                raise CameraLostError(f"it sent nothing for {self._stall_s:g} s", self._shown)
            yield None

    def size_px(self, picture: LivePicture) -> tuple[int, int]:
        """Width and height of `image_bgr`."""
        return shown_size_px(picture.picture, None)

    def image_bgr(self, picture: LivePicture) -> npt.NDArray[np.uint8]:
        """Convert: uint8 (H, W, 3), C-contiguous."""
        return self._converter.image_bgr(picture.picture)

    def _painted(self, number: int) -> npt.NDArray[np.uint8]:
        shape = (self._height_px, self._width_px, 3)
        if self._pattern == "noise":
            return self._random.integers(0, 256, shape, np.uint8)
        if self._pattern == "bars":
            bars = _BARS_BGR[np.arange(self._width_px) * len(_BARS_BGR) // self._width_px]
            return np.ascontiguousarray(np.broadcast_to(bars, shape))
        image = np.full(shape, 96, np.uint8)
        side_px = max(4, min(self._width_px, self._height_px) // 4)
        turn = 0.0 if self._pattern == "still" else 2 * math.pi * number / (self._fps * _BOX_PERIOD_S)
        left_px = round((self._width_px - side_px) * (0.5 + 0.5 * math.sin(turn)))
        top_px = round((self._height_px - side_px) * (0.5 + 0.5 * math.sin(2 * turn)))
        image[top_px : top_px + side_px, left_px : left_px + side_px] = 255
        return image

    def _number(self, wishes: dict[str, str], name: str, usual: int, least: int, most: int) -> int:
        text = wishes.pop(name, str(usual))
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise self._wrong(f"has a {name} that is no whole number from {least} to {most}")
        return int(text)

    def _rate(self, wishes: dict[str, str]) -> float:
        try:
            fps = float(wishes.pop("fps", "10"))
        except ValueError:
            fps = 0.0
        if not 0 < fps <= _HIGHEST_FPS:
            raise self._wrong(f"has an fps that is no number above 0 and up to {_HIGHEST_FPS:g}")
        return fps

    def _choice(self, wishes: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
        choice = wishes.pop(name, choices[0])
        if choice not in choices:
            raise self._wrong(f"has a {name} that is none of {', '.join(choices)}")
        return choice

    def _wrong(self, what: str) -> CameraRefusedError:
        return CameraRefusedError(f"the synthetic camera {what}", self._shown)
