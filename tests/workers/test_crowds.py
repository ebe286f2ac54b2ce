"""A frame with 500 faces, and an hour without any."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import psutil
from films import FPS, Film, blank

from storage.connection import RedisHandle
from storage.keys import Keys
from storage.sample_queue import Entry, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from stream.frame import Frame
from workers.face_worker import FaceWorker
from workers.face_worker_settings import FaceWorkerSettings
from workers.live_worker import LIVE_SETTINGS
from workers.models.detection import BgrImage, Detection, FaceDetector
from workers.models.embedder import FaceEmbedder
from workers.models.pack import Pack
from workers.source_follower import SourceFollower

FACES = 500
SIDE_PX = 30


@dataclass
class Crowd(FaceDetector):
    """Finds 500 faces in 20 rows, whatever the picture shows."""

    def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
        return [[self._face(number) for number in range(FACES)] for _ in images_bgr]

    def refine(self, image_bgr: BgrImage, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
        return list(self.detect([image_bgr], 12)[0])

    def _face(self, number: int) -> Detection:
        x, y = 4 + 36 * (number % 25), 4 + 36 * (number // 25)
        box = np.array([x, y, x + SIDE_PX, y + SIDE_PX], np.float32)
        points = np.array([[9, 10], [21, 10], [15, 16], [10, 22], [20, 22]], np.float32)
        return Detection(box, points + np.array([x, y], np.float32), 0.99)


@dataclass
class Quick:
    """Tells chips apart without a network; counts how many it is given at once."""

    inner: FaceEmbedder
    most: int = 0

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    @property
    def input_px(self) -> int:
        return self.inner.input_px

    @property
    def template(self) -> npt.NDArray[np.float32]:
        return self.inner.template

    def embed(self, chips_bgr: Sequence[BgrImage]) -> npt.NDArray[np.float32]:
        self.most = max(self.most, len(chips_bgr))
        seeds = [int(chip.astype(np.uint32).sum()) for chip in chips_bgr]
        vectors = np.stack([np.random.default_rng(seed).normal(size=self.dimension) for seed in seeds])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def received(queue: SampleQueue) -> list[Entry]:
    queue.prepare()
    deliveries = queue.receive("test", 10_000, block_ms=1)
    assert [delivery.problem for delivery in deliveries if delivery.problem] == []
    return [delivery.entry for delivery in deliveries if delivery.entry is not None]


def test_each_of_500_faces_in_a_frame_is_followed_and_memory_stays_bounded(
    handle: RedisHandle, open_pack: Pack
) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (760, 910, 3), np.uint8)
    embedder = Quick(open_pack.embedder)
    pack = replace(open_pack, detector=Crowd(), embedder=embedder)
    queue = SampleQueue(handle.client, Keys(f"test-{uuid4().hex}"))
    before_mb = psutil.Process().memory_info().rss / 1e6
    FaceWorker(pack, queue, FaceWorkerSettings()).run(Film([picture] * 2), 0.0, 2 / FPS, threading.Event())
    grown_mb = psutil.Process().memory_info().rss / 1e6 - before_mb
    entries = received(queue)
    tracks = [entry for entry in entries if isinstance(entry, TrackRecord) and entry.ended]
    samples = {entry.sample_id for entry in entries if isinstance(entry, FaceSample)}
    assert len(tracks) == FACES
    assert all(len(track.observations) == 2 for track in tracks)
    assert all(set(track.sample_ids) <= samples for track in tracks)
    assert grown_mb < 500, "pictures of faces alone are kept, of each track a few"


def test_an_hour_without_a_face_makes_a_dozen_entries_and_leaves_nothing_behind(open_pack: Pack) -> None:
    looks = 0

    @dataclass
    class Nobody(FaceDetector):
        def detect(self, images_bgr: Sequence[BgrImage], min_face_px: float) -> list[list[Detection]]:
            nonlocal looks
            looks += 1
            return [[] for _ in images_bgr]

        def refine(self, image_bgr: BgrImage, boxes_xyxy: npt.NDArray[np.float32]) -> list[Detection | None]:
            return []

    pack = replace(open_pack, detector=Nobody())
    follower = SourceFollower(pack, "c-hall", LIVE_SETTINGS, repeatable=False)
    entries: list[Entry] = []
    image = blank()[:48, :64].copy()
    for second in range(0, 3600, 4):
        found = follower.look(Frame("c-hall", second * 25, float(second), None, image))
        entries += found.entries
        assert found.seen == 0
    assert looks == 900
    assert len(entries) == 11
    assert all(isinstance(entry, SegmentDone) for entry in entries)
    assert follower.last_s == 3596.0
    assert not follower.faults
