"""Frames of cameras, sent to workers elsewhere."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from storage.frame_streams import FrameStreams, Outgoing
from storage.lease import Lease
from storage.remote_frame import RemoteFrame
from workers.live_camera import LiveFigures
from workers.sendable import Sendable, TakenFrame

_log = logging.getLogger(__name__)

_RATE_S = 5.0
# What was taken by then is sent: where pictures come as quickly as they are encoded, one more always waits.
_GATHER_S = 0.2


@dataclass(frozen=True, slots=True)
class SentCamera:
    """A camera whose frames are to be sent.

    Attributes:
        name: Its name.
        frames: Its frames.
        fence: What its reader must hold.
        fps: Frames per second, at most.
    """

    name: str
    frames: Sendable
    fence: Lease
    fps: float = 5.0


class FrameSender:
    """Sends the frames of any number of cameras, in the thread that calls `step`. Implements `FrameTaker`.

    The frames that wait go in one round trip, so that a server that is far away costs delay and not frames:
    as many of each camera as can be made ready in a fifth of a second, and one at least. What a box that is
    too slow for its cameras can't make ready is dropped where it waits.

    Methods are for one thread, but `wake` and `figures`, which any may call.

    Args:
        streams: Where they go.
        on_lost: Called with the source id of a camera that somebody else sends now; it is removed already.
    """

    def __init__(self, streams: FrameStreams, on_lost: Callable[[str], None] | None = None) -> None:
        self._streams = streams
        self._on_lost = on_lost
        self._views: dict[str, _View] = {}
        self._arrived = threading.Event()

    def wake(self) -> None:
        """A frame has arrived somewhere: for `on_arrival` of a live source."""
        self._arrived.set()

    def add(self, camera: SentCamera) -> None:
        """Send the frames of one more camera from now on."""
        self._views[camera.frames.source_id] = _View(camera)

    def remove(self, source_id: str, wait_s: float = 0.0) -> int:  # noqa: ARG002 - nothing is under way
        """Send no more frames of a camera; returns 0, as none is kept back."""
        self._views.pop(source_id, None)
        return 0

    def step(self, timeout_s: float = 0.1) -> bool:
        """Send all frames that wait, or wait for one; returns whether there was one.

        Raises:
            StorageError: If Redis fails: these frames are dropped then. If the collection is encrypted, and
                its key is not here.
        """
        self._arrived.clear()
        batch = self._batch()
        if not batch:
            self._arrived.wait(timeout_s)
            batch = self._batch()
        if not batch:
            return False
        try:
            lost = self._streams.send(batch)
        except BaseException:
            for source_id in {out.frame.source_id for out in batch}:
                self._views[source_id].camera.frames.begin_anew()
            raise
        now_s = time.time()
        for out in batch:
            self._views[out.frame.source_id].sent(out.frame, now_s)
        for name in lost:
            source_id = next(out.frame.source_id for out in batch if out.name == name)
            _log.warning("%s: another reader sends its frames now", source_id)
            del self._views[source_id]
            if self._on_lost is not None:
                self._on_lost(source_id)
        return True

    def figures(self, source_id: str) -> LiveFigures:
        """How a camera gets on; zeros if there is none.

        `looked` counts frames that went with a picture or packets.
        """
        view = self._views.get(source_id)
        return LiveFigures() if view is None else view.figures(time.time())

    def _batch(self) -> list[Outgoing]:
        batch: list[Outgoing] = []
        views = list(self._views.values())
        until_s = time.monotonic() + _GATHER_S
        while views:
            # In turns, so that none has to stand back for another.
            views = [view for view in views if self._take(view, batch)]
            if time.monotonic() > until_s:
                break
        return batch

    def _take(self, view: _View, batch: list[Outgoing]) -> bool:
        """Take a frame of a camera; returns whether one was waiting."""
        camera = view.camera
        frame = camera.frames.take()
        if frame is None:
            return False
        made = view.made(frame)
        if made is not None:
            batch.append(Outgoing(camera.name, camera.fence, camera.fps, made))
        return True


class _View:
    """What a sender keeps of a camera."""

    def __init__(self, camera: SentCamera) -> None:
        self.camera = camera
        self._reading = secrets.token_hex(4)
        self._made = 0
        self._times_s: deque[float] = deque()
        self._figures = LiveFigures()

    def made(self, frame: TakenFrame) -> RemoteFrame | None:
        """A frame as it is sent; None where it can't be."""
        # Those that were dropped before it was taken are missing between the numbers.
        sequence = self.camera.frames.status.dropped + self._made
        self._made += 1
        if frame.problem:
            self._failed(frame.problem)
            return None
        return RemoteFrame(
            self.camera.frames.source_id,
            frame.index,
            frame.media_s,
            frame.captured_at_s,
            self._reading,
            sequence,
            frame.jpeg,
            frame.packets,
        )

    def sent(self, frame: RemoteFrame, now_s: float) -> None:
        """A frame is in Redis."""
        self._times_s.append(now_s)
        while now_s - self._times_s[0] > _RATE_S:
            self._times_s.popleft()
        self._figures = replace(
            self._figures,
            done=self._figures.done + 1,
            looked=self._figures.looked + bool(frame.jpeg or frame.packets),
            delay_s=max(now_s - frame.captured_at_s, 0.0),
            last_frame_at_s=frame.captured_at_s,
        )

    def figures(self, now_s: float) -> LiveFigures:
        """How it gets on."""
        recent = sum(now_s - time_s <= _RATE_S for time_s in list(self._times_s))
        return replace(self._figures, fps_done=recent / _RATE_S)

    def _failed(self, problem: str) -> None:
        if not self._figures.failed:
            _log.warning("%s: a frame is not sent: %s", self.camera.frames.source_id, problem)
        self._figures = replace(self._figures, failed=self._figures.failed + 1)
