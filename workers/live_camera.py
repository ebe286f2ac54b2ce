"""One camera of a live worker: what is known of it, and how it gets on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from storage.delivery import Entry
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from stream.frame import Frame
from stream.source import LiveFrames
from workers.clock_offset import ClockOffset
from workers.face_worker_settings import FaceWorkerSettings
from workers.models.detection import Shown
from workers.models.pack import Pack
from workers.source_follower import Found, SourceFollower
from workers.tracking.motion import MotionGate, MotionSettings
from workers.tracking.region import Region

# Without a frame for so long, or so many of the usual periods, a camera was gone: nobody was followed.
_GAP_S, _GAP_PERIODS = 2.5, 3.0
_RATE_S = 5.0
# A segment reaches this far beyond its last frame, s.
_BEYOND_S = 1e-3

REPEATABLE_S = 10.0
"""Faces of frames that can be had again are told for good at least so often."""


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """A camera that is to be looked at.

    Attributes:
        frames: Its frames.
        queue: Where samples and tracks go; with a fence, if somebody else may take the camera over.
        fps: How often it should be looked at, at most.
        min_face_px: Smallest face side looked for, px, or None for what holds for all.
        region: Where faces count, or None for everywhere.
        motion: Which frames are passed over as nothing has changed in them; None: none are.
        on_told: For frames that can be had again, by another worker say, until this was called: with the
            media time up to which all that was seen has been sent, and whether nothing is under way any more.
            Faces are then told for good at least every `REPEATABLE_S`. None: no frame can be had again.
    """

    frames: LiveFrames
    queue: SampleQueue
    fps: float = 5.0
    min_face_px: float | None = None
    region: Region | None = None
    motion: MotionSettings | None = field(default_factory=MotionSettings)
    on_told: Callable[[float, bool], None] | None = None


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """How a camera gets on.

    Attributes:
        done: Frames taken, with those that were passed over as nothing had changed.
        looked: Frames that faces were looked for in.
        failed: Those of them that the models failed on.
        fps_done: Frames taken a second, of late.
        delay_s: From the arrival of the newest frame that was done to when it was done, s; None before it.
        faces: Faces of that frame.
        held: Entries that wait for room in the queue.
        dropped_full: Frames that newer ones took the place of while there was no room in the queue.
        last_frame_at_s: Unix time of the capture of that frame, or None before it.
    """

    done: int = 0
    looked: int = 0
    failed: int = 0
    fps_done: float = 0.0
    delay_s: float | None = None
    faces: int = 0
    held: int = 0
    dropped_full: int = 0
    last_frame_at_s: float | None = None


class LiveView:
    """What a live worker keeps of a camera. Times named `now_s` are those of one monotonic clock.

    Args:
        camera: The camera.
        pack: The models.
        settings: How frames are looked at.
    """

    def __init__(self, camera: LiveCamera, pack: Pack, settings: FaceWorkerSettings) -> None:
        if camera.min_face_px is not None:
            settings = replace(settings, min_face_px=camera.min_face_px)
        repeatable = camera.on_told is not None
        if repeatable:
            settings = replace(settings, segment_s=min(settings.segment_s, REPEATABLE_S))
        self.camera = camera
        self.fps = camera.fps
        self._follower = SourceFollower(
            pack,
            camera.frames.source_id,
            settings,
            region=camera.region,
            gate=None if camera.motion is None else MotionGate(camera.motion, camera.region),
            repeatable=repeatable,
        )
        self._entries: list[Entry] = []
        self._faces: list[FaceSample] = []
        self._offset = ClockOffset()
        self._captured_s: float | None = None
        # When the frame after the last one that was taken came, or would have; at first, the very first one.
        self._due_s: float | None = None
        # Media time of the newest frame that was looked at.
        self._seen_s = -np.inf
        # Frames that had been dropped when the last one was taken.
        self._dropped = 0
        self._taken_s = -np.inf
        self._times_s: deque[float] = deque()
        self._figures = LiveFigures()

    def waits_since_s(self, now_s: float) -> float | None:
        """When the oldest frame arrived that waits; None if there is none."""
        captured_s = self.camera.frames.waiting_since_s
        if captured_s is None:
            return None
        self._offset.seen(captured_s, now_s)
        return captured_s + self._offset.seconds

    def turn_s(self, now_s: float) -> float | None:
        """When the oldest frame arrived that has not been taken, or would have if it had not been dropped.

        The camera with the earliest one comes next: so a camera with many frames, whose buffer spans little
        time, gets its turn as well. None if no frame waits, or what was found before can't be sent yet.
        """
        since_s = self.waits_since_s(now_s)
        if since_s is None or self._entries or self._faces:
            return None
        if self._due_s is None:
            self._due_s = since_s
        if self.camera.frames.status.dropped == self._dropped:
            return since_s
        return min(since_s, self._due_s)

    def wants(self, frame: Frame) -> bool:
        """Whether a frame that was taken is worth a look; asked once of each, before `look` or `skip`."""
        last_s = self._follower.last_s
        if last_s is not None and frame.media_s - last_s > self._gap_s:
            self.close()
        return self._follower.wants(frame)

    def needs_detector(self, frame: Frame) -> bool:
        """Whether the detector will be asked about a frame that is worth a look."""
        return self._follower.needs_detector(frame)

    def look(self, frame: Frame, now_s: float, shown: Shown | None = None) -> int:
        """Look at a frame, which may have been shown to the detector; returns the number of its faces."""
        try:
            found = self._follower.look(frame, shown)
        except Exception as error:  # whatever it is, one camera must not cost the others
            self._begin_anew(error)
            found = Found((), (), 0, looked=True)
        return self._took(frame, found, now_s)

    def skip(self, frame: Frame, now_s: float) -> int:
        """Pass a frame over, as nothing has changed; returns the number of faces that are followed."""
        return self._took(frame, self._follower.skip(frame), now_s)

    def present(self) -> list[tuple[str, npt.NDArray[np.float32], str]]:
        """Faces of the newest frame that was looked at, as `TrackBuilder.present` gives them."""
        return self._follower.present()

    def done(self, now_s: float) -> None:
        """The frame that was looked at is done."""
        self._times_s.append(now_s)
        while now_s - self._times_s[0] > _RATE_S:
            self._times_s.popleft()
        if self._captured_s is not None:
            self._figures = replace(
                self._figures, delay_s=max(now_s - self._captured_s - self._offset.seconds, 0.0)
            )

    def rest(self, now_s: float) -> None:
        """No frame waits: a camera that has been gone for too long has nobody left that is followed."""
        if self._follower.last_s is not None and now_s - self._taken_s > self._gap_s:
            self.close()
            self._figures = replace(self._figures, faces=0)

    def close(self) -> None:
        """End all tracks, and the segment with its last frame."""
        last_s = self._follower.last_s
        if last_s is not None:
            try:
                self._entries += self._follower.close(last_s + _BEYOND_S)
            except Exception as error:  # as in `look`
                self._begin_anew(error)

    def _begin_anew(self, error: Exception) -> None:
        """Follow nobody any more whom this camera showed, unless the models are broken."""
        if self._follower.faults.is_hopeless:
            raise error
        self._follower.begin_anew(error)

    def send(self) -> bool:
        """Send what was found, if there is room; returns whether nothing waits any more.

        Raises:
            LeaseLostError: If somebody else has the camera now.
            ModelConflictError: If the collection was changed to other models.
        """
        if not self.camera.queue.try_send(self._entries, faces=self._faces):
            return False
        self._entries, self._faces = [], []
        if self.camera.on_told is not None:
            untold_s = self._follower.untold_s
            told_s = self._seen_s if untold_s is None else float(np.nextafter(untold_s, -np.inf))
            self.camera.on_told(told_s, self._follower.last_s is None)
        return True

    @property
    def holds_back(self) -> bool:
        """Whether something waits for room in the queue."""
        return bool(self._entries or self._faces)

    def dropped_while_full(self, count: int) -> None:
        """So many frames were dropped for want of room in the queue."""
        self._figures = replace(self._figures, dropped_full=self._figures.dropped_full + count)

    def drop(self) -> int:
        """Let go of what waits; returns the number of entries."""
        lost, self._entries, self._faces = len(self._entries), [], []
        return lost

    def figures(self, now_s: float) -> LiveFigures:
        """How it gets on; any thread may ask."""
        recent = sum(now_s - time_s <= _RATE_S for time_s in list(self._times_s))
        return replace(self._figures, fps_done=recent / _RATE_S, held=len(self._entries))

    def _took(self, frame: Frame, found: Found, now_s: float) -> int:
        self._entries += found.entries
        self._faces += found.faces
        self._seen_s = frame.media_s
        self._captured_s, self._dropped = frame.captured_at_s, self.camera.frames.status.dropped
        if self._captured_s is not None:
            self._due_s = self._captured_s + self._offset.seconds + 1 / self.fps
        self._taken_s = now_s
        figures = self._figures
        self._figures = replace(
            figures,
            done=figures.done + 1,
            looked=figures.looked + found.looked,
            failed=self._follower.faults.frames,
            faces=found.seen,
            last_frame_at_s=frame.captured_at_s,
        )
        return found.seen

    @property
    def _gap_s(self) -> float:
        return max(_GAP_S, _GAP_PERIODS * max(1 / self.fps, self._follower.period_s))
