"""What a static camera costs, with and without motion gating: CPU for each second of a 1080p video.

The video is a room with a sensor's noise, with nobody in it or with somebody's picture on the wall, at the
quality of a camera. Decoding is included, and shown alone; the network is not.

    python benchmarks/motion.py [--seconds 30] [--video-fps 25] [--face PICTURE] [--json FILE]
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
from benchmark_script import run_script
from figure import Figure
from made_video import HEIGHT_PX, WIDTH_PX, write_room
from result import Result, add_json_option

from facestream.configuration.settings import model_cache
from stream.frame import Frame
from stream.video import VideoFile
from workers.live_worker import LIVE_SETTINGS
from workers.models.pack import load_pack
from workers.source_follower import SourceFollower
from workers.tracking.motion import MotionGate

FPS = 5.0


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
    add_json_option(parser)
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
        gated_ms = gate_ms(image)
        print(f"one frame of 1080p: gate {gated_ms:.2f} ms, search {search_ms:.0f} ms of CPU")
        costs: dict[str, float] = {}
        for name, gate in (("decoding alone", None), ("ungated", None), ("gated", MotionGate())):
            follower = SourceFollower(pack, "room", LIVE_SETTINGS, gate=gate, repeatable=False)
            looked = 0
            began_s = time.process_time()
            for frame in frames(video):
                if name != "decoding alone":
                    found = follower.look(frame) if follower.wants(frame) else follower.skip(frame)
                    looked += found.looked
            costs[name] = (time.process_time() - began_s) / asked.seconds * 1000
            print(f"{name}: {costs[name]:.0f} ms of CPU a second, {looked} frames looked at")
        print(f"gated / ungated: {costs['gated'] / costs['ungated']:.1%}")
    beside = "looking at every frame"
    Result(
        [
            Figure(
                "processor time a second of a still 1080p video",
                costs["gated"],
                "ms",
                "less",
                costs["ungated"],
                beside,
            ),
            Figure(
                "the same, to decoding alone",
                costs["gated"],
                "ms",
                "less",
                costs["decoding alone"],
                "decoding alone",
            ),
            Figure("gate, one frame of 1080p", gated_ms, "ms", "less", search_ms, "search for faces"),
        ],
        details=costs,
    ).write(asked.json)


if __name__ == "__main__":
    run_script(main)
