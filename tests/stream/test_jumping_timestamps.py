"""Real files in which timestamps jump: damaged ones move no other frame, gaps are kept."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from painted_video import read_number, write_video

from stream.seek_points import SeekPoints, seek_point
from stream.video import VideoFile

LIMIT = 10**7
STOP = threading.Event()
TICK = Fraction(1, 1000)
# No B-frames: packets and frames are in one order.
PLAIN = {"bf": "0", "g": "25", "sc_threshold": "0"}


def stamped(path: Path, stamps_s: dict[int, float], frames: int = 250) -> Path:
    """Ten seconds of film; some of its packets say that they belong elsewhere."""
    source = write_video(path.with_name("whole.mkv"), frames=frames, codec_options=PLAIN)
    with av.open(str(source)) as whole, av.open(str(path), "w") as changed:
        stream = changed.add_stream_from_template(whole.streams.video[0])
        packets = (packet for packet in whole.demux(whole.streams.video[0]) if packet.size)
        for number, packet in enumerate(packets):
            packet.stream = stream
            if number in stamps_s:
                packet.pts = round(stamps_s[number] / packet.time_base)
            changed.mux(packet)
    return path


def looked_at(video: VideoFile) -> list[tuple[int, float, int]]:
    return [(frame.index, frame.media_s, read_number(frame.image_bgr)) for frame in video.frames(STOP)]


def gapped(path: Path, *, bframes: int = 0) -> Path:
    """Two minutes of film, of which a minute is missing."""
    times_ms = [40 * k + 60_000 * (k >= 130) for k in range(250)]
    options = PLAIN | {"bf": str(bframes)}
    return write_video(path, frames=250, pts=times_ms, tick=TICK, codec_options=options)


@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
@pytest.mark.parametrize("wrong_s", [3.5, 9.3, 15.0, 500.0])
@pytest.mark.parametrize("end_s", [None, 6.0])
def test_one_damaged_timestamp_moves_no_other_frame_and_ends_nothing(
    tmp_path: Path, name: str, wrong_s: float, end_s: float | None
) -> None:
    path = stamped(tmp_path / name, {50: wrong_s})
    video = VideoFile(path, "v", fps=None, end_s=end_s)
    found = looked_at(video)
    assert [number for _, _, number in found] == [k % 256 for k in range(250 if end_s is None else 150)]
    assert [media_s for _, media_s, _ in found] == pytest.approx(
        [k / 25 for k in range(len(found))], abs=0.011
    )
    assert not any("timestamps" in warning for warning in video.warnings)
    # As frames that nobody looks at are passed over.
    sampled = looked_at(VideoFile(path, "v", fps=5.0, end_s=end_s))
    assert [index for index, _, _ in sampled] == list(range(0, len(found), 5))


@pytest.mark.parametrize("wrong_s", [3.5, 9.3, 15.0, 500.0])
@pytest.mark.parametrize("number", [50, 60])
def test_a_damaged_timestamp_gives_no_point_behind_it(tmp_path: Path, wrong_s: float, number: int) -> None:
    # A keyframe or another one.
    path = stamped(tmp_path / "a.mkv", {number: wrong_s})
    assert SeekPoints.of(path, LIMIT) is None
    whole = looked_at(VideoFile(path, "v", fps=5.0))
    for start_s in (4.0, 8.0):
        point = seek_point(path, start_s, LIMIT, STOP)
        part = looked_at(VideoFile(path, "v", fps=5.0, start_s=start_s, seek=point))
        assert part == [frame for frame in whole if frame[1] >= start_s]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
@pytest.mark.parametrize("bframes", [0, 3])
def test_a_gap_is_kept_and_the_film_can_be_taken_up_behind_it(
    tmp_path: Path, name: str, bframes: int
) -> None:
    path = gapped(tmp_path / name, bframes=bframes)
    video = VideoFile(path, "v", fps=None)
    found = looked_at(video)
    assert [media_s for _, media_s, _ in found] == pytest.approx(
        [k / 25 + 60 * (k >= 130) for k in range(250)], abs=0.002
    )
    assert not video.warnings
    points = SeekPoints.of(path, LIMIT)
    assert points is not None
    whole = looked_at(VideoFile(path, "v", fps=5.0))
    for start_s in (3.0, 5.0, 30.0, 65.0, 67.0):
        point = points.for_start(start_s)
        assert point is not None
        part = looked_at(VideoFile(path, "v", fps=5.0, start_s=start_s, seek=point))
        assert part == [frame for frame in whole if frame[1] >= start_s]


def test_a_picture_that_stands_for_long_at_the_end_keeps_its_time(tmp_path: Path) -> None:
    times_ms = [*range(0, 2000, 40), 32_000]
    path = write_video(tmp_path / "a.mp4", frames=51, pts=times_ms, tick=TICK, codec_options=PLAIN)
    video = VideoFile(path, "v", fps=None)
    assert looked_at(video)[-1][1] == pytest.approx(32.0)
    assert video.warnings == []


@pytest.mark.parametrize("end_s", [None, 3.0])
def test_whoever_reads_on_behind_a_splice_is_told_so(tmp_path: Path, end_s: float | None) -> None:
    first = write_video(tmp_path / "a.ts", frames=50, codec_options=PLAIN)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() * 2)
    video = VideoFile(joined, "v", fps=None, end_s=end_s)
    times_s = [media_s for _, media_s, _ in looked_at(video)]
    assert np.diff(times_s) == pytest.approx(1 / 25, abs=0.002)
    (warning,) = (warning for warning in video.warnings if "timestamps" in warning)
    assert "jump at 2.0 s" in warning
    # Not before it is reached.
    video = VideoFile(joined, "v", fps=None, end_s=1.0)
    looked_at(video)
    assert video.warnings == []


class Soon(threading.Event):
    """Set once it was asked so often."""

    def __init__(self, asked: int) -> None:
        super().__init__()
        self._left = asked

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_whoever_stops_where_timestamps_jump_gets_no_frame_at_a_guess(tmp_path: Path) -> None:
    path = stamped(tmp_path / "a.mkv", {30: 3.0}, frames=100)
    # Decoders answer some packets late.
    for asked in range(28, 60):
        times_s = [frame.media_s for frame in VideoFile(path, "v", fps=None).frames(Soon(asked))]
        assert times_s == pytest.approx([k / 25 for k in range(len(times_s))], abs=0.011)
