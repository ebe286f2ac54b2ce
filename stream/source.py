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


class LiveFrames(Protocol):
    """A camera as the live worker sees it: frames that wait for it, the oldest of which are dropped."""

    @property
    def source_id(self) -> str:
        """Name of the source, equal to `Frame.source_id` of all its frames."""
        ...

    @property
    def waiting_since_s(self) -> float | None:
        """`captured_at_s` of the oldest frame that waits, None if there is none."""
        ...

    def take(self) -> Frame | None:
        """The oldest frame that waits, at once; None if there is none."""
        ...

    def set_fps(self, fps: float) -> None:
        """Sample so many frames per second from now on; more than 0 and at most 25."""
        ...
