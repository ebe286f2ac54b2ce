"""A camera, what sends its frames through a real server, and what takes them on other hosts."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from uuid import uuid4

from films import Image

from storage.camera_status import CameraStatus
from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.frame_streams import FrameStreams
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from storage.track_record import TrackRecord
from stream.frame import Frame
from workers.frame_sender import FrameSender, SentCamera
from workers.live_camera import LiveCamera
from workers.live_worker import LIVE_SETTINGS, LiveWorker
from workers.models.pack import Pack
from workers.remote_source import RemoteSource
from workers.sendable import Sendable
from workers.sent_pictures import SentPictures
from workers.tracking.motion import MotionSettings

FPS = 5.0
SOURCE = "c-door"
LATE_S = 30.0


@dataclass(frozen=True)
class Counts:
    dropped: int = 0


class Shown:
    """A camera that shows what it is told to."""

    source_id = SOURCE
    waiting_since_s = None

    def __init__(self) -> None:
        self.status = Counts()
        self.waiting: deque[Frame] = deque()
        self.shown = 0

    def show(self, *pictures: Image) -> None:
        for picture in pictures:
            media_s = self.shown / FPS
            self.waiting.append(Frame(SOURCE, 5 * self.shown, media_s, 1.8e9 + media_s, picture.copy()))
            self.shown += 1

    def drop(self, count: int) -> None:
        self.status = Counts(self.status.dropped + count)
        self.shown += count

    def take(self) -> Frame | None:
        return self.waiting.popleft() if self.waiting else None

    def set_fps(self, fps: float) -> None:
        raise AssertionError("a reader samples as its camera says")


class Edge:
    """A camera, what sends its frames, and what takes them on other hosts."""

    def __init__(
        self, handle: RedisHandle, motion: MotionSettings | None = None, sent: Sendable | None = None
    ) -> None:
        self.handle = handle
        self.client = handle.client
        self.keys = Keys(f"test-{uuid4().hex}")
        self.streams = FrameStreams(handle.client, self.keys)
        self.queue = SampleQueue(handle.client, self.keys)
        self.queue.prepare()
        self.camera = Shown()
        self.lost: list[str] = []
        self.lease = Lease(handle.client, self.keys.camera_reader_lease("door"), ttl_s=600)
        assert self.lease.acquire()
        self.sender = FrameSender(self.streams, self.lost.append)
        self.sender.add(SentCamera("door", sent or SentPictures(self.camera, 95, motion), self.lease, FPS))
        self.status: CameraStatus | None = CameraStatus("door", "edge-1", "streaming", 1.8e9, codec="h264")

    @property
    def key(self) -> str:
        return self.keys.camera_frames("door")

    @property
    def kept(self) -> int:
        return int(self.client.xlen(self.key))

    def send(self, pictures: Iterable[Image]) -> None:
        for picture in pictures:
            self.camera.show(picture)
            assert self.sender.step(0.0)

    def source(self, capacity: int = 4, hwaccel: str = "none") -> RemoteSource:
        return RemoteSource(
            "door", SOURCE, self.streams, lambda: self.status, self.handle.errors, FPS, capacity, hwaccel
        )

    def entries(self) -> list[Entry]:
        deliveries = self.queue.receive("test", 10_000, block_ms=1)
        assert [d.problem for d in deliveries if d.problem] == []
        return [d.entry for d in deliveries if d.entry is not None]


def until(condition: Callable[[], bool]) -> None:
    late_s = time.monotonic() + LATE_S
    while not condition():
        assert time.monotonic() < late_s
        time.sleep(0.005)


def taken(source: RemoteSource, count: int) -> list[Frame]:
    frames: list[Frame] = []

    def more() -> bool:
        frame = source.take()
        if frame is not None:
            frames.append(frame)
        return len(frames) == count

    until(more)
    return frames


class Looker:
    """A worker on another host; it dies where it is left."""

    def __init__(
        self, edge: Edge, pack: Pack, opened: ExitStack, motion: MotionSettings | None = None
    ) -> None:
        self.source = opened.enter_context(edge.source())
        self.worker = LiveWorker(pack, replace(LIVE_SETTINGS, min_face_px=30))
        camera = LiveCamera(self.source, edge.queue, FPS, motion=motion, on_told=self.source.told)
        self.source.on_arrival = self.worker.wake
        self.worker.add(camera)

    def look(self, count: int) -> None:
        late_s = time.monotonic() + LATE_S
        while count:
            count -= self.worker.step(0.2)
            assert time.monotonic() < late_s


def people_of(entries: Iterable[Entry]) -> dict[str, list[float]]:
    """Times at which each track was seen, of those that ended."""
    return {
        e.track_id: e.observations["media_s"].round(1).tolist()
        for e in entries
        if isinstance(e, TrackRecord) and e.ended
    }
