"""What a camera costs in front of which nothing moves: processor time with motion gating, and without.

    python benchmarks/static_camera.py [--seconds 60] [--fps 5] [--scene empty people]

The camera is an RTSP server in a process of its own; it shows a photograph, once without anybody and once
with six people who don't move, under the noise of a sensor, as H.264. `facestream watch` looks at it three
times: without gating, with it, and with keyframes (one in 2 s) alone. Counted is the processor time of its
process after a warm-up, decoding and all else included, but not that of its Redis server.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmark_script import run_script
from camera_scenes import Grain, Image
from camera_servers import scripted_cameras
from figure import Figure
from markdown_table import markdown_table
from result import Result, add_json_option
from watched import Watched, watch

from facestream.demo_video import GROUP, Photo

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import H264Film, painted_film

_PHOTOS = {"empty": Photo("skimage", "data/coffee.png", {}), "people": GROUP}
_UNGATED = {"FACESTREAM_WATCH_MOTION_GATE": "false"}
_PICTURES = 40
_KEYFRAME_S = 2.0
_LEVELS = 1.5
# Below this share of processed pictures, not all of the work was done.
_KEEPS_UP = 0.95


def still_film(photo: Photo, size: tuple[int, int], fps: int) -> H264Film:
    """A photograph that fills the picture, with noise."""
    width_px, height_px = size
    image = np.asarray(cv2.imdecode(np.fromfile(photo.path(), np.uint8), cv2.IMREAD_COLOR), np.uint8)
    scale = max(width_px / image.shape[1], height_px / image.shape[0])
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    top, left = (large.shape[0] - height_px) // 2, (large.shape[1] - width_px) // 2
    shown = np.asarray(large[top : top + height_px, left : left + width_px], np.uint8)
    grain = Grain(width_px, height_px, _LEVELS)

    def images() -> Iterator[Image]:
        for _ in range(_PICTURES):
            yield grain.over(shown)

    return painted_film(size=size, fps=fps, keyframe_every=round(_KEYFRAME_S * fps), images=images())


def cost(watched: Watched, warm_s: float) -> dict[str, Any]:
    """What a watch cost after its warm-up, and what it did for that."""
    samples = watched.between(warm_s, math.inf)
    first, last = samples[0], samples[-1]
    seconds = last.at_s - first.at_s
    before, after = first.statuses["still"], last.statuses["still"]
    return {
        "cpu_percent": round(100 * (last.cpu_s - first.cpu_s) / seconds, 2),
        "decoded_per_s": round((after.received - before.received) / seconds, 2),
        "captured_per_s": round((after.taken - before.taken) / seconds, 2),
        "processed_per_s": round((after.done - before.done) / seconds, 2),
        "faces": after.faces,
        "people": len(watched.people),
    }


def main() -> None:
    """Serve, watch three times, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="of each watch")
    parser.add_argument("--fps", type=int, default=5)
    parser.add_argument("--size", default="1920x1080", metavar="WIDTHxHEIGHT")
    parser.add_argument("--scene", nargs="+", choices=tuple(_PHOTOS), default=list(_PHOTOS))
    add_json_option(parser)
    args = parser.parse_args()
    width, _, height = args.size.partition("x")
    warm_s = min(20.0, args.seconds / 3)
    rows: list[dict[str, Any]] = []
    for name in args.scene:
        film = still_film(_PHOTOS[name], (int(width), int(height)), args.fps)
        ways: dict[str, dict[str, Any]] = {
            "every picture": {"settings": _UNGATED},
            "motion gating": {},
            "keyframes only": {"options": ["--keyframes-only"]},
        }
        baseline = None
        for way, how in ways.items():
            # A camera of its own each time: its film begins anew.
            with scripted_cameras([film]) as servers:
                watched = watch({"still": servers.urls[0]}, args.seconds, look_fps=args.fps, **how)
            row = {"scene": name, "way": way, **cost(watched, warm_s)}
            baseline = baseline or row["cpu_percent"]
            rows.append(row | {"ratio": round(row["cpu_percent"] / baseline, 3) if baseline else None})
    print(markdown_table(rows))
    costs = {(row["scene"], row["way"]): row["cpu_percent"] for row in rows}
    figures = [
        Figure(f"{scene}, {way}", cost, "% of a core", "less", costs[scene, "every picture"], "every picture")
        for (scene, way), cost in costs.items()
        if way != "every picture"
    ]
    Result(figures, details=rows).write(args.json)
    if any(row["processed_per_s"] < _KEEPS_UP * row["captured_per_s"] for row in rows):
        print("\nThe machine was too busy to process what was captured: ratios say little.")


if __name__ == "__main__":
    run_script(main)
