"""A person's view of one live source: its frames, and every status that it reported."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from stream.camera_url import CameraUrl
from stream.frame import Frame
from stream.live_clock import LiveClock
from stream.live_source import LiveSettings, LiveSource
from stream.live_state import CameraState, LiveStatus

# How long anything may take on a busy machine, where nothing else is said.
WITHIN_S = 20.0


class Viewing:
    """Watches a camera until the end of the context.

    Attributes:
        source: What is watched.
        frames: Frames taken by `until` so far, in their order.
        reported: Statuses in the order in which they were reported.
        began_s: Unix time of the beginning.
        ended_s: Unix time of the end; 0 before it.

    Args:
        url: The camera.
        settings: How it is watched.
    """

    def __init__(self, url: str, settings: LiveSettings) -> None:
        self.frames: list[Frame] = []
        self.reported: list[LiveStatus] = []
        self.began_s, self.ended_s = time.time(), 0.0
        self.source = LiveSource(
            CameraUrl.parse(url), "c-tested", settings, LiveClock(self.began_s), self.reported.append
        )

    @property
    def status(self) -> LiveStatus:
        return self.source.status

    @property
    def states(self) -> set[CameraState]:
        """States that it was in, so far."""
        return {status.state for status in self.reported}

    @property
    def errors(self) -> set[str]:
        """What it said that was wrong, so far."""
        return {status.last_error for status in self.reported if status.last_error}

    def until(self, reached: Callable[[], bool], within_s: float = WITHIN_S) -> bool:
        """Take frames until something is so; False: it isn't in time."""
        ends_s = time.monotonic() + within_s
        while not (done := reached()) and time.monotonic() < ends_s:
            _ = self.source.status  # as whoever shows it does: a stall is noticed by looking
            frame = self.source.take()
            if frame is None:
                time.sleep(0.01)
            else:
                self.frames.append(frame)
        return done

    def until_state(self, state: CameraState, within_s: float = WITHIN_S) -> bool:
        """Until it is in that state."""
        return self.until(lambda: self.status.state is state, within_s)

    def until_frames(self, more: int, within_s: float = WITHIN_S) -> bool:
        """Until so many more frames have been taken."""
        wanted = len(self.frames) + more
        return self.until(lambda: len(self.frames) >= wanted, within_s)

    def __enter__(self) -> Self:
        self.source.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.source.__exit__(kind, error, trace)
        self.ended_s = time.time()
