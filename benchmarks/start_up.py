"""How long it takes from the start of a command until the first frame has been looked at.

    python benchmarks/start_up.py [--rounds 5] [--json FILE]

`facestream run` of the demo's video and `facestream watch` of a camera, each in a new data folder, with its
Redis server, models and all; the time counts from right before the process is started. Models are in the
cache, and so is compiled Python code; the camera is an RTSP server that plays already.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmark_script import run_script
from camera_scenes import clips_in
from camera_servers import scripted_cameras
from command import facestream
from figure import Figure, Goal
from markdown_table import markdown_table
from result import Result, add_json_option
from watched import KEPT

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cameras.h264_film import painted_film

_GOAL = Goal(2.0, "most")
_ENDS_S = 300.0
_FIRST_LOOK = Path(__file__).parent / "first_look.py"


def environment() -> dict[str, str]:
    """Variables of the commands."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Compiled code is kept from one process to the next, as it usually is.
    return kept | KEPT


def started_s(words: list[str], folder: Path) -> tuple[float, float]:
    """Seconds from the start of a command to its first look, and the processor's time in its process."""
    before_s, began_s = processor_s(), time.time()
    done = subprocess.run(
        [sys.executable, str(_FIRST_LOOK), *words, "--data-dir", str(folder)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=_ENDS_S,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("first look at "):
            return float(line.rpartition(" ")[2]) - began_s, processor_s() - before_s
    raise SystemExit(f"facestream {words[0]} looked at nothing: {done.stderr[-2000:]}")


def called_s(words: list[str]) -> tuple[float, float]:
    """Seconds that a command takes, and the processor's time in its process."""
    before_s, began_s = processor_s(), time.time()
    facestream(*words, env=environment())
    return time.time() - began_s, processor_s() - before_s


def processor_s() -> float:
    """The processor's time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Start commands again and again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    add_json_option(parser)
    args = parser.parse_args()
    times_s: dict[str, list[tuple[float, float]]] = {"run": [], "watch": [], "--version": []}
    video = clips_in(None, 1)[0].path
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
        scripted_cameras([painted_film(size=(640, 360))]) as servers,
    ):
        # One more, the first, which compiles code and fills caches.
        for number in range(args.rounds + 1):
            folder = Path(scratch) / str(number)
            camera = ["camera", "add", "door", servers.urls[0], "--no-test"]
            round_s = {
                "--version": called_s(["--version"]),
                "run": started_s(["run", str(video), "-q"], folder / "run"),
            }
            called_s([*camera, "--data-dir", str(folder / "watch")])
            round_s["watch"] = started_s(["watch"], folder / "watch")
            if number:
                for name, took in round_s.items():
                    times_s[name].append(took)
    medians_s = {
        name: [statistics.median(values) for values in zip(*of, strict=True)] for name, of in times_s.items()
    }
    print(
        markdown_table(
            [
                {"command": name, "median_s": f"{wall:.2f}", "processor_s": f"{processor:.2f}"}
                for name, (wall, processor) in medians_s.items()
            ]
        )
    )
    figures = [
        Figure(
            f"from the start of `facestream {name}` to the first frame", medians_s[name][0], "s", goal=_GOAL
        )
        for name in ("run", "watch")
    ]
    figures.append(Figure("start of Python, `facestream --version`", medians_s["--version"][0], "s"))
    Result(figures, details=times_s).write(args.json)


if __name__ == "__main__":
    run_script(main)
