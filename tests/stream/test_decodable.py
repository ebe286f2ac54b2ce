from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from painted_video import write_video

from stream.decodable import decodable, ffmpeg_version
from stream.video import VideoFile

# What writes each kind, and into which container.
ENCODERS = {
    "H.264": ("libx264", "mp4"),
    "HEVC": ("libx265", "mp4"),
    "VP9": ("libvpx-vp9", "webm"),
    "AV1": ("libsvtav1", "webm"),
    "MPEG-4": ("mpeg4", "avi"),
    "MPEG-2": ("mpeg2video", "mpg"),
    "MJPEG": ("mjpeg", "avi"),
}


def test_the_common_kinds_are_looked_for() -> None:
    assert set(decodable()) == set(ENCODERS)


@pytest.mark.parametrize("kind", ENCODERS)
def test_what_is_called_decodable_is_decoded(kind: str, tmp_path: Path) -> None:
    encoder, ending = ENCODERS[kind]
    try:
        Codec(encoder, "w")
    except UnknownCodecError:
        pytest.skip(f"this PyAV can't write {kind}")
    pix_fmt = "yuvj420p" if kind == "MJPEG" else "yuv420p"
    path = write_video(tmp_path / f"video.{ending}", frames=5, codec=encoder, pix_fmt=pix_fmt)

    frames = list(VideoFile(path, "v", fps=None).frames(threading.Event()))

    assert decodable()[kind] is (len(frames) == 5)


def test_the_version_of_ffmpeg_is_told() -> None:
    assert re.search(r"\d", ffmpeg_version())
