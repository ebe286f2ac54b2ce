"""How long it takes from the start of a command until the first frame has been looked at.

    python benchmarks/start_up.py [--rounds 5] [--json FILE]

`facestream run` of the demo's video and `facestream watch` of a camera, each in a new data folder, with its
Redis server, models and all; the time counts from right before the process is started. Models are in the
cache; the camera is an RTSP server that plays already.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from camera_scenes import clips_in
from camera_servers import scripted_cameras
from figure import Figure, Goal
from markdown_table import markdown_table
from result import Result, add_json_option
from watched import KEPT

from stream.frame import Frame

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import painted_film

_GOAL = Goal(2.0, "most")
_ENDS_S = 300.0


def first_look(words: list[str]) -> None:
    """Run a command until the first frame has been looked at; prints the Unix time of that, and ends."""
    from facestream.__main__ import main as command
    from workers.source_follower import SourceFollower

    take = SourceFollower.take

    def taken(follower: SourceFollower, frame: Frame) -> NoReturn:
        take(follower, frame)
        print(f"first look at {time.time()!r}", flush=True)
        os._exit(0)

    SourceFollower.take = taken  # type: ignore[method-assign]
    command(words)


def started_s(words: list[str], folder: Path) -> float:
    """Seconds from the start of a command to its first look."""
    began_s = time.time()
    done = subprocess.run(
        [sys.executable, __file__, "--first-look", *words, "--data-dir", str(folder)],
        env={**os.environ, **KEPT},
        capture_output=True,
        text=True,
        timeout=_ENDS_S,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("first look at "):
            return float(line.rpartition(" ")[2]) - began_s
    raise SystemExit(f"facestream {words[0]} looked at nothing: {done.stderr[-2000:]}")


def main() -> None:
    """Start commands again and again."""
    if sys.argv[1:2] == ["--first-look"]:
        first_look(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    add_json_option(parser)
    args = parser.parse_args()
    times_s: dict[str, list[float]] = {"run": [], "watch": [], "--version": []}
    video = clips_in(None, 1)[0].path
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
        scripted_cameras([painted_film(size=(640, 360))]) as servers,
    ):
        for number in range(args.rounds):
            folder = Path(scratch) / str(number)
            began_s = time.perf_counter()
            subprocess.run([sys.executable, "-m", "facestream", "--version"], check=True, capture_output=True)
            times_s["--version"].append(time.perf_counter() - began_s)
            times_s["run"].append(started_s(["run", str(video), "-q"], folder / "run"))
            camera = [
                "camera",
                "add",
                "door",
                servers.urls[0],
                "--no-test",
                "--data-dir",
                str(folder / "watch"),
            ]
            subprocess.run([sys.executable, "-m", "facestream", *camera], check=True, capture_output=True)
            times_s["watch"].append(started_s(["watch"], folder / "watch"))
    print(
        markdown_table(
            [{"command": name, "median_s": round(statistics.median(of), 2)} for name, of in times_s.items()]
        )
    )
    figures = [
        Figure(
            f"from the start of `facestream {name}` to the first frame",
            statistics.median(of),
            "s",
            goal=_GOAL,
        )
        for name, of in times_s.items()
        if name != "--version"
    ]
    figures.append(
        Figure("start of Python, `facestream --version`", statistics.median(times_s["--version"]), "s")
    )
    Result(figures, details=times_s).write(args.json)


if __name__ == "__main__":
    main()
