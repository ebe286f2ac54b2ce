"""`facestream backfill` beside a plain `run` over the same files: how much sooner, and the same people?

    python benchmarks/backfill.py FILE... [--processes 1 2] [--segment 20s] [--json FILE]

Each is a command in a data folder of its own, on an idle machine. People agree as BCubed F of one partition
of the faces against the other, over the faces that both found.
"""

from __future__ import annotations

import argparse
import csv
import io
import tempfile
import time
from pathlib import Path

from benchmark_script import run_script
from command import facestream
from figure import Figure
from result import Result, add_json_option

from workers.clustering.metrics import agreement

Faces = dict[tuple[str, str, int, int], str]


def timed(command: str, files: list[str], folder: Path, *words: str) -> tuple[float, Faces]:
    """How long a command takes, s, and the person of each face that it finds."""
    began_s = time.perf_counter()
    facestream(command, *files, "--data-dir", str(folder), "--quiet", *words)
    took_s = time.perf_counter() - began_s
    rows = csv.DictReader(io.StringIO(facestream("export", "--data-dir", str(folder))))
    # Boxes between two detections may differ by some pixels.
    places = (
        (r["source"], r["frame"], round(float(r["x1"]) / 8), round(float(r["y1"]) / 8), r["identity"])
        for r in rows
    )
    return took_s, {place[:4]: place[4] for place in places}


def measure(files: list[str], processes: list[int], segment: str) -> Result:
    """Both, and a table while it goes on."""
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        plain_s, plain = timed("run", files, Path(temporary) / "run")
        print(f"{'':12}  {'s':>6}  {'ratio':>5}  {'people':>6}  {'faces':>6}  {'agree':>6}")
        print(f"{'run':12}  {plain_s:6.1f}  {1:5.2f}  {len(set(plain.values())):6}  {len(plain):6}")
        for count in processes:
            folder = Path(temporary) / f"backfill-{count}"
            words = ["--processes", str(count), "--segment", segment]
            took_s, found = timed("backfill", files, folder, *words)
            both = sorted(plain.keys() & found.keys())
            agree = agreement([plain[k] for k in both], [found[k] for k in both]).bcubed.f()
            people = len(set(found.values()))
            print(
                f"{f'backfill {count}':12}  {took_s:6.1f}  {plain_s / took_s:5.2f}  {people:6}  "
                f"{len(found):6}  {agree:6.4f}"
            )
            results.append(
                {"processes": count, "seconds": took_s, "people": people, "faces": len(found), "agree": agree}
            )
    figures = []
    for row in results:
        what = f"backfill by {row['processes']} processes"
        figures += [
            Figure(what, row["seconds"], "s", "less", plain_s, "run"),
            Figure(f"agreement with run, {what}", row["agree"], better="more"),
        ]
    told = {"run": {"seconds": plain_s, "faces": len(plain)}, "backfill": results}
    return Result(figures, details=told)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--segment", default="20s")
    add_json_option(parser)
    args = parser.parse_args()
    measure(args.files, args.processes, args.segment).write(args.json)


if __name__ == "__main__":
    run_script(main)
