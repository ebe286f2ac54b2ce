"""Whether people stay who they are where a recording is cut into two files.

Scores each labelled video as a whole, and as two halves that two runs take into one collection.

    python benchmarks/halves.py [FOLDER ...] [--models PACK] [--only TEXT] [--json FILE]

FOLDER is as of benchmarks/quality.py; default: FACESTREAM_TEST_DATA. The second half begins with the keyframe
before the middle. Whoever has one id in the first half and another in the second costs recall. The looks at
the second half begin with it, so that they are at other frames than those at the whole.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from figure import Figure
from labelled_sets import LabelledSet, sets_in
from markdown_table import markdown_table
from quality import facestream, ours, tell
from result import Result, add_json_option

from facestream.evaluation import Evaluation, found_table
from facestream.labels import LabelTable
from stream.clip import write_clip
from stream.video import VideoFile
from stream.video_info import probe


def main() -> None:
    """Score every labelled video in both ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--models", default="open", metavar="PACK")
    parser.add_argument("--only", default="", metavar="TEXT", help="only videos with this in their name")
    add_json_option(parser)
    args = parser.parse_args()
    default = os.environ.get("FACESTREAM_TEST_DATA")
    folders = args.folders or ([Path(default)] if default else [])
    videos = [
        labelled
        for folder in folders
        for labelled in sets_in(folder)
        if labelled.inputs == labelled.files and args.only in labelled.name
    ]
    if not videos:
        parser.error("name a folder with labelled videos, or set FACESTREAM_TEST_DATA")
    rows = [measure(labelled, args.models) for labelled in videos]
    print(markdown_table(rows))
    figures = [
        Figure(
            f"score in two halves, {row['video']}, {row['people']} people",
            *(row["halves_score"], "", "more", row["whole_score"], "as a whole"),
        )
        for row in rows
    ]
    Result(figures, details=rows).write(args.json)


def measure(labelled: LabelledSet, models: str) -> dict[str, Any]:
    """One video."""
    (video,) = labelled.files
    tell(f"{labelled.name}: as a whole")
    with tempfile.TemporaryDirectory() as folder:
        whole = labelled.score(ours(labelled, models, Path(folder)))
    tell(f"{labelled.name}: in two halves")
    with tempfile.TemporaryDirectory() as folder:
        halves = labelled.score(of_halves(video, models, Path(folder)))
    return {
        "video": labelled.name,
        "people": labelled.people,
        **row_of("whole", whole),
        **row_of("halves", halves),
    }


def row_of(way: str, result: Evaluation) -> dict[str, Any]:
    """Figures of one way to look at a video."""
    bcubed = result.agreement.bcubed
    return {
        f"{way}_score": round(result.score, 4),
        f"{way}_p": round(bcubed.precision, 4),
        f"{way}_r": round(bcubed.recall, 4),
        f"{way}_found": result.clusters,
    }


def of_halves(video: Path, models: str, folder: Path) -> LabelTable:
    """Who is found in two halves of a video, in frames of the whole."""
    first, second = folder / "first.mp4", folder / "second.mp4"
    about = probe(video)
    if about.duration_s is None or about.fps is None:
        raise SystemExit(f"{video}: doesn't tell how long it is, or its frame rate")
    ((start_s, _),) = write_clip(video, [(about.duration_s / 2, about.duration_s)], second).intervals
    # Half a frame less: the keyframe is the second one's.
    write_clip(video, [(0.0, start_s - 0.5 / about.fps)], first)
    for half in (first, second):
        facestream("run", str(half), "-q", "--models", models, "--data-dir", str(folder / "data"))
    csv_file = folder / "faces.csv"
    facestream("export", "--data-dir", str(folder / "data"), "-o", str(csv_file))
    found = found_table(csv_file)
    offset = frames_of(video) - frames_of(second)
    rows = tuple(
        replace(row, key=str(video), frame=row.frame + (offset if row.key.endswith(second.name) else 0))
        for row in found.rows
    )
    return replace(found, rows=rows)


def frames_of(video: Path) -> int:
    """How many it has."""
    return sum(1 for _ in VideoFile(video, "counted", fps=None).frames(threading.Event()))


if __name__ == "__main__":
    main()
