"""A frame that ends every process that looks at it is left out in the end, and all others are done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from storage.connection import RedisHandle
from storage.keys import Keys
from storage.sample_queue import SampleQueue
from storage.source_record import SegmentDone

SCRIPT = """
import os, signal, sys, threading
from functools import partial
from types import SimpleNamespace
import numpy as np
import redis
from storage.keys import Keys
from storage.look_mark import LookMark
from storage.sample_queue import SampleQueue
from stream.frame import Frame
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.detection import FaceDetector

class Film:
    source_id = "film"
    def frames(self, stop):
        for k in range(12):
            picture = np.full((48, 64, 3), 90, np.uint8)
            picture[:24, :32] = 200 if k == 7 else 90
            yield Frame("film", 5 * k, k / 5, None, picture)

class Detector(FaceDetector):
    def detect(self, images, min_face_px):
        if images[0][0, 0, 0] == 200:
            os.kill(os.getpid(), signal.SIGKILL)
        return [[]]
    def refine(self, image, boxes):
        return []

keys = Keys(sys.argv[2])
client = redis.Redis(unix_socket_path=sys.argv[1])
pack = SimpleNamespace(
    manifest=None, detector=Detector(), embedder=None, providers=("none",),
    calibration=SimpleNamespace(limit=8.0),
)
worker = FaceWorker(
    pack, SampleQueue(client, keys), FaceWorkerSettings(search_interval_s=0.01, calm_interval_s=0.01),
    partial(LookMark, client, keys),
)
worker.run(Film(), 0.0, 2.4, threading.Event())
print(worker.faults)
"""


def test_a_frame_that_ends_every_process_is_left_out_after_three(handle: RedisHandle) -> None:
    keys = Keys(f"test-{uuid4().hex}")
    root = Path(__file__).parents[2]
    codes = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(handle.socket_path), keys.collection],
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        codes.append(done.returncode)
        if done.returncode == 0:
            break
    assert codes == [-signal.SIGKILL] * 3 + [0], done.stderr
    assert "the models failed on 1 frame, left out, the first at 1.4 s: processes died over it" in done.stdout
    queue = SampleQueue(handle.client, keys)
    queue.prepare()
    entries = [delivery.entry for delivery in queue.receive("test", 100, block_ms=1)]
    (segment,) = entries
    assert isinstance(segment, SegmentDone)
    assert (segment.sampled, segment.complete) == (12, True)
    assert not handle.client.exists(keys.looking)
