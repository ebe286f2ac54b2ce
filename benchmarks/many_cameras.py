"""Many cameras watched at once: who gets how much, how soon people are known, and what it takes.

    python benchmarks/many_cameras.py [FOLDER] [--cameras 8] [--minutes 10] [--kill-one]
    python benchmarks/many_cameras.py [FOLDER] --cameras 4 --size 640x360 --fps 5 --away 4

FOLDER holds `clips/heads/*.mp4`, one person each; default: FACESTREAM_TEST_DATA; without it the demo's video
is shown. The cameras are RTSP servers in a process of their own that loop the clips, encoded without
B-frames; `facestream watch` looks at them from another one, with a data folder of its own. What is counted
stands in Redis, but memory and processor time, which are those of the processes.

With --away, nobody is there for so long in each loop, then people enter and leave. The latency is the time
from when a camera sent the third good picture of them to the publication of a person for their track: with a
detector's sure score, among those pictures that can be captured at the earliest, looked at or not. So what
is dropped, or passed over as nothing moves, makes it longer. Without --away only the first loop counts.
--kill-one takes the power of the last camera half way and compares the others before and after.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_script import run_script
from camera_scenes import Scene, scenes_of
from camera_servers import CameraServers, gst_cameras, scripted_cameras
from camera_visits import visits_of
from figure import Figure, Goal
from markdown_table import markdown_table
from percentiles import percentile
from result import Result, add_json_option
from watched import Sample, slope_per_min, watch

# A loss of power is noticed, and rates are means of the last five seconds.
_KILL_SETTLES_S = 10.0


def gained(samples: Sequence[Sample], camera: str, what: str) -> int:
    """What one counter of a camera has grown by."""
    values = [getattr(sample.statuses[camera], what) for sample in samples if camera in sample.statuses]
    return values[-1] - values[0] if values else 0


def jain(values: Sequence[float]) -> float:
    """Jain's index of fairness: 1 if all get the same, 1/n if one gets all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 0.0


def looked_per_s(samples: Sequence[Sample], cameras: Sequence[str]) -> float:
    """Frames of these cameras that were processed a second, by the times that their counts were taken at."""
    rate = 0.0
    for camera in cameras:
        seen = [sample.statuses[camera] for sample in samples if camera in sample.statuses]
        if seen and seen[-1].at_s > seen[0].at_s:
            rate += (seen[-1].done - seen[0].done) / (seen[-1].at_s - seen[0].at_s)
    return rate


def measure(
    scenes: Sequence[Scene],
    servers: CameraServers,
    minutes: float,
    look_fps: float,
    *,
    again: bool,
    kill_one: bool,
) -> dict[str, Any]:
    """Watch the cameras and count."""
    names = [f"cam{number}" for number in range(len(scenes))]
    seconds = minutes * 60
    warm_s = min(60.0, seconds / 5)
    half_s = (warm_s + seconds) / 2
    served_s = servers.cpu_s()
    at = [(half_s, lambda: servers.end(len(scenes) - 1))] if kill_one else []
    watched = watch(dict(zip(names, servers.urls, strict=True)), seconds, look_fps=look_fps, at=at)
    warm = watched.between(warm_s, math.inf)
    if len(warm) < 2:
        sys.exit("too short: there is nothing after the warm-up")
    lasting = names[:-1] if kill_one else names
    long_s = warm[-1].at_s - warm[0].at_s
    visits = [
        visit
        for name, shown in zip(names, scenes, strict=True)
        for visit in visits_of(name, shown, servers, watched, again=again)
    ]
    taken = {name: gained(warm, name, "taken") for name in names}
    done = {name: gained(warm, name, "done") for name in names}
    found = {
        name: {person.id for person in watched.people for s in person.sightings if s.source_id == f"c-{name}"}
        for name in names
    }
    rows = []
    for name, shown in zip(names, scenes, strict=True):
        mine = [visit.latency_s for visit in visits if visit.camera == name and visit.latency_s is not None]
        delays_s = [s.statuses[name].delay_s or 0.0 for s in warm if name in s.statuses]
        rows.append(
            {
                "camera": name,
                "clip": shown.clip.path.stem,
                "received": gained(warm, name, "received"),
                "captured": taken[name],
                "processed": done[name],
                "share": ratio(done[name], taken[name]),
                "per_s": round(done[name] / long_s, 2),
                "delay_s": round(float(np.median(delays_s)), 3) if delays_s else None,
                "connects": warm[-1].statuses[name].connects if name in warm[-1].statuses else None,
                "people": len(found[name]),
                "latency_s": round(float(np.median(mine)), 3) if mine else None,
            }
        )
    latencies_s = [visit.latency_s for visit in visits if visit.latency_s is not None]
    times_s = [sample.at_s for sample in warm]
    queued = [sample.queued for sample in warm]
    rss_mb = [sample.rss_mb for sample in warm]
    cpu = (warm[-1].cpu_s - warm[0].cpu_s) / long_s
    result: dict[str, Any] = {
        "cameras": rows,
        "seconds": round(long_s, 1),
        "jain": round(jain([done[name] for name in lasting]), 4),
        "captured_per_s": round(sum(taken.values()) / long_s, 2),
        "processed_per_s": round(sum(done.values()) / long_s, 2),
        "processed_share": ratio(sum(done.values()), sum(taken.values())),
        "visits": len(visits),
        "visits_missed": len(visits) - len(latencies_s),
        "latency_p50_s": share_of(latencies_s, 0.5),
        "latency_p95_s": share_of(latencies_s, 0.95),
        "latency_worst_s": share_of(latencies_s, 1.0),
        "people": len(watched.people),
        "people_truth": len({name for shown in scenes for name in shown.clip.people}),
        "queue_mean": round(float(np.mean(queued)), 2),
        "queue_most": max(queued),
        "queue_last": queued[-1],
        "queue_slope_per_min": round(slope_per_min(times_s, queued), 3),
        "rss_mb": round(rss_mb[-1], 1),
        "rss_slope_mb_per_min": round(slope_per_min(times_s, rss_mb), 3),
        "cpu_cores": round(cpu, 3),
        "cpu_ms_per_frame": round(1000 * cpu * long_s / max(sum(done.values()), 1), 2),
        "redis_cpu_cores": round((warm[-1].redis_cpu_s - warm[0].redis_cpu_s) / long_s, 3),
        "servers_cpu_s": round(servers.cpu_s() - served_s, 1),
    }
    if kill_one:
        before = looked_per_s(watched.between(warm_s, half_s), lasting)
        later = looked_per_s(watched.between(half_s + _KILL_SETTLES_S, math.inf), lasting)
        result |= {
            "killed": names[-1],
            "others_per_s_before": round(before, 2),
            "others_per_s_after": round(later, 2),
            "others_ratio": ratio(later, before),
            "others_connects": max(
                sample.statuses[name].connects
                for sample in warm
                for name in lasting
                if name in sample.statuses
            ),
        }
    return result


def ratio(part: float, whole: float) -> float | None:
    """A share, or None of nothing."""
    return round(part / whole, 4) if whole else None


def share_of(values: Sequence[float], share: float) -> float | None:
    """A percentile, or None of nothing."""
    return round(percentile(values, share), 3) if values else None


def figures_of(result: dict[str, Any]) -> list[Figure]:
    """What is told."""
    captured = result["captured_per_s"]
    figures = [
        Figure("fairness (Jain's index)", result["jain"], better="more"),
        Figure("frames processed", result["processed_per_s"], "frames/s", "more", captured, "captured"),
        Figure("entries in the queue, at most", result["queue_most"]),
        Figure("memory", result["rss_mb"], "MB"),
        Figure("growth of memory", result["rss_slope_mb_per_min"], "MB/min", goal=Goal(1.0, "most")),
        Figure("processor", result["cpu_cores"], "cores"),
        Figure(f"people found, of {result['people_truth']}", result["people"]),
    ]
    for name, words in (("p50", "median"), ("p95", "95th percentile"), ("worst", "worst")):
        if (latency_s := result[f"latency_{name}_s"]) is not None:
            figures.append(Figure(f"third good picture to a person, {words}", latency_s, "s"))
    if result["visits"]:
        figures.append(Figure(f"visits missed, of {result['visits']}", result["visits_missed"]))
    if "killed" in result:
        before = result["others_per_s_before"]
        after = result["others_per_s_after"]
        what = "frames of the others, after one lost its power"
        figures.append(Figure(what, after, "frames/s", "more", before, "before"))
    return figures


def show(result: dict[str, Any]) -> None:
    """Print a table of the cameras, and all else line by line."""
    print(markdown_table(result["cameras"]))
    print()
    for key, value in result.items():
        if key != "cameras":
            print(f"{key:22} {'-' if value is None else value}")


def size_px(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    """Make the films, serve and watch them, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--size", type=size_px, metavar="WIDTHxHEIGHT", help="of the pictures; default: the clips'"
    )
    parser.add_argument(
        "--fps", type=float, help="pictures that a camera sends a second; default: the clips'"
    )
    parser.add_argument("--look-fps", type=float, default=5.0, help="pictures looked at a second, at most")
    parser.add_argument(
        "--away", type=float, default=0.0, metavar="SECONDS", help="without people in each loop"
    )
    parser.add_argument("--kill-one", action="store_true")
    parser.add_argument("--gstreamer", action="store_true", help="GStreamer's server, which tells no latency")
    add_json_option(parser)
    args = parser.parse_args()
    if args.kill_one and args.cameras < 2:
        parser.error("--kill-one needs two cameras or more")
    scenes = scenes_of(
        args.folder,
        args.cameras,
        size=args.size,
        fps=args.fps,
        away_s=args.away,
        look_fps=args.look_fps,
    )
    films = [shown.film for shown in scenes]
    with contextlib.ExitStack() as stack:
        servers: CameraServers
        if args.gstreamer:
            servers = stack.enter_context(
                gst_cameras(films, Path(stack.enter_context(tempfile.TemporaryDirectory())))
            )
        else:
            servers = stack.enter_context(scripted_cameras(films))
        result = measure(
            scenes, servers, args.minutes, args.look_fps, again=args.away > 0, kill_one=args.kill_one
        )
    show(result)
    Result(figures_of(result), details=result).write(args.json)


if __name__ == "__main__":
    run_script(main)
