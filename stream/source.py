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
