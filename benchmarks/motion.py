"""What a static camera costs, with and without motion gating: CPU for each second of a 1080p video.

The video is a room with a sensor's noise, with nobody in it or with somebody's picture on the wall, at the
quality of a camera. Decoding is included, and shown alone; the network is not.

    python benchmarks/motion.py [--seconds 30] [--video-fps 25] [--face PICTURE]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facestream.settings import model_cache
from stream.frame import Frame
from stream.video import VideoFile
from stream.video_writer import VideoWriter
from workers.live_worker import LIVE_SETTINGS
from workers.models.pack import load_pack
from workers.source_follower import SourceFollower
from workers.tracking.motion import MotionGate

WIDTH_PX, HEIGHT_PX = 1920, 1080
FPS = 5.0
_NOISE = 1.5
# Constant rate factor of H.264: cameras save on a scene in which nothing happens.
_QUALITY = 30
# Noise is made once and moved about: making it anew for each frame would take longer than all else.
_MARGIN_PX = 64


def write_room(path: Path, seconds: float, fps: int, face: Path | None) -> None:
    """A video of a room in which nothing happens."""
    random = np.random.default_rng(1)
    small = random.integers(40, 170, (9, 16, 3)).astype(np.uint8)
    room = cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    if face is not None:
        picture = cv2.imread(str(face))
        if picture is None:
            raise SystemExit(f"{face}: no picture that can be read")
        room[200:600, 800:1200] = cv2.resize(picture, (400, 400), interpolation=cv2.INTER_AREA)
    noise = random.normal(0, _NOISE, (HEIGHT_PX + _MARGIN_PX, WIDTH_PX + _MARGIN_PX, 1)).astype(np.float32)
    with VideoWriter(path, WIDTH_PX, HEIGHT_PX, fps, _QUALITY) as writer:
        for _ in range(round(seconds * fps)):
            y, x = random.integers(0, _MARGIN_PX, 2)
            frame = room + noise[y : y + HEIGHT_PX, x : x + WIDTH_PX]
            writer.write(np.clip(frame, 0, 255).astype(np.uint8))


def frames(path: Path) -> Iterator[Frame]:
    """The frames that are sampled of a camera."""
    return VideoFile(path, "room", fps=FPS).frames(threading.Event())


def gate_ms(image: npt.NDArray[np.uint8], times: int = 200) -> float:
    """CPU time of the gate for one frame, ms."""
    gate = MotionGate()
    gate.wants(image, 0.0, False)
    began_s = time.process_time()
    for k in range(times):
        gate.wants(image, k / FPS, False)
    return (time.process_time() - began_s) / times * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--video-fps", type=int, default=25)
    parser.add_argument("--face", type=Path, help="a picture of somebody, to hang on the wall")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    pack = load_pack("open", model_cache(), threads=1)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "room.mp4"
        write_room(video, asked.seconds, asked.video_fps, asked.face)
        image = next(frames(video)).image_bgr
        least_px = LIVE_SETTINGS.min_face(HEIGHT_PX, WIDTH_PX)
        pack.detector.detect([image], least_px)
        began_s = time.process_time()
        for _ in range(3):
            pack.detector.detect([image], least_px)
        search_ms = (time.process_time() - began_s) / 3 * 1000
        print(f"one frame of 1080p: gate {gate_ms(image):.2f} ms, search {search_ms:.0f} ms of CPU")
        costs: dict[str, float] = {}
        for name, gate in (("decoding alone", None), ("ungated", None), ("gated", MotionGate())):
            follower = SourceFollower(pack, "room", LIVE_SETTINGS, gate=gate, repeatable=False)
            looked = 0
            began_s = time.process_time()
            for frame in frames(video):
                looked += name != "decoding alone" and follower.take(frame).looked
            costs[name] = (time.process_time() - began_s) / asked.seconds * 1000
            print(f"{name}: {costs[name]:.0f} ms of CPU a second, {looked} frames looked at")
        print(f"gated / ungated: {costs['gated'] / costs['ungated']:.1%}")


if __name__ == "__main__":
    main()
