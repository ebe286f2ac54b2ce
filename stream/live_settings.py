"""How one camera is read."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from stream.video_info import MAX_VIDEO_PIXELS

HIGHEST_LIVE_FPS = 25.0
"""Most frames that are looked at each second: `Frame.index` counts twenty-fifths of a second."""

KEYFRAME_PATIENCE = 3.0
"""The first keyframe is waited for so many times `LiveSettings.stall_s`: before it nothing can be decoded,
and cameras that save bandwidth send few."""

TRANSPORTS = ("auto", "tcp", "udp")
"""Ways of RTP: interleaved into the RTSP connection, datagrams, or the first that the camera takes."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How one camera is read.

    Attributes:
        fps: Frames looked at per second, more than 0 and at most 25.
        transport: Of RTSP: "tcp", "udp", or "auto" for TCP and, if the camera refuses it, UDP.
        hwaccel: Decoder: "none" for software, "auto" for the first that works here, or FFmpeg's name of a
            device, such as "cuda" or "vaapi".
        keyframes_only: Decode only keyframes: a fraction of the work, a picture every few seconds.
        open_timeout_s: Longest time to connect, in seconds; half each for the answer and the first data.
        stall_s: Seconds without a picture after which the connection is given up.
        first_backoff_s: Longest wait after a first failure, seconds.
        longest_backoff_s: Longest wait at all, seconds.
        max_pixels: Largest width times height of a picture as sent.
        capacity: Most frames that wait to be taken; the oldest are dropped.
        on_decode: Called with the seconds that the decoder took for a packet, in the reading thread; must be
            quick.
        check_host: Called with host and port before each connection over a network, of what playlists and
            redirections name as well; raises `CameraError` where there may be none. FFmpeg follows no
            redirection of HTTP then. None: everything may be connected to.

    Raises:
        ValueError: If a value is out of its range.
    """

    fps: float = 5.0
    transport: str = "auto"
    hwaccel: str = "none"
    keyframes_only: bool = False
    open_timeout_s: float = 10.0
    stall_s: float = 10.0
    first_backoff_s: float = 1.0
    longest_backoff_s: float = 30.0
    max_pixels: int = MAX_VIDEO_PIXELS
    capacity: int = 4
    on_decode: Callable[[float], None] | None = None
    check_host: Callable[[str, int], None] | None = None

    def __post_init__(self) -> None:
        check_live_fps(self.fps)
        if self.transport not in TRANSPORTS:
            raise ValueError(f"transport is {self.transport!r}, expected one of {', '.join(TRANSPORTS)}")
        if not self.hwaccel:
            raise ValueError("hwaccel is empty, expected 'none', 'auto' or a device such as 'cuda'")
        for name in ("open_timeout_s", "stall_s", "first_backoff_s"):
            value: float = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}, expected more than 0 seconds")
        if not (math.isfinite(self.longest_backoff_s) and self.longest_backoff_s >= self.first_backoff_s):
            raise ValueError(
                f"longest_backoff_s is {self.longest_backoff_s}, expected at least first_backoff_s "
                f"({self.first_backoff_s})"
            )
        if self.max_pixels < 1 or self.capacity < 1:
            raise ValueError(
                f"max_pixels and capacity are {self.max_pixels} and {self.capacity}, expected at least 1"
            )


def check_live_fps(fps: float) -> None:
    """Refuse a rate that is not more than 0 and at most 25 frames per second.

    Raises:
        ValueError: If it is out of that range.
    """
    if not 0 < fps <= HIGHEST_LIVE_FPS:
        raise ValueError(
            f"fps is {fps}, expected more than 0 and at most {HIGHEST_LIVE_FPS:g} frames per second"
        )
