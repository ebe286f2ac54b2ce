"""Whether copies of a recording change who is found in it.

Scores each labelled video alone, and in a collection that holds it, its packets in another container, a copy
of half its size, and its first half as a file of its own.

    python benchmarks/copies.py [FOLDER ...] [--models PACK] [--only TEXT] [--json FILE]

FOLDER is as of benchmarks/quality.py; default: FACESTREAM_TEST_DATA. Only the faces of the video itself are
scored, in both cases. Whoever is two people because of the copies costs recall.
"""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import cv2
import numpy as np
from benchmark_script import run_script
from command import facestream
from labelled_videos import Way, score_in_two_ways

from facestream.quality.evaluation import found_table
from facestream.quality.labels import LabelTable
from stream.clip import write_clip
from stream.video import VideoFile
from stream.video_info import probe
from stream.video_writer import VideoWriter

# Constant rate factor of H.264, as proxies and previews have it.
_QUALITY = 28


def main() -> None:
    """Score every labelled video in both ways."""
    score_in_two_ways(__doc__, Way("alone", "alone"), Way("copies", "beside its copies"), beside_copies)


def beside_copies(video: Path, models: str, folder: Path) -> LabelTable:
    """Who is found in a video when its copies are there."""
    data, packets, small, part = (folder / name for name in ("data", "packets.mkv", "small.mp4", "part.mp4"))
    about = probe(video)
    if about.duration_s is None or about.fps is None:
        raise SystemExit(f"{video}: doesn't tell how long it is, or its frame rate")
    write_clip(video, [(0.0, about.duration_s)], packets)
    write_clip(video, [(0.0, about.duration_s / 2)], part)
    write_small(video, small, about.fps)
    for file in (video, packets, small, part):
        facestream("run", str(file), "-q", "--models", models, "--data-dir", str(data))
    csv_file = folder / "faces.csv"
    facestream("export", "--data-dir", str(data), "--source", str(video), "-o", str(csv_file))
    return found_table(csv_file)


def write_small(video: Path, path: Path, fps: float) -> None:
    """Compress a video anew, at half its width and height."""
    frames = VideoFile(video, "copied", fps=None).frames(threading.Event())
    first = next(frames)
    height_px, width_px = (side // 4 * 2 for side in first.image_bgr.shape[:2])
    with VideoWriter(path, width_px, height_px, round(fps), _QUALITY) as writer:
        for frame in itertools.chain([first], frames):
            small = cv2.resize(frame.image_bgr, (width_px, height_px), interpolation=cv2.INTER_AREA)
            writer.write(np.asarray(small, np.uint8))


if __name__ == "__main__":
    run_script(main)
