"""Frames of one camera that wait for a worker."""

import threading
from collections import deque

from stream.frame import Frame


class LiveBuffer:
    """Keeps the newest frames; putting never waits, the oldest are dropped for it. Safe between threads.

    Args:
        capacity: Most frames that wait, at least 1.
        span_s: A frame leaves once one has come that is newer by more than this: a camera that is sampled
            seldom, as the machine can't keep up, would fill the buffer with the past.

    Raises:
        ValueError: If `capacity` is less than 1.
    """

    def __init__(self, capacity: int, span_s: float = 1.0) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, expected at least 1 frame")
        self._capacity, self._span_s = capacity, span_s
        self._frames: deque[Frame] = deque()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def oldest(self) -> Frame | None:
        """The frame that `take` would give, None if there is none."""
        with self._lock:
            return self._frames[0] if self._frames else None

    def put(self, frame: Frame) -> int:
        """Add the newest frame; returns how many of the oldest were dropped for it."""
        since_s = frame.media_s - self._span_s
        dropped = 0
        with self._lock:
            while self._frames and (len(self._frames) == self._capacity or self._frames[0].media_s < since_s):
                self._frames.popleft()
                dropped += 1
            self._frames.append(frame)
        return dropped

    def take(self) -> Frame | None:
        """Remove and return the oldest frame, None if there is none."""
        with self._lock:
            return self._frames.popleft() if self._frames else None
