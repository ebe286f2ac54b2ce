"""Score `facestream run` and the naive loop, at its best threshold, on a labelled clip.

    python benchmarks/quality.py SCORER CLIP TRUTH.csv [CLIP TRUTH.csv ...] [--json]

SCORER is a program called as `SCORER TRUTH.csv FACES.csv --json` that prints an object with `score`,
`bcubed_f`, `junk`, `identities` and `people`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from naive import cluster, find_faces, video_frames, write_csv

# Cosine distances; the best one for that very clip is the naive loop's result.
_EPS = (0.03, 0.035, 0.04, 0.045, 0.05, 0.055, 0.06, 0.065, 0.07, 0.08, 0.09, 0.1)


def score(scorer: str, truth: Path, faces: Path, *options: str) -> dict[str, Any]:
    """What the scorer says."""
    command = [sys.executable, scorer, str(truth), str(faces), *options, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def facestream(*arguments: str) -> None:
    """Run the command line."""
    subprocess.run([sys.executable, "-m", "facestream", *arguments], check=True, capture_output=True)


def main() -> None:
    """Score each clip."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scorer")
    parser.add_argument("pairs", nargs="+", type=Path, metavar="CLIP TRUTH")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    for clip, truth in zip(args.pairs[::2], args.pairs[1::2], strict=True):
        with tempfile.TemporaryDirectory() as name:
            csv_file = Path(name) / "faces.csv"
            facestream("run", str(clip), "-q", "--data-dir", name)
            facestream("export", "--data-dir", name, "-o", str(csv_file))
            ours = score(args.scorer, truth, csv_file)
            faces = find_faces(video_frames(clip))
            naive = []
            for eps in _EPS:
                write_csv(faces, cluster(faces, eps), csv_file)
                naive.append({"eps": eps, **score(args.scorer, truth, csv_file)})
        rows.append(
            {"clip": clip.name, "facestream": ours, "naive": max(naive, key=lambda row: float(row["score"]))}
        )
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        for who in ("facestream", "naive"):
            r = row[who]
            at = f" (eps {r['eps']})" if "eps" in r else ""
            print(
                f"{row['clip']:20} {who:11} score {r['score']:.3f}  BCubed F {r['bcubed_f']:.3f}  junk "
                f"{r['junk']:.3f}  {r['identities']} identities for {r['people']} people{at}"
            )


if __name__ == "__main__":
    main()
