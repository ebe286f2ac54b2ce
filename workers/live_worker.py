"""The live worker: frames of many cameras in, the oldest first, samples and tracks into their queues."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from storage.errors import LeaseLostError
from stream.frame import Frame
from workers.assignment import load_solver
from workers.face_worker_settings import FaceWorkerSettings
from workers.live_camera import LiveCamera, LiveFigures, LiveView
from workers.models.pack import Pack
from workers.rate_governor import RateGovernor
from workers.shared_look import SharedLook

_log = logging.getLogger(__name__)

LIVE_SETTINGS = FaceWorkerSettings(calm_interval_s=0.75, idle_segment_s=300.0)
"""How cameras are looked at.

Whoever appears right after a search must be found in time for the promise of a second. An empty scene is
marked as done every five minutes, which is 12 entries an hour.
"""

# A full queue is asked again so often, and the load is measured.
_RETRY_S = 0.05
_LOAD_S = 1.0


class LiveWorker:
    """Looks at the frames of any number of cameras, in the thread that calls `step`.

    The camera whose oldest frame has waited longest comes first, frames that were dropped meanwhile included:
    cameras that nothing comes from cost nothing, and none starves. Frames of several cameras that wait at the
    same moment are shown to the detector together where it gains by that. Nothing waits for a full queue:
    what was found is kept, and that camera's frames are left to be dropped until there is room again.

    Methods are for one thread, but `wake` and `figures`, which any may call.

    Args:
        pack: The models.
        settings: How frames are looked at.
        governor: Lowers the rates of all cameras while there is too much to do.
        on_frame: Called after each frame with the number of its faces.
        on_lost: Called with the source id of a camera that somebody else has now; it is removed already.
        clock: Seconds from any start, never going back.
    """

    def __init__(
        self,
        pack: Pack,
        settings: FaceWorkerSettings = LIVE_SETTINGS,
        governor: RateGovernor | None = None,
        on_frame: Callable[[Frame, int], None] | None = None,
        on_lost: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pack = pack
        self._settings = settings
        self._governor = governor or RateGovernor(on_change=lambda change: _log.warning("%s", change))
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._clock = clock
        self._shared = SharedLook(pack.detector, settings.watchdog, clock)
        self._views: dict[str, LiveView] = {}
        self._arrived = threading.Event()
        self._retried_s = self._measured_s = clock()
        # Time that was spent with frames since then.
        self._busy_s = 0.0
        self._counts: dict[str, tuple[int, int]] = {}

    def wake(self) -> None:
        """A frame has arrived somewhere: for `on_arrival` of a live source."""
        self._arrived.set()

    def add(self, camera: LiveCamera) -> None:
        """Look at one more camera from now on.

        Raises:
            ValueError: If there is one of that source already.
        """
        source_id = camera.frames.source_id
        if source_id in self._views:
            raise ValueError(f"{source_id} is looked at already")
        view = LiveView(camera, self._pack, self._settings)
        self._set_rate(view)
        self._counts[source_id] = (0, camera.frames.status.dropped)
        self._views[source_id] = view

    def remove(self, source_id: str, wait_s: float = 2.0) -> int:
        """Close the tracks of a camera, send them, and look at it no more.

        Args:
            source_id: The camera; nothing happens if there is none.
            wait_s: How long to wait for room in its queue; below 0, nothing is sent.

        Returns:
            Entries that could not be sent: the queue was full all the time, or somebody else has the camera.

        Raises:
            StorageError: If Redis fails, or a collection was changed to other models. What could not be sent
                is lost then, and told.
        """
        view = self._views.pop(source_id, None)
        if view is None:
            return 0
        view.close()
        deadline_s = time.monotonic() + wait_s
        try:
            while wait_s >= 0 and not view.send() and time.monotonic() < deadline_s:
                time.sleep(_RETRY_S)
        except LeaseLostError as error:
            _log.info("%s", error)
        finally:
            lost = view.drop()
            if lost:
                _log.warning(
                    "%s: the last %d entries of it could not be sent",
                    source_id,
                    lost,
                    extra={"source_id": source_id},
                )
        return lost

    def step(self, timeout_s: float = 0.1) -> bool:
        """Look at the frame whose turn it is, and at as many more as are best looked at with it; or wait.

        Args:
            timeout_s: How long to wait at most.

        Returns:
            Whether there was a frame.

        Raises:
            StorageError: If Redis fails, or a collection was changed to other models. What was found is kept
                and sent by a later step.
        """
        # Before the cameras are asked: what comes after that must end the wait.
        self._arrived.clear()
        self._resend()
        due = self._taken()
        if not due:
            self._measure()
            self._arrived.wait(timeout_s)
            due = self._taken()
        if not due:
            return False
        self._look(due)
        # Not before: the first frame would wait for it. Nor when faces come near each other: all would.
        load_solver()
        self._measure()
        return True

    def figures(self, source_id: str) -> LiveFigures:
        """How a camera gets on; zeros if there is none."""
        view = self._views.get(source_id)
        return LiveFigures() if view is None else view.figures(self._clock())

    def present(self, source_id: str) -> list[tuple[str, npt.NDArray[np.float32], str]]:
        """Faces of the newest frame of a camera, as `TrackBuilder.present` gives them; for `on_frame`."""
        view = self._views.get(source_id)
        return [] if view is None else view.present()

    def _taken(self) -> list[tuple[LiveView, Frame]]:
        """The frames whose turn it is, one of a camera."""
        now_s = self._clock()
        turns = [
            (turn_s, view) for view in self._views.values() if (turn_s := view.turn_s(now_s)) is not None
        ]
        turns.sort(key=lambda turn: turn[0])
        frames = [(view, view.camera.frames.take()) for _, view in turns[: self._shared.most]]
        return [(view, frame) for view, frame in frames if frame is not None]

    def _look(self, due: list[tuple[LiveView, Frame]]) -> None:
        """Look at frames, each of another camera, and send what was found."""
        begun_s = self._clock()
        worth = [view.wants(frame) for view, frame in due]
        together = [k for k, (view, frame) in enumerate(due) if worth[k] and view.needs_detector(frame)]
        shown = dict(zip(together, self._shared.at([due[k][1] for k in together]), strict=True))
        faces = [
            view.look(frame, begun_s, shown.get(k)) if worth[k] else view.skip(frame, begun_s)
            for k, (view, frame) in enumerate(due)
        ]
        for (view, frame), count in zip(due, faces, strict=True):
            self._send(view)
            view.done(self._clock())
            if self._on_frame is not None:
                self._on_frame(frame, count)
        self._busy_s += self._clock() - begun_s

    def _send(self, view: LiveView) -> None:
        try:
            view.send()
        except LeaseLostError as error:
            source_id = view.camera.frames.source_id
            _log.warning("%s: %s", source_id, error, extra={"source_id": source_id})
            del self._views[source_id]
            if self._on_lost is not None:
                self._on_lost(source_id)

    def _resend(self) -> None:
        """Send what had to wait."""
        now_s = self._clock()
        passed_s = now_s - self._retried_s
        if passed_s < _RETRY_S:
            return
        self._retried_s = now_s
        for view in list(self._views.values()):
            if view.holds_back:
                # After a while in which the worker did nothing at all, the queue is not why frames are gone.
                self._count_dropped(view, while_full=passed_s <= _LOAD_S)
                self._send(view)

    def _count_dropped(self, view: LiveView, *, while_full: bool) -> None:
        """Note why frames of a camera that holds back were dropped since they were counted last."""
        source_id = view.camera.frames.source_id
        done, before = self._counts[source_id]
        dropped = view.camera.frames.status.dropped
        if while_full:
            view.dropped_while_full(dropped - before)
        self._counts[source_id] = (done, dropped)

    def _set_rate(self, view: LiveView) -> None:
        view.fps = self._governor.fps(view.camera.fps)
        view.camera.frames.set_fps(view.fps)

    def _measure(self) -> None:
        """Close what cameras that are gone have left open; tell the governor what the load is."""
        now_s = self._clock()
        passed_s = now_s - self._measured_s
        if passed_s < _LOAD_S:
            return
        busy = min(self._busy_s / passed_s, 1.0)
        self._measured_s, self._busy_s = now_s, 0.0
        done = dropped = 0
        age_s = 0.0
        for source_id, view in self._views.items():
            before = self._counts[source_id]
            counts = (view.figures(now_s).done, view.camera.frames.status.dropped)
            self._counts[source_id] = counts
            if view.holds_back:
                view.dropped_while_full(counts[1] - before[1])
                continue
            done += counts[0] - before[0]
            dropped += counts[1] - before[1]
            since_s = view.waits_since_s(now_s)
            if since_s is None:
                view.rest(now_s)
            else:
                age_s = max(age_s, now_s - since_s)
        highest_fps = max((view.camera.fps for view in self._views.values()), default=1.0)
        if self._governor.update(now_s, dropped / max(done + dropped, 1), age_s, busy, highest_fps):
            for view in self._views.values():
                self._set_rate(view)
