"""Cameras that show what they are told to, and a live worker that looks at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import uuid4

import redis
from films import Image

from storage.delivery import Entry
from storage.keys import Keys
from storage.sample_queue import GROUP, SampleQueue
from stream.frame import Frame
from workers.live_camera import LiveCamera
from workers.live_worker import LIVE_SETTINGS, LiveWorker
from workers.models.pack import Pack
from workers.rate_governor import GovernorSettings, RateChange, RateGovernor

SETTINGS = replace(LIVE_SETTINGS, min_face_px=30, segment_s=10.0, idle_segment_s=60.0)


@dataclass(frozen=True)
class Counts:
    dropped: int = 0


class Camera:
    """A camera that shows what it is told to: a buffer of few frames, of which the oldest are dropped."""

    def __init__(self, name: str, fps: float = 5.0, capacity: int = 4, epoch_s: float = 1e9) -> None:
        self.source_id = f"c-{name}"
        self.status = Counts()
        self.rates: list[float] = []
        self._fps = fps
        self._epoch_s = epoch_s
        self._capacity = capacity
        self._waiting: deque[Frame] = deque()
        self._shown = 0
        # Media time of its newest frame.
        self.now_s = 0.0

    def show(self, *pictures: Image, at_s: float | None = None) -> None:
        """Frames arrive at the pace of the camera, the first one at a media time or where it is."""
        if at_s is not None:
            self._shown = max(self._shown, round(at_s * self._fps))
        for picture in pictures:
            media_s = self._shown / self._fps
            if len(self._waiting) == self._capacity:
                self._waiting.popleft()
                self.status = Counts(self.status.dropped + 1)
            index = int(media_s * 25)
            self._waiting.append(
                Frame(self.source_id, index, media_s, self._epoch_s + media_s, picture.copy())
            )
            self.now_s = media_s
            self._shown += 1

    @property
    def waiting_since_s(self) -> float | None:
        return self._waiting[0].captured_at_s if self._waiting else None

    def take(self) -> Frame | None:
        return self._waiting.popleft() if self._waiting else None

    def set_fps(self, fps: float) -> None:
        self.rates.append(fps)


class Site:
    """Cameras of a collection of its own, a live worker, and what that did."""

    def __init__(self, client: redis.Redis, pack: Pack) -> None:
        self.client = client
        self.keys = Keys(f"test-{uuid4().hex}")
        self.queue = SampleQueue(client, self.keys)
        self.queue.prepare()
        self.cameras: list[Camera] = []
        # Time passes with the frames that come.
        self.waited_s = 0.0
        self.taken: list[tuple[str, float, int]] = []
        self.lost: list[str] = []
        self.changes: list[RateChange] = []
        quick = GovernorSettings(lower_after_s=0.0)
        self.worker = LiveWorker(
            pack,
            SETTINGS,
            RateGovernor(quick, self.changes.append),
            lambda frame, faces: self.taken.append((frame.source_id, frame.media_s, faces)),
            self.lost.append,
            clock=lambda: self.waited_s + max((camera.now_s for camera in self.cameras), default=0.0),
        )

    def add(self, camera: Camera, **options: object) -> Camera:
        self.cameras.append(camera)
        self.worker.add(LiveCamera(camera, **{"queue": self.queue, **options}))  # type: ignore[arg-type]
        return camera

    def play(self, camera: Camera, pictures: Iterable[Image], at_s: float | None = None) -> None:
        """Every picture is looked at before the next one comes."""
        for picture in pictures:
            camera.show(picture, at_s=at_s)
            at_s = None
            assert self.worker.step(0.0)

    def drain(self) -> None:
        while self.worker.step(0.0):
            pass

    def entries(self) -> list[Entry]:
        """What was sent, in order; it has had its effect then."""
        deliveries = self.queue.receive("test", 10_000, block_ms=1)
        assert [d.problem for d in deliveries if d.problem] == []
        if deliveries:
            ids = [d.entry_id for d in deliveries]
            self.client.xack(self.keys.samples, GROUP, *ids)
            self.client.xdel(self.keys.samples, *ids)
        return [d.entry for d in deliveries if d.entry is not None]
