"""The seam between one connection to a camera and who looks at its pictures."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A decoded picture that nobody has converted yet.

    Attributes:
        picture: As decoded.
        arrived_s: `time.monotonic()` of the arrival of its last bytes, or of when it is due in a burst.
        pixel_aspect: Width by height of one of its pixels, None if unknown.
    """

    picture: VideoFrame
    arrived_s: float
    pixel_aspect: Fraction | None = None


class LiveConnection(Protocol):
    """One connection to a camera, a context manager. Use it in one thread."""

    @property
    def codec(self) -> str:
        """FFmpeg's name of the decoder, such as "h264" or "mjpeg"."""
        ...

    @property
    def device(self) -> str:
        """Hardware that decodes, such as "cuda"; "none" for software."""
        ...

    @property
    def announced_fps(self) -> float | None:
        """What the camera says of its rate; often wrong, None if it says nothing."""
        ...

    @property
    def corrupt(self) -> int:
        """Packets that couldn't be decoded so far, plus pictures that the decoder marks as damaged."""
        ...

    def pictures(self, stop: threading.Event) -> Iterator[LivePicture | None]:
        """Yield pictures as they come.

        Where the protocol lets us know, None comes at least about every second in which no picture did.

        Args:
            stop: Once set, the iteration ends with the next picture, or the next second without one.

        Raises:
            CameraLostError: If the connection ended or fell silent.
            CameraRefusedError: If its pictures are too large.
        """
        ...

    def size_px(self, picture: LivePicture) -> tuple[int, int]:
        """Width and height of `image_bgr`."""
        ...

    def image_bgr(self, picture: LivePicture) -> npt.NDArray[np.uint8]:
        """Convert: uint8 (H, W, 3), C-contiguous, upright, with square pixels."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
