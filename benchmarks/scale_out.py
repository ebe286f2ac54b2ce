"""What more workers cost: the same cameras looked at by one worker, two and four, as on several hosts.

    python benchmarks/scale_out.py [FOLDER] [--cameras 8] [--workers 1 2 4] [--seconds 60] [--look-fps 1]

FOLDER holds `clips/heads/*.mp4`; default: FACESTREAM_TEST_DATA; without it the demo's video is shown.
Workers, a cluster worker and a Redis server are processes of their own, that have nothing but Redis in
common. So few frames are looked at that the processors are not busy: what is told is the processor time of a
frame, by process. Where it is the same for any number of workers, twice as many processors look at twice as
many frames, until Redis or the cluster worker, whose times are told as well, fill one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from benchmark_script import run_script
from camera_scenes import scenes_of
from camera_servers import cpu_of, scripted_cameras
from command import facestream
from figure import Figure, Goal
from markdown_table import markdown_table
from result import Curve, Result, add_json_option
from soak_site import Server
from watched import KEPT, running

from facestream.configuration.settings import Place
from facestream.wiring import keys_of, make_camera_store, open_handle
from storage.camera_status import CameraStatus

_STARTS_S, _SETTLES_S = 120.0, 15.0
# Of the processor time of a frame with one worker.
_LINEAR = Goal(0.9, of="ratio")


def main() -> None:
    """Measure each number of workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--look-fps", type=float, default=1.0, help="frames looked at a second, of each")
    add_json_option(parser)
    args = parser.parse_args()
    scenes = scenes_of(args.folder, args.cameras, look_fps=args.look_fps)
    with scripted_cameras([shown.film for shown in scenes]) as cameras:
        rows = [measure(cameras.urls, count, args.seconds, args.look_fps) for count in args.workers]
    print(markdown_table(rows))
    Result(figures_of(rows), [curve(rows)], rows).write(args.json)


def measure(urls: Sequence[str], count: int, seconds: float, look_fps: float) -> dict[str, Any]:
    """Let so many workers look at the cameras, and count."""
    with tempfile.TemporaryDirectory() as name, Server(Path(name)) as server:
        place = Place.of(redis=server.url)
        environ = {
            **os.environ,
            **KEPT,
            "FACESTREAM_DATA_DIR": f"{name}/data",
            "FACESTREAM_REDIS": server.url,
        }
        command = [sys.executable, "-m", "facestream"]
        for k, url in enumerate(urls):
            words = ("camera", "add", f"cam{k}", url, "--no-test", "--fps", f"{look_fps:g}")
            facestream(*words, env=environ)
        with contextlib.ExitStack() as stack:
            log = stack.enter_context((Path(name) / "log").open("w"))

            def begin(*words: str) -> psutil.Process:
                process = stack.enter_context(running([*command, *words], environ, log))
                return psutil.Process(process.pid)

            clusters = begin("cluster-worker")
            workers = [begin("worker") for _ in range(count)]
            store = make_camera_store(stack.enter_context(open_handle(place)), keys_of(place))

            def statuses() -> dict[str, CameraStatus]:
                return dict(store.readable_statuses())

            deadline_s = time.monotonic() + _STARTS_S
            while not is_balanced(statuses(), len(urls), count):
                if time.monotonic() > deadline_s:
                    sys.exit(f"not all is looked at by all:\n{(Path(name) / 'log').read_text()[-3000:]}")
                time.sleep(1.0)
            time.sleep(_SETTLES_S)
            redis = psutil.Process(server.pid)
            groups = {"workers": workers, "cluster worker": [clusters], "Redis": [redis]}
            before, cpu_s = statuses(), {who: sum(map(cpu_of, group)) for who, group in groups.items()}
            time.sleep(seconds)
            after = statuses()
            spent_s = {who: sum(map(cpu_of, group)) - cpu_s[who] for who, group in groups.items()}
    done, taken, looked = (
        sum(getattr(after[name], what) - getattr(before[name], what) for name in after)
        for what in ("done", "taken", "looked")
    )
    shares = Counter(status.worker for status in after.values())
    return {
        "workers": count,
        "cameras of each": f"{min(shares.values())} to {max(shares.values())}",
        "frames": done,
        "share of captured": round(done / max(taken, 1), 4),
        "looked": looked,
        **{f"{who}, ms a frame": round(1000 * s / max(done, 1), 2) for who, s in spent_s.items()},
    }


def is_balanced(statuses: dict[str, CameraStatus], cameras: int, workers: int) -> bool:
    """Whether every camera streams, and every worker has its share."""
    streaming = [status for status in statuses.values() if status.state == "streaming" and status.done]
    return len(streaming) == cameras and len({status.worker for status in streaming}) == workers


def figures_of(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    """What is told: each number of workers beside the first."""
    first = rows[0]
    figures = []
    for row in rows:
        for key in (key for key in row if key.endswith("ms a frame")):
            is_first = row is first
            goal = _LINEAR if key.startswith("workers") and not is_first else None
            beside = None if is_first else first[key]
            what = f"{key.removesuffix(', ms a frame')}, of a frame, {row['workers']} workers"
            figures.append(Figure(what, row[key], "ms", "less", beside, f"{first['workers']}", goal))
        share = f"frames processed of those captured, {row['workers']} workers"
        figures.append(Figure(share, row["share of captured"], better="more"))
    return figures


def curve(rows: Sequence[dict[str, Any]]) -> Curve:
    """The processor time of a frame by workers."""
    x = [float(row["workers"]) for row in rows]
    y = [float(row["workers, ms a frame"]) for row in rows]
    return Curve("Processor time of a frame, by workers", "workers", "workers", "ms", x, y)


if __name__ == "__main__":
    run_script(main)
