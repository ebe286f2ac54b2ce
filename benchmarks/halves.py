"""Whether people stay who they are where a recording is cut into two files.

Scores each labelled video as a whole, and as two halves that two runs take into one collection.

    python benchmarks/halves.py [FOLDER ...] [--models PACK] [--only TEXT] [--json FILE]

FOLDER is as of benchmarks/quality.py; default: FACESTREAM_TEST_DATA. The second half begins with the keyframe
before the middle. Whoever has one id in the first half and another in the second costs recall. The looks at
the second half begin with it, so that they are at other frames than those at the whole.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from benchmark_script import run_script
from command import facestream
from labelled_videos import Way, score_in_two_ways

from facestream.quality.evaluation import found_table
from facestream.quality.labels import LabelTable
from stream.clip import write_clip
from stream.video import VideoFile
from stream.video_info import probe


def main() -> None:
    """Score every labelled video in both ways."""
    score_in_two_ways(__doc__, Way("whole", "as a whole"), Way("halves", "in two halves"), of_halves)


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
    run_script(main)
