"""Memory of `facestream run` on a long video: loops a clip without re-encoding and watches every process.

    python benchmarks/memory.py CLIP [--minutes 60] [--json]

Prints the peak of the resident memory of facestream and of its Redis server, and how both grew from the
second tenth of the run to the last.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import psutil

_EVERY_S = 0.5


def loop_clip(clip: Path, target: Path, minutes: float) -> int:
    """Write a clip again and again into one file; returns the number of copies."""
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        packets = [
            packet for packet in source.demux(stream) if packet.pts is not None and packet.dts is not None
        ]
        span = max(p.pts + (p.duration or 1) for p in packets) - min(p.pts for p in packets)
        copies = max(1, round(minutes * 60 / float(span * stream.time_base)))
        with av.open(str(target), "w") as sink:
            out = sink.add_stream_from_template(stream)
            times = [(packet.pts, packet.dts) for packet in packets]
            for k in range(copies):
                for packet, (pts, dts) in zip(packets, times, strict=True):
                    packet.stream = out
                    packet.pts, packet.dts = pts + k * span, dts + k * span
                    packet.time_base = stream.time_base
                    sink.mux(packet)
    return copies


def watch(command: list[str], folder: Path) -> dict[str, object]:
    """Run a command and sample the memory of it and of the server in its data folder."""
    own, server = [], []
    started_s = time.monotonic()
    # Into a file: a pipe that nobody reads would stop a run that finds many people.
    with (folder / "result.json").open("w+") as printed, subprocess.Popen(command, stdout=printed) as process:
        main = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                own.append(main.memory_info().rss / 1e6)
                servers = [p for p in psutil.process_iter(["name"]) if "valkey" in (p.info["name"] or "")]
                ours = (p.memory_info().rss for p in servers if str(folder) in p.cwd())
                server.append(sum(ours) / 1e6)
            except psutil.Error:
                pass
            time.sleep(_EVERY_S)
        printed.seek(0)
        result = json.load(printed)
    tenth = max(1, len(own) // 10)

    def growth(samples: list[float]) -> float:
        return max(samples[-tenth:]) - max(samples[tenth : 2 * tenth])

    return {
        "seconds": round(time.monotonic() - started_s),
        "frames": result["frames"],
        "faces": result["faces"],
        "people": len(result["people"]),
        "peak_mb": round(max(own)),
        "growth_mb": round(growth(own)),
        "server_peak_mb": round(max(server)),
        "server_growth_mb": round(growth(server)),
    }


def main() -> None:
    """Loop the clip, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = folder / "long.mp4"
        copies = loop_clip(args.clip, video, args.minutes)
        data = folder / "data"
        command = [
            sys.executable,
            "-m",
            "facestream",
            "run",
            str(video),
            "--json",
            "-q",
            "--data-dir",
            str(data),
        ]
        row = {"clip": args.clip.name, "copies": copies, **watch(command, folder)}
    if args.json:
        print(json.dumps(row, indent=2))
    else:
        print("\n".join(f"{key:18} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
