"""Frames that nobody looks at are not decoded, and the others are what they were."""

from __future__ import annotations

import struct
import threading
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from painted_video import write_video

from stream.passing_over import PassedFrame, PassingOver
from stream.sampling import TimeSampler
from stream.video import VideoFile

TIME_BASE = Fraction(1, 1000)


def looked_at(video: VideoFile) -> list[tuple[int, float, bytes]]:
    return [
        (frame.index, frame.media_s, frame.image_bgr.tobytes()) for frame in video.frames(threading.Event())
    ]


def sampled(frames: list[tuple[int, float, bytes]], fps: float) -> list[tuple[int, float, bytes]]:
    sampler = TimeSampler(fps)
    return [frame for frame in frames if sampler.wants(frame[1])]


@pytest.mark.parametrize(
    ("name", "options", "most_decoded"),
    [
        ("a.mp4", {"codec_options": {"bf": "3", "b_strategy": "0"}}, 0.8),
        (
            "a.mp4",
            {"codec_options": {"bf": "3", "b_strategy": "0", "x264-params": "open-gop=1:keyint=12"}},
            0.85,
        ),
        ("a.mp4", {"codec_options": {"bf": "7", "b_strategy": "0", "x264-params": "b-pyramid=none"}}, 0.6),
        ("a.mp4", {"codec_options": {"bf": "0"}}, 1.0),
        ("a.mkv", {"codec_options": {"bf": "3", "b_strategy": "0"}}, 0.8),
        ("a.flv", {"codec_options": {"bf": "3", "b_strategy": "0"}}, 0.8),
        ("a.ts", {"codec_options": {"bf": "3", "b_strategy": "0"}}, 0.8),
        ("a.mpg", {"codec": "mpeg2video", "codec_options": {"bf": "2"}}, 0.8),
        ("a.mkv", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, 0.3),
        ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, 0.3),
        ("a.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}, 0.3),
        # Of which too little is known, or whose files have no timestamps.
        ("a.mp4", {"codec_options": {"x264-params": "interlaced=1:tff=1:bframes=3:b-adapt=0"}}, 1.0),
        ("a.mp4", {"codec": "libx265"}, 1.0),
        ("a.mkv", {"codec": "mpeg4", "codec_options": {"bf": "2"}}, 1.0),
        ("a.webm", {"codec": "libvpx-vp9"}, 1.0),
        ("a.mkv", {"codec": "libsvtav1"}, 1.0),
        ("a.avi", {"codec": "libx264"}, 1.0),
        ("a.h264", {"codec": "libx264"}, 1.0),
    ],
)
@pytest.mark.parametrize("fps", [5.0, 2.3])
def test_the_same_frames_are_looked_at(
    tmp_path: Path, name: str, options: dict[str, object], most_decoded: float, fps: float
) -> None:
    path = write_video(tmp_path / name, frames=150, **options)  # type: ignore[arg-type]
    all_of_them = looked_at(VideoFile(path, "v", fps=None))
    assert len(all_of_them) == 150
    video = VideoFile(path, "v", fps=fps)
    assert looked_at(video) == sampled(all_of_them, fps)
    assert video.shown == 150
    assert video.decoded <= most_decoded * 150


def test_where_frames_may_be_fields_by_their_times_all_are_decoded(tmp_path: Path) -> None:
    times_ms = [0, 40, 41, 80, 300, 310, 320, 1000, 1010, 1020, 1030, *range(1040, 4000, 17)]
    path = write_video(
        tmp_path / "a.mkv",
        frames=len(times_ms),
        pts=times_ms,
        tick=TIME_BASE,
        codec_options={"bf": "3", "b_strategy": "0"},
    )
    all_of_them = looked_at(VideoFile(path, "v", fps=None))
    video = VideoFile(path, "v")
    assert looked_at(video) == sampled(all_of_them, 5.0)
    assert video.decoded == video.shown == len(times_ms)


def test_recordings_joined_end_to_end_are_decoded_whole(tmp_path: Path) -> None:
    options = {"bf": "3", "b_strategy": "0"}
    piece = write_video(tmp_path / "a.ts", frames=100, codec_options=options).read_bytes()
    path = tmp_path / "both.ts"
    path.write_bytes(piece + piece)
    all_of_them = looked_at(VideoFile(path, "v", fps=None))
    video = VideoFile(path, "v")
    assert looked_at(video) == sampled(all_of_them, 5.0)
    # The second one begins where the clock went back.
    assert 100 < video.decoded < 180


def cut_together(source: Path, pieces: list[tuple[int, int]], path: Path) -> Path:
    """An MP4 with an edit list: frames from and how many, of a video of 25 frames/s."""
    data = source.read_bytes()

    def number(kind: str, at: int) -> int:
        return int(struct.unpack_from(kind, data, at)[0])

    at = data.index(b"elst") - 4
    size = number(">I", at)
    movie_hz, media_hz = (number(">I", data.index(name) + 16) for name in (b"mvhd", b"mdhd"))
    first = number(">i", at + 20)
    edits = b"".join(
        struct.pack(">IiI", count * movie_hz // 25, first + start * media_hz // 25, 1 << 16)
        for start, count in pieces
    )
    box = struct.pack(">I4sII", len(edits) + 16, b"elst", 0, len(pieces)) + edits
    changed = bytearray(data[:at] + box + data[at + size :])
    for name in (b"moov", b"trak", b"edts"):
        outer = data.index(name) - 4
        struct.pack_into(">I", changed, outer, number(">I", outer) + len(box) - size)
    path.write_bytes(changed)
    return path


@pytest.mark.parametrize(
    "pieces", [[(37, 150)], [(0, 103)], [(0, 60), (110, 80)], [(0, 57), (70, 48), (118, 50)]]
)
@pytest.mark.parametrize("fps", [5.0, 1.0])
def test_what_an_edit_list_cuts_out_counts_nowhere(
    tmp_path: Path, pieces: list[tuple[int, int]], fps: float
) -> None:
    options = {"bf": "3", "b_strategy": "0", "g": "25"}
    source = write_video(tmp_path / "a.mp4", frames=200, codec_options=options)
    path = cut_together(source, pieces, tmp_path / "edited.mp4")
    all_of_them = looked_at(VideoFile(path, "v", fps=None))
    assert len(all_of_them) < 160
    video = VideoFile(path, "v", fps=fps)
    assert looked_at(video) == sampled(all_of_them, fps)
    assert video.shown == len(all_of_them)


def test_few_looks_at_a_long_video_of_which_each_frame_stands_alone_decode_few(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", codec="mjpeg", pix_fmt="yuvj420p", frames=700)
    video = VideoFile(path, "v", fps=0.05)
    assert [index for index, _, _ in looked_at(video)] == [0, 500]
    assert video.shown == 700
    assert video.decoded < 20


def test_behind_damage_everything_is_decoded(tmp_path: Path) -> None:
    options = {"bf": "3", "b_strategy": "0", "g": "25"}
    path = write_video(tmp_path / "a.mp4", frames=200, codec_options=options)
    data = bytearray(path.read_bytes())
    begin = data.index(b"mdat") + 4
    middle = begin + (len(data) - begin) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    whole = VideoFile(path, "v", fps=None)
    all_of_them = looked_at(whole)
    video = VideoFile(path, "v")
    taken = looked_at(video)
    assert whole.corrupt > 0
    assert video.corrupt > 0
    assert 120 < video.decoded < video.shown
    # What lies before it is the same; behind it the grid goes on.
    before = [frame for frame in sampled(all_of_them, 5.0) if frame[1] < 2.0]
    assert taken[: len(before)] == before
    assert [frame[1] for frame in taken if frame[1] >= 5.5] == [
        frame[1] for frame in sampled(all_of_them, 5.0) if frame[1] >= 5.5
    ]


@st.composite
def films(draw: st.DrawFn) -> tuple[list[tuple[int, bool]], int]:
    """Packets as (timestamp, whether others lean on it) in order of decoding, and the decoder's delay."""
    packets: list[tuple[int, bool]] = []
    at = draw(st.integers(-50, 50))
    start = at
    for _ in range(draw(st.integers(1, 25))):
        steps = draw(st.lists(st.integers(1, 200), min_size=1, max_size=6))
        shown = []
        for step in steps:
            shown.append(at)
            at += step
        # The last is decoded first; of those between, some lean on others.
        inner = draw(st.permutations(shown[:-1]))
        packets.append((shown[-1], True))
        packets.extend((pts, draw(st.booleans())) for pts in inner)
    return packets, start


@given(films(), st.floats(0.5, 30), st.integers(1, 12))
def test_what_is_sampled_is_always_decoded(
    film: tuple[list[tuple[int, bool]], int], fps: float, held_back: int
) -> None:
    packets, start = film
    passing = PassingOver(TimeSampler(fps), TIME_BASE, 0.001)
    delayed: list[int] = []
    told: list[int] = []
    decoded: list[int] = []

    def show(most: int) -> None:
        while len(delayed) > most:
            delayed.sort()
            pts = delayed.pop(0)
            told.extend(frame.pts for frame in passing.before(pts))
            told.append(pts)
            decoded.append(pts)
            if len(decoded) == 1:
                passing.begin(float(start * TIME_BASE), None)

    for pts, leant_on in packets:
        if passing.needs(pts) or leant_on:
            delayed.append(pts)
        # As many as may be stored before one that is shown earlier.
        show(6 + held_back)
    show(0)
    told.extend(frame.pts for frame in passing.rest())
    shown = sorted(pts for pts, _ in packets)
    assert told == shown
    sampler = TimeSampler(fps)
    wanted = [pts for pts in shown if sampler.wants(float(pts * TIME_BASE) - float(start * TIME_BASE))]
    assert set(wanted) <= set(decoded)


def test_nothing_is_passed_over_once_a_packet_gave_no_frame() -> None:
    passing = PassingOver(TimeSampler(1.0), TIME_BASE, 0.01)
    assert passing.needs(0)
    assert passing.before(0) == []
    passing.begin(0.0, None)
    for pts in range(10, 90, 10):
        assert passing.needs(pts)
        assert passing.before(pts) == []
    assert not passing.needs(100)
    assert passing.needs(1000)
    assert not passing.needs(1010)
    assert passing.before(1010) == [PassedFrame(100)]
    # 1000 never came: whoever makes one frame out of two packets isn't followed.
    assert passing.needs(1020)
    assert passing.rest() == []


def test_timestamps_that_go_back_are_left_to_the_timeline() -> None:
    passing = PassingOver(TimeSampler(1.0), TIME_BASE, 0.01)
    for pts in range(0, 90, 10):
        assert passing.needs(pts)
        assert passing.before(pts) == []
        if pts == 0:
            passing.begin(0.0, None)
    assert not passing.needs(110)
    assert passing.needs(20)
    assert passing.before(20) == [PassedFrame(110)]
    assert passing.needs(30)


def test_fields_with_times_of_their_own_are_no_frames() -> None:
    passing = PassingOver(TimeSampler(1.0), TIME_BASE, 0.04)
    for pts in range(0, 400, 40):
        passing.needs(pts)
        passing.before(pts)
        if pts == 0:
            passing.begin(0.0, None)
    assert not passing.needs(400)
    # The second field of that frame.
    assert passing.needs(420)
    assert passing.needs(440)


def test_who_has_given_up_never_passes_over_again() -> None:
    passing = PassingOver(TimeSampler(1.0), TIME_BASE, 0.01)
    assert passing.needs(None)
    passing.give_up()
    passing.begin(0.0, None)
    assert all(passing.needs(pts) for pts in range(0, 500, 10))
