"""Frames/s of `facestream run` against the naive loop, alternating in one run on the CPU; ratios and scores.

    python benchmarks/speed.py VIDEO... [--rounds 3] [--still SECONDS] [--constant-weights] [--json FILE]

Both are whole processes from their start to their end, model loading, clustering and (for `run`) Redis
with a synced append-only file included, so that ratios on short clips understate. Where VIDEO.truth.csv or
VIDEO.csv says who is seen, both are scored as by `facestream evaluate`. --still adds a made-up video in 1080p
of a room in which nothing happens, once empty and once with a picture on the wall. --constant-weights
lends the loop what makes CenterFace fast, as of `naive.py`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark_script import run_script
from command import facestream, python
from figure import Figure, Goal
from made_video import write_room
from markdown_table import markdown_table
from result import Result, add_json_option

from facestream.demo_video import ASTRONAUT
from facestream.quality.evaluation import evaluate_tables, found_table, truth_table

_NAIVE = Path(__file__).with_name("naive.py")
_FACES, _STILL = Goal(4.0, of="ratio"), Goal(20.0, of="ratio")
_STILL_FPS = 25


def timed(*command: str) -> tuple[float, dict[str, Any]]:
    """Seconds of a process and the JSON that it printed."""
    started_s = time.perf_counter()
    said = python(*command)
    return time.perf_counter() - started_s, json.loads(said)


def measure(video: Path, rounds: int, loop_options: Sequence[str] = ()) -> dict[str, Any]:
    """Alternate both on one video."""
    naive_s, run_s, naive_rate, run_rate = [], [], [], []
    result: dict[str, Any] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            theirs, ours = folder / "naive.csv", folder / "run.csv"
            spent_s, naive = timed(str(_NAIVE), str(video), "-o", str(theirs), *loop_options)
            naive_s.append(spent_s)
            naive_rate.append(naive["frames"] / naive["seconds"])
            place = ("--data-dir", str(folder / "data"))
            options = ("--json", "-q", "--device", "cpu", *place)
            spent_s, run = timed("-m", "facestream", "run", str(video), *options)
            run_s.append(spent_s)
            run_rate.append(run["frames"] / run["seconds"])
            facestream("export", *place, "-o", str(ours))
            result = {
                "frames": run["frames"],
                "first_person_s": run["first_person_s"],
                "people": len(run["people"]),
                "naive_people": naive["people"],
                "score": score(video, ours),
                "naive_score": score(video, theirs),
            }
    ratio = [r / n for r, n in zip(run_rate, naive_rate, strict=True)]
    return {
        "video": video.name,
        **result,
        "naive_frames_per_s": round(statistics.median(naive_rate), 2),
        "run_frames_per_s": round(statistics.median(run_rate), 2),
        "ratio": round(statistics.median(ratio), 2),
        "ratio_range": [round(min(ratio), 2), round(max(ratio), 2)],
        "naive_process_s": round(statistics.median(naive_s), 2),
        "run_process_s": round(statistics.median(run_s), 2),
    }


def score(video: Path, found: Path) -> float | None:
    """How well people were told apart; None where nobody says who is seen."""
    for truth in (video.with_suffix(".truth.csv"), video.with_suffix(".csv")):
        if truth.is_file():
            return round(evaluate_tables(truth_table(truth), found_table(found)).score, 4)
    return None


def figures_of(row: dict[str, Any], goal: Goal, naive: str) -> list[Figure]:
    """What is told of a video, beside the naive loop by that name."""
    video = row["video"]
    figures = [
        Figure(
            f"frames looked at, {video}",
            *(row["run_frames_per_s"], "frames/s", "more", row["naive_frames_per_s"], naive, goal),
        ),
        Figure(
            f"whole process, {video}",
            *(row["run_process_s"], "s", "less", row["naive_process_s"], naive),
        ),
    ]
    if row["first_person_s"] is not None:
        figures.append(Figure(f"first person known, {video}", row["first_person_s"], "s"))
    if row["score"] is not None:
        more = Goal(1.0, of="ratio")
        figures.append(Figure(f"score, {video}", row["score"], "", "more", row["naive_score"], naive, more))
    return figures


def main() -> None:
    """Measure each video."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--still", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--constant-weights", action="store_const", const=["--constant-weights"], default=[])
    add_json_option(parser)
    args = parser.parse_args()
    if not (args.videos or args.still):
        parser.error("name a VIDEO, or --still SECONDS")
    with tempfile.TemporaryDirectory() as folder:
        goals = dict.fromkeys(args.videos, _FACES)
        if args.still:
            for name, face in (("empty room", None), ("picture on the wall", ASTRONAUT.path())):
                video = Path(folder) / f"{name}.mp4"
                write_room(video, args.still, _STILL_FPS, face)
                goals[video] = _STILL
        rows = {video: measure(video, args.rounds, args.constant_weights) for video in goals}
    print(markdown_table(list(rows.values())))
    naive = "naive loop with constant weights" if args.constant_weights else "naive loop"
    figures = [one for video, row in rows.items() for one in figures_of(row, goals[video], naive)]
    Result(figures, details=list(rows.values())).write(args.json)


if __name__ == "__main__":
    run_script(main)
