"""Frames of one camera that wait for a worker."""

import threading
from collections import deque

from stream.frame import Frame


class LiveBuffer:
    """Keeps the newest frames; putting never waits, the oldest is dropped for it. Safe between threads.

    Args:
        capacity: Most frames that wait, at least 1.

    Raises:
        ValueError: If `capacity` is less than 1.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, expected at least 1 frame")
        self._frames: deque[Frame] = deque(maxlen=capacity)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def oldest(self) -> Frame | None:
        """The frame that `take` would give, None if there is none."""
        with self._lock:
            return self._frames[0] if self._frames else None

    def put(self, frame: Frame) -> bool:
        """Add the newest frame; True if the oldest was dropped for it."""
        with self._lock:
            full = len(self._frames) == self._frames.maxlen
            self._frames.append(frame)
            return full

    def take(self) -> Frame | None:
        """Remove and return the oldest frame, None if there is none."""
        with self._lock:
            return self._frames.popleft() if self._frames else None
