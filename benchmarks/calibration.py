"""What `facestream calibrate` says of photos and of clips: thresholds, and how well people are told apart.

    python benchmarks/calibration.py LFW HALVES [--clips FOLDER] [--half calibrate] [--json FILE]

LFW is a folder with one folder of photos per person, HALVES a CSV file with columns name and half; FOLDER
holds clips of benchmarks/generate_clips.py.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmark_script import run_script
from command import facestream
from figure import Figure
from markdown_table import markdown_table
from result import Result, add_json_option

from facestream.quality.labels import chosen_people


def calibrate(*words: str) -> dict[str, Any]:
    """What the command prints."""
    found: dict[str, Any] = json.loads(facestream("calibrate", "--json", "-q", *words))
    return found


def figures_of(what: str, told: dict[str, Any]) -> list[Figure]:
    """What is told of photos or clips."""
    result = told["results"]["all"]
    figures = [
        Figure(f"pairs of one person, {what}", result["genuine"]["pairs"], better="more"),
        Figure(f"pairs of two people, {what}", result["impostor"]["pairs"], better="more"),
    ]
    if result["eer"] is not None:
        figures.append(Figure(f"equal error rate, {what}", result["eer"]))
    rise = told.get("rise", {}).get("video_rise")
    if rise is not None:
        figures.append(Figure(f"rise of likeness in video, {what}", rise))
    for point in result["points"]:
        if point["tar"] is not None:
            where = f"at FAR {point['far']:g}, {what}"
            figures += [
                Figure(f"same person accepted {where}", point["tar"], better="more"),
                Figure(f"similarity {where}", point["threshold"]),
            ]
    return figures


def main() -> None:
    """Calibrate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lfw", type=Path)
    parser.add_argument("halves", type=Path)
    parser.add_argument("--half", default="calibrate")
    parser.add_argument("--people", type=int, metavar="N", help="only the first N of the half")
    parser.add_argument("--clips", type=Path, metavar="FOLDER")
    add_json_option(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "names.csv"
        people = sorted(chosen_people(args.halves, args.half))[: args.people]
        names.write_text("\n".join(["name", *people]) + "\n", encoding="utf-8")
        told = {"photos": calibrate(str(args.lfw), "--only", str(names))}
    if args.clips:
        told["clips"] = calibrate(*map(str, sorted(args.clips.glob("*.mp4"))))
    figures = [one for what, found in told.items() for one in figures_of(what, found)]
    print(markdown_table([{"what": one.what, "value": one.value} for one in figures]))
    Result(figures, details=told).write(args.json)


if __name__ == "__main__":
    run_script(main)
