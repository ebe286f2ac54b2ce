"""A video that is taken up in the middle gives the frames of a run from its beginning."""

from __future__ import annotations

import struct
import threading
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from painted_video import write_video

from stream.seek_points import SeekPoint, SeekPoints, seek_point
from stream.video import VideoFile

LIMIT = 10**7
STOP = threading.Event()


def frames(
    path: Path, start_s: float = 0.0, seek: SeekPoint | None = None, fps: float | None = 5
) -> list[tuple[int, float, bytes]]:
    video = VideoFile(path, "v", fps=fps, start_s=start_s, seek=seek)
    return [(frame.index, frame.media_s, frame.image_bgr.tobytes()) for frame in video.frames(STOP)]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {}),
        ("b.mp4", {"codec_options": {"bf": "3", "g": "12"}}),
        ("open.mp4", {"codec_options": {"bf": "3", "g": "12", "x264-params": "open-gop=1"}}),
        ("c.mkv", {}),
        ("d.mov", {"rate": 30}),
        ("e.ts", {}),
        ("f.mkv", {"codec": "libvpx", "codec_options": {"g": "10", "auto-alt-ref": "1"}}),
        ("g.mp4", {"codec": "mpeg4", "codec_options": {"g": "10", "bf": "2"}}),
    ],
)
@pytest.mark.parametrize("fps", [5, None])
def test_frames_are_those_of_a_run_from_the_beginning(
    tmp_path: Path, name: str, options: dict[str, object], fps: float | None
) -> None:
    path = write_video(tmp_path / name, frames=120, **options)  # type: ignore[arg-type]
    points = SeekPoints.of(path, LIMIT)
    all_of_them = frames(path, fps=fps)
    seeks = 0
    for start_s in (1.5, 2.0, 3.7):
        point = None if points is None else points.before(start_s - 1)
        seeks += point is not None
        # Who asks for one alone gets the same without the rest of the file.
        assert seek_point(path, start_s, LIMIT, STOP) == point
        wanted = [frame for frame in all_of_them if frame[1] >= start_s]
        assert wanted
        assert frames(path, start_s, point, fps) == wanted
    # Such formats are known to work; the others are decoded from the beginning where they don't.
    if name.endswith((".mp4", ".mov")):
        assert seeks == 3


def test_most_of_what_is_before_is_not_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "long.mp4", frames=250, codec_options={"sc_threshold": "0"})
    points = SeekPoints.of(path, LIMIT)
    assert points is not None
    point = points.before(8.0)
    assert point == SeekPoint(point.pts, 200)  # type: ignore[union-attr]
    video = VideoFile(path, "v", start_s=9.0, seek=point)
    assert next(video.frames(STOP)).index == 225
    assert video.shown == 226
    assert video.decoded <= 26


def test_a_keyframe_that_is_not_there_costs_nothing_but_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=100)
    assert frames(path, 2.0, SeekPoint(7, 99)) == [frame for frame in frames(path) if frame[1] >= 2.0]


def test_a_video_without_timestamps_gives_no_point(tmp_path: Path) -> None:
    path = write_video(tmp_path / "raw.h264", frames=50)
    assert SeekPoints.of(path, LIMIT) is None


def test_a_video_that_goes_on_behind_the_length_of_its_file_gives_no_point(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", frames=250, codec_options={"sc_threshold": "0"})
    assert SeekPoints.of(path, LIMIT) is not None
    # What Matroska says of its length, ms.
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88") + 3
    path.write_bytes(data[:at] + struct.pack(">d", 4000.0) + data[at + 8 :])
    assert SeekPoints.of(path, LIMIT) is None


def counted_through(stream: bytes) -> bytes:
    """Packets of MPEG-TS whose counters show no gap, as of a recorder that goes on in a file."""
    found, last = bytearray(stream), dict[int, int]()
    for at in range(0, len(found), 188):
        pid = (found[at + 1] & 0x1F) << 8 | found[at + 2]
        has_payload = bool(found[at + 3] & 0x10)
        last[pid] = (last.get(pid, -1) + has_payload) % 16
        found[at + 3] = found[at + 3] & 0xF0 | last[pid]
    return bytes(found)


def test_recordings_joined_end_to_end_give_no_point(tmp_path: Path) -> None:
    # No two frames of theirs share a timestamp.
    first, second = (
        write_video(
            tmp_path / name,
            frames=frames,
            pts=[3600 * k + late for k in range(frames)],
            tick=Fraction(1, 90_000),
            codec_options={"sc_threshold": "0", "bf": "0"},
        )
        for name, frames, late in (("a.ts", 100, 0), ("b.ts", 250, 1800))
    )
    joined = tmp_path / "j.ts"
    joined.write_bytes(counted_through(first.read_bytes() + second.read_bytes()))
    assert SeekPoints.of(second, LIMIT) is not None
    assert SeekPoints.of(joined, LIMIT) is None


def test_there_is_no_point_before_the_second_keyframe(tmp_path: Path) -> None:
    points = SeekPoints.of(
        write_video(tmp_path / "a.mp4", frames=50, codec_options={"sc_threshold": "0"}), LIMIT
    )
    assert points is not None
    assert points.before(0.3) is None
    assert points.before(-1.0) is None


def test_what_is_behind_the_keyframe_is_not_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "long.ts", frames=250, codec_options={"sc_threshold": "0"})
    whole = SeekPoints.of(path, LIMIT)
    assert whole is not None
    point = whole.before(4.0)
    assert point is not None
    cut = path.read_bytes()
    # Whatever comes long after the moment that is asked for, it is not looked at.
    path.write_bytes(cut[: len(cut) * 7 // 10] + bytes(len(cut) * 3 // 10))
    assert seek_point(path, 5.0, LIMIT, STOP) == point


def test_the_search_ends_when_it_is_told_to(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=120, codec_options={"g": "12"})
    stop = threading.Event()
    assert seek_point(path, 4.0, LIMIT, stop) is not None
    stop.set()
    assert seek_point(path, 4.0, LIMIT, stop) is None


def test_timestamps_of_a_long_film_take_little_memory(tmp_path: Path) -> None:
    frames = 20_000
    grey = np.full((16, 16, 3), 128, np.uint8)
    path = write_video(
        tmp_path / "a.mp4",
        codec="mpeg4",
        size=(16, 16),
        images=(grey for _ in range(frames)),
        codec_options={"g": "50"},
        frames=frames,
    )
    tracemalloc.start()
    try:
        points = SeekPoints.of(path, LIMIT)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert points is not None
    assert points.before(700.0) == SeekPoint(points.before(700.0).pts, 17_500)  # type: ignore[union-attr]
    assert held < 12 * frames
    # What is read of the file at a time comes on top.
    assert peak < 20 * frames + 700_000
