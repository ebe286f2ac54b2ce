"""The seam between where pictures come from and who consumes them."""

import threading
from collections.abc import Iterator
from typing import Protocol

from stream.frame import Frame


class FrameSource(Protocol):
    """Anything that yields frames: a video file, a photo, a camera."""

    @property
    def source_id(self) -> str:
        """Name of the source, equal to `Frame.source_id` of all its frames."""
        ...

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield the frames in order of presentation.

        Args:
            stop: Once set, the iteration ends soon and without an error.

        Raises:
            StreamError: If the source can't be read.
        """
        ...


class LiveCounts(Protocol):
    """What a live source counts."""

    @property
    def dropped(self) -> int:
        """Sampled frames that were overwritten before anybody took them, so far."""
        ...


class LiveFrames(Protocol):
    """A camera, which goes on whether its frames are taken or not: the oldest ones that wait are dropped."""

    @property
    def source_id(self) -> str:
        """Name of the source, equal to `Frame.source_id` of all its frames."""
        ...

    @property
    def waiting_since_s(self) -> float | None:
        """Capture time of the oldest frame that waits, Unix time; None if none does."""
        ...

    @property
    def status(self) -> LiveCounts:
        """How it gets on."""
        ...

    def take(self) -> Frame | None:
        """The oldest frame that waits, at once; None if none does."""
        ...

    def set_fps(self, fps: float) -> None:
        """Sample so many frames a second from now on."""
        ...
