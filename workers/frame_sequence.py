"""The order of frames that came through Redis, and what is missing between them."""

from __future__ import annotations

import math

from storage.remote_frame import RemoteFrame


class FrameSequence:
    """Counts frames that were sent, or should have been, and did not come; pure.

    Attributes:
        last: The newest frame.
        dropped: Frames that are missing before it, so far.
    """

    def __init__(self) -> None:
        self.last: RemoteFrame | None = None
        self.dropped = 0
        # Frames since then whose numbers can't be read.
        self._unnumbered = 0

    @property
    def media_s(self) -> float:
        """Media time of the newest frame, -inf before the first one."""
        return -math.inf if self.last is None else self.last.media_s

    def unreadable(self) -> None:
        """One came that can't be read."""
        self._unnumbered += 1

    def repeats(self, frame: RemoteFrame) -> bool:
        """Whether it came before, as a client sends anew what was not acknowledged in time."""
        last = self.last
        return (
            last is not None
            and frame.reading == last.reading
            and frame.sequence <= last.sequence
            and frame.media_s <= last.media_s
        )

    def add(self, frame: RemoteFrame) -> bool:
        """The next one came; returns whether it follows right upon the one before.

        Raises:
            ValueError: If it belongs before that; nothing is changed then.
        """
        last = self.last
        if frame.media_s <= self.media_s:
            raise ValueError("it came after a later one, as two readers sent at a time")
        follows = False
        if last is not None:
            anew = frame.reading != last.reading
            missing = frame.sequence if anew else frame.sequence - last.sequence - 1
            self.dropped += max(missing - self._unnumbered, 0)
            follows = not anew and missing == 0
        self._unnumbered = 0
        self.last = frame
        return follows
