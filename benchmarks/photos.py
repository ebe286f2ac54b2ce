"""Score `facestream run` and DBSCAN, at its best threshold, on a folder of labelled photos.

    python benchmarks/photos.py SCORER ROOT [--people NAMES.csv] [--half report] [--json]

ROOT holds NAME/*.jpg. SCORER is a program called as `SCORER ROOT FACES.csv [--people ... --half ...] --json`
that prints an object with `bcubed_p`, `bcubed_r`, `bcubed_f`, `clusters` and `people`.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from naive import NaiveFaces, cluster, find_faces
from quality import facestream, score

from stream.photo import PhotoFile

# Cosine distances; the best one for these very photos is DBSCAN's result.
_EPS = (0.03, 0.035, 0.04, 0.045, 0.05, 0.055, 0.06, 0.065, 0.07, 0.075, 0.08, 0.09)
# Two photos are enough to be somebody.
_MIN_SAMPLES = 2


def naive_faces(photos: list[Path]) -> NaiveFaces:
    """Every face of every photo; `frames` counts the photos."""
    never = threading.Event()
    return find_faces(
        replace(frame, index=number)
        for number, path in enumerate(photos)
        for frame in PhotoFile(path, "naive").frames(never)
    )


def write_csv(faces: NaiveFaces, labels: npt.NDArray[np.int64], photos: list[Path], path: Path) -> None:
    """Write what `facestream export` writes, as far as it goes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["source", "x1", "y1", "x2", "y2", "identity"])
        for number, box, label in zip(faces.frames, faces.boxes_xyxy, labels, strict=True):
            writer.writerow([photos[number], *box.round(2), "" if label < 0 else int(label)])


def main() -> None:
    """Score both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scorer")
    parser.add_argument("root", type=Path)
    parser.add_argument("--people")
    parser.add_argument("--half", default="report")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    photos = sorted(args.root.glob("*/*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        csv_file = Path(folder) / "faces.csv"
        options = ["--people", args.people, "--half", args.half] if args.people else []
        facestream("run", str(args.root), "-q", "--data-dir", folder)
        facestream("export", "--data-dir", folder, "-o", str(csv_file))
        ours = score(args.scorer, args.root, csv_file, *options)
        faces = naive_faces(photos)
        naive = []
        for eps in _EPS:
            write_csv(faces, cluster(faces, eps, _MIN_SAMPLES), photos, csv_file)
            naive.append({"eps": eps, **score(args.scorer, args.root, csv_file, *options)})
    best = max(naive, key=lambda row: float(row["bcubed_f"]))
    if args.json:
        print(json.dumps({"facestream": ours, "dbscan": best}, indent=2))
        return
    for who, r in (("facestream", ours), ("dbscan", best)):
        at = f" (eps {r['eps']})" if "eps" in r else ""
        print(
            f"{who:11} BCubed F {r['bcubed_f']:.4f}  P {r['bcubed_p']:.4f}  R {r['bcubed_r']:.4f}  "
            f"{r['clusters']} clusters of two and more for {r['people']} people{at}"
        )


if __name__ == "__main__":
    main()
