"""Frames that nobody looks at are not decoded, and the others are what they were."""

from __future__ import annotations

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
        ("a.mp4", {"codec_options": {"x264-params": "interlaced=1:tff=1:bframes=3:b-adapt=0"}}, 0.8),
        ("a.mp4", {"codec": "libx265"}, 0.85),
        ("a.mkv", {"codec": "mpeg4", "codec_options": {"bf": "2"}}, 0.8),
        ("a.mpg", {"codec": "mpeg2video", "codec_options": {"bf": "2"}}, 0.8),
        ("a.mkv", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, 0.3),
        ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, 0.3),
        ("a.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}, 0.3),
        # Whose decoders know nothing of it, or whose files have no timestamps.
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


def test_frames_at_uneven_times_are_the_same(tmp_path: Path) -> None:
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
    assert video.decoded < 0.8 * video.shown
    assert video.shown == len(times_ms)


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
    passing = PassingOver(TimeSampler(fps), TIME_BASE)
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
    passing = PassingOver(TimeSampler(1.0), TIME_BASE)
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
    passing = PassingOver(TimeSampler(1.0), TIME_BASE)
    for pts in range(0, 90, 10):
        assert passing.needs(pts)
        assert passing.before(pts) == []
        if pts == 0:
            passing.begin(0.0, None)
    assert not passing.needs(110)
    assert passing.needs(20)
    assert passing.before(20) == [PassedFrame(110)]
    assert passing.needs(30)
