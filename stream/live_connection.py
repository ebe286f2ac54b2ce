"""The seam between one connection to a camera and who looks at what it sends."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self, TypeVar

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


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as the camera encoded it.

    Attributes:
        data: Its packet.
        keyframe: Whether decoding can begin with it.
        arrived_s: As that of `LivePicture`.
    """

    data: bytes
    keyframe: bool
    arrived_s: float


class Arrived(Protocol):
    """What a connection shows."""

    @property
    def arrived_s(self) -> float:
        """As that of `LivePicture`."""
        ...


ArrivedT = TypeVar("ArrivedT", bound=Arrived)


class LiveConnection(Protocol[ArrivedT]):
    """One connection to a camera, a context manager. Use it in one thread."""

    @property
    def codec(self) -> str:
        """FFmpeg's name of the decoder or codec, such as "h264" or "mjpeg"."""
        ...

    @property
    def corrupt(self) -> int:
        """Packets that couldn't be read or decoded so far, plus pictures that are marked as damaged."""
        ...

    def pictures(self, stop: threading.Event) -> Iterator[ArrivedT | None]:
        """Yield pictures as they come.

        Where the protocol lets us know, None comes at least about every second in which no picture did.

        Args:
            stop: Once set, the iteration ends with the next picture, or the next second without one.

        Raises:
            CameraLostError: If the connection ended or fell silent.
            CameraRefusedError: If its pictures are too large.
        """
        ...

    def size_px(self, picture: ArrivedT) -> tuple[int, int]:
        """Width and height of it once it is converted, (0, 0) where they can't be known yet."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class PictureConnection(LiveConnection[LivePicture], Protocol):
    """A connection whose pictures are decoded."""

    @property
    def device(self) -> str:
        """Hardware that decodes, such as "cuda"; "none" for software."""
        ...

    @property
    def announced_fps(self) -> float | None:
        """What the camera says of its rate; often wrong, None if it says nothing."""
        ...

    def image_bgr(self, picture: LivePicture) -> npt.NDArray[np.uint8]:
        """Convert: uint8 (H, W, 3), C-contiguous, upright, with square pixels."""
        ...


class EncodedConnection(LiveConnection[EncodedPicture], Protocol):
    """A connection whose pictures are left as the camera encoded them."""

    @property
    def extradata(self) -> bytes:
        """What the decoder must be told before the first of them; empty where that is in them."""
        ...
