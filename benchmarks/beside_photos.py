"""Whether photos of others change who is found in videos.

Scores all labelled videos of a folder in one collection, by themselves and beside photos of people who are in
none of them.

    python benchmarks/beside_photos.py VIDEOS PHOTOS [--count N ...] [--models PACK] [--json FILE]

VIDEOS is a folder of benchmarks/generate_clips.py: whoever has the same label in two videos is one person.
PHOTOS holds a folder of photos for each person, as LFW does. Only the faces of the videos are scored.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_script import run_script
from figure import Figure
from labelled_sets import LabelledSet, labelled_clips
from markdown_table import markdown_table
from quality import ours, tell
from result import Result, add_json_option

from facestream.quality.evaluation import evaluate_tables, truth_table
from facestream.quality.labels import LabelTable


def main() -> None:
    """Score the videos beside more and more photos."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, metavar="VIDEOS")
    parser.add_argument("photos", type=Path, metavar="PHOTOS")
    parser.add_argument(
        "--count", action="append", type=int, metavar="N", help="photos; default: 10, 50 and 200"
    )
    parser.add_argument("--models", default="open", metavar="PACK")
    add_json_option(parser)
    args = parser.parse_args()
    truths = dict(labelled_clips(args.videos))
    if not truths:
        parser.error(f"{args.videos}: there is no video with labels of its name")
    rows = tuple(
        replace(row, key=str(video)) for video, truth in truths.items() for row in truth_table(truth).rows
    )
    truth = LabelTable(args.videos, rows, keyed=True, boxed=True, framed=True)
    people = {row.label for row in rows}
    others = [photo for photo in sorted(args.photos.glob("*/*.jpg")) if photo.parent.name not in people]
    drawn = random.Random(0).sample(others, len(others))
    table = [
        _row(truth, tuple(truths), tuple(drawn[:count]), len(people), args.models)
        for count in (0, *(args.count or (10, 50, 200)))
    ]
    print(markdown_table(table))
    figures = [
        Figure(
            f"score of {len(people)} people in {len(truths)} videos, beside {row['photos']} photos of others",
            *(row["score"], "", "more", table[0]["score"], "by themselves"),
        )
        for row in table[1:]
    ]
    Result(figures, details=table).write(args.json)


def _row(
    truth: LabelTable, videos: tuple[Path, ...], photos: tuple[Path, ...], people: int, models: str
) -> dict[str, Any]:
    """The videos beside some photos."""
    tell(f"{len(videos)} videos, {len(photos)} photos")
    inputs = (*videos, *photos)
    whole = LabelledSet(
        truth.path.name, people, False, inputs, videos, lambda found: evaluate_tables(truth, found)
    )
    with tempfile.TemporaryDirectory() as folder:
        result = whole.score(ours(whole, models, Path(folder)))
    bcubed = result.agreement.bcubed
    return {
        "photos": len(photos),
        "score": round(result.score, 4),
        "precision": round(bcubed.precision, 4),
        "recall": round(bcubed.recall, 4),
        "found": result.clusters,
    }


if __name__ == "__main__":
    run_script(main)
