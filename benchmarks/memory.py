"""Memory of `facestream run` by the length of a video, which is a clip that is looped without re-encoding.

    python benchmarks/memory.py CLIP [--minutes 6 20 60] [--rival-minutes 6] [--json FILE]

Watches every process. Prints the peak of the resident memory of facestream and of its Redis server, and how
both grew from the second tenth of each run to its last. Beside the naive loop, for lengths of at most
--rival-minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import psutil
from benchmark_script import run_script
from figure import Figure
from markdown_table import markdown_table
from result import Curve, Result, add_json_option

_NAIVE = Path(__file__).with_name("naive.py")
_EVERY_S = 0.5


def loop_clip(clip: Path, target: Path, minutes: float) -> int:
    """Write a clip again and again into one file; returns the number of copies."""
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        packets = [
            (packet, packet.pts, packet.dts)
            for packet in source.demux(stream)
            if packet.pts is not None and packet.dts is not None
        ]
        assert stream.time_base is not None
        span = max(pts + (p.duration or 1) for p, pts, _ in packets) - min(pts for _, pts, _ in packets)
        copies = max(1, round(minutes * 60 / float(span * stream.time_base)))
        with av.open(str(target), "w") as sink:
            out = sink.add_stream_from_template(stream)
            for k in range(copies):
                for packet, pts, dts in packets:
                    packet.stream = out
                    packet.pts, packet.dts = pts + k * span, dts + k * span
                    packet.time_base = stream.time_base
                    sink.mux(packet)
    return copies


def watch(command: list[str], folder: Path) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """Run a command and sample the memory of it and of the server in its data folder.

    Returns:
        What it printed as JSON, and MB: "own" and "server".
    """
    mb: dict[str, list[float]] = {"own": [], "server": []}
    # Into a file: a pipe that nobody reads would stop a run that finds many people.
    with (folder / "result.json").open("w+") as printed, subprocess.Popen(command, stdout=printed) as process:
        main = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                own = main.memory_info().rss / 1e6
                servers = [p for p in psutil.process_iter(["name"]) if "valkey" in (p.info["name"] or "")]
                ours = sum(p.memory_info().rss for p in servers if str(folder) in p.cwd())
            except psutil.Error:
                pass
            else:
                mb["own"].append(own)
                mb["server"].append(ours / 1e6)
            time.sleep(_EVERY_S)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command[1:4])} ended with {process.returncode}")
        printed.seek(0)
        return json.load(printed), mb


def growth(mb: list[float]) -> float:
    """From the second tenth of a run to its last, MB."""
    tenth = max(1, len(mb) // 10)
    return max(mb[-tenth:]) - max(mb[tenth : 2 * tenth], default=mb[0])


def measure(clip: Path, minutes: float, *, rival: bool) -> dict[str, Any]:
    """One length."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = folder / "long.mp4"
        copies = loop_clip(clip, video, minutes)
        began_s = time.monotonic()
        options = ["--json", "-q", "--data-dir", str(folder / "data")]
        told, mb = watch([sys.executable, "-m", "facestream", "run", str(video), *options], folder)
        row = {
            "minutes": minutes,
            "copies": copies,
            "seconds": round(time.monotonic() - began_s),
            "frames": told["frames"],
            "faces": told["faces"],
            "people": len(told["people"]),
            "peak_mb": round(max(mb["own"])),
            "growth_mb": round(growth(mb["own"])),
            "server_peak_mb": round(max(mb["server"])),
            "server_growth_mb": round(growth(mb["server"])),
            "naive_peak_mb": None,
        }
        if rival:
            _, naive_mb = watch([sys.executable, str(_NAIVE), str(video)], folder)
            row["naive_peak_mb"] = round(max(naive_mb["own"]))
    return row


def main() -> None:
    """Loop the clip, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[6.0, 20.0, 60.0])
    parser.add_argument("--rival-minutes", type=float, default=6.0)
    add_json_option(parser)
    args = parser.parse_args()
    rows = [measure(args.clip, minutes, rival=minutes <= args.rival_minutes) for minutes in args.minutes]
    print(markdown_table(rows))
    figures, x = [], [row["minutes"] for row in rows]
    for row in rows:
        long = f"{row['minutes']:g} min of video, {row['frames']:,} frames"
        naive = "naive loop" if row["naive_peak_mb"] else ""
        figures += [
            Figure(f"peak memory, {long}", row["peak_mb"], "MB", "less", row["naive_peak_mb"], naive),
            Figure(f"growth, {long}", row["growth_mb"], "MB"),
            Figure(f"peak memory of Redis, {long}", row["server_peak_mb"], "MB"),
        ]
    plot, below = "Memory by the length of a video", "minutes of video"
    curves = [
        Curve(plot, "facestream", below, "peak MB", x, [row["peak_mb"] for row in rows]),
        Curve(plot, "its Redis server", below, "peak MB", x, [row["server_peak_mb"] for row in rows]),
    ]
    compared = [row for row in rows if row["naive_peak_mb"]]
    if compared:
        x, y = ([row[key] for row in compared] for key in ("minutes", "naive_peak_mb"))
        curves.append(Curve(plot, "naive loop", below, "peak MB", x, y))
    Result(figures, curves, rows).write(args.json)


if __name__ == "__main__":
    run_script(main)
