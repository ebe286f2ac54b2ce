"""A damaged clip neither crashes the reader nor holds it up nor takes all memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import clip_reader
import numpy as np
import pytest
from av.video.stream import VideoStream

CLIPS = int(os.environ.get("FUZZ_CLIPS", "24"))
LONGEST_S = 60.0
MOST_MB = 1500
# Container and codec; those that cameras and phones write, and the oldest that are still around.
KINDS = {
    "mp4": "libx264",
    "mkv": "libx264",
    "ts": "mpeg2video",
    "avi": "mjpeg",
    "mov": "mpeg4",
    "webm": "libvpx-vp9",
    "h264": "libx264",
    "gif": "gif",
}


def write_clip(path: Path, codec: str) -> None:
    """Half a second of something that moves."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = 96, 64
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        if codec == "libx264":
            stream.options = {"g": "6", "preset": "veryfast"}
        for number in range(12):
            picture = np.zeros((64, 96, 3), np.uint8)
            picture[10:40, number * 4 : number * 4 + 30] = (200, 100, 20 * number)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=stream.pix_fmt)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for ending, codec in KINDS.items():
        write_clip(folder / f"whole.{ending}", codec)
    return folder


def told_by_readers(clips: Path) -> list[dict[str, Any]]:
    """What processes tell that read them; fails as soon as one dies, or is silent for long."""
    out = clips / "told"
    with out.open("wb") as told, (clips / "said").open("wb") as said:
        words = [sys.executable, clip_reader.__file__, str(clips), "0", str(CLIPS)]
        process = subprocess.Popen(words, stdout=told, stderr=said)
        length, heard_s = 0, time.monotonic()
        while process.poll() is None:
            time.sleep(0.02)
            if out.stat().st_size > length:
                length, heard_s = out.stat().st_size, time.monotonic()
            elif time.monotonic() - heard_s > LONGEST_S:
                process.kill()
                process.wait()
                pytest.fail(f"hangs after {out.read_text()[-300:]}")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    said_last = (clips / "said").read_text()[-2000:]
    assert process.returncode == 0, f"number {len(lines)} ends it with {process.returncode}: {said_last}"
    return lines


def test_whole_clips_are_read(clips: Path) -> None:
    for ending in KINDS:
        frames, refused = clip_reader.read(clips / f"whole.{ending}")
        assert (frames, refused) == (12, ""), ending


def test_damaged_clips_are_read_as_far_as_they_go_or_refused(clips: Path) -> None:
    told = told_by_readers(clips)
    assert len(told) == CLIPS
    assert max(one["peak_mb"] for one in told) < MOST_MB
    if CLIPS > 500:
        assert any(one["refused"] for one in told)
        assert any(one["frames"] for one in told)
