"""Frames/s of `facestream run` against the naive loop, alternating in one run on the CPU; prints ratios.

    python benchmarks/speed.py VIDEO... [--rounds 3] [--json]

Both are whole processes from their start to their end, model loading, clustering and (for `run`) Redis
with a synced append-only file included, so that ratios on short clips understate.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_NAIVE = Path(__file__).with_name("naive.py")


def timed(command: list[str]) -> tuple[float, dict[str, Any]]:
    """Seconds of a process and the JSON that it printed."""
    started_s = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - started_s, json.loads(done.stdout)


def measure(video: Path, rounds: int) -> dict[str, Any]:
    """Alternate both on one video."""
    naive_s, run_s, naive_rate, run_rate = [], [], [], []
    result: dict[str, Any] = {}
    for _ in range(rounds):
        spent_s, naive = timed([sys.executable, str(_NAIVE), str(video)])
        naive_s.append(spent_s)
        naive_rate.append(naive["frames"] / naive["seconds"])
        with tempfile.TemporaryDirectory() as folder:
            spent_s, run = timed(
                [
                    *(sys.executable, "-m", "facestream", "run", str(video), "--json", "-q"),
                    *("--device", "cpu", "--data-dir", folder),
                ]
            )
        run_s.append(spent_s)
        run_rate.append(run["frames"] / run["seconds"])
        result = {
            "frames": run["frames"],
            "first_person_s": run["first_person_s"],
            "people": len(run["people"]),
            "naive_people": naive["people"],
        }
    ratio = [r / n for r, n in zip(run_rate, naive_rate, strict=True)]
    return {
        "video": video.name,
        **result,
        "naive_frames_per_s": round(statistics.median(naive_rate), 1),
        "run_frames_per_s": round(statistics.median(run_rate), 1),
        "ratio": round(statistics.median(ratio), 2),
        "ratio_range": [round(min(ratio), 2), round(max(ratio), 2)],
        "ratio_of_processes": round(statistics.median(n / r for n, r in zip(naive_s, run_s, strict=True)), 2),
    }


def main() -> None:
    """Measure each video."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [measure(video, args.rounds) for video in args.videos]
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    print(
        f"{'video':20} {'frames':>6} {'naive/s':>8} {'run/s':>8} {'ratio':>6} {'range':>13} {'whole':>6} "
        f"{'first person':>13}"
    )
    for row in rows:
        low, high = row["ratio_range"]
        first = "-" if row["first_person_s"] is None else f"{row['first_person_s']:.2f} s"
        print(
            f"{row['video']:20} {row['frames']:6} {row['naive_frames_per_s']:8} {row['run_frames_per_s']:8} "
            f"{row['ratio']:6} {low:6} - {high:4} {row['ratio_of_processes']:6} {first:>13}"
        )


if __name__ == "__main__":
    main()
