"""Clips: copied at keyframes, in one piece, with their sound, in every common format."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from stream.clip import container_for, write_clip
from stream.errors import (
    ClipTooLargeError,
    SourceNotFoundError,
    VideoFormatRefusedError,
    VideoUnreadableError,
)

FPS, RATE, GOP, SECONDS = 25, 16_000, 50, 8
FORMATS = {
    "h264.mp4": ("libx264", "aac"),
    "h264.mkv": ("libx264", "aac"),
    "h264.ts": ("libx264", "aac"),
    "silent.mp4": ("libx264", None),
    "mpeg4.avi": ("mpeg4", "mp2"),
    "vp8.webm": ("libvpx", "libopus"),
}


def film(path: Path, codec: str, sound: str | None, first_s: float = 0.0) -> Path:
    """Eight seconds whose grey tells the number of the frame, with a keyframe every two seconds."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=FPS)
        video.width, video.height, video.pix_fmt, video.gop_size = 64, 48, "yuv420p", GOP  # type: ignore[union-attr]
        if codec == "libx264":
            video.options = {"sc_threshold": "0", "crf": "5", "preset": "veryfast"}
        audio = container.add_stream(sound, rate=RATE) if sound else None
        resampler = None
        if audio is not None:
            audio.layout = "mono"  # type: ignore[union-attr]
            resampler = av.AudioResampler(audio.format, "mono", RATE, audio.codec_context.frame_size or 640)  # type: ignore[union-attr]
        for number in range(SECONDS * FPS):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="bgr24")
            picture.pts, picture.time_base = number + round(first_s * FPS), Fraction(1, FPS)
            container.mux(video.encode(picture))  # type: ignore[union-attr]
            if audio is not None and resampler is not None:
                tone = (np.sin(np.arange(640) / 10) * 8000).astype(np.int16)[None]
                heard = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
                heard.sample_rate, heard.time_base = RATE, Fraction(1, RATE)
                heard.pts = number * 640 + round(first_s * RATE)
                for piece in resampler.resample(heard):
                    container.mux(audio.encode(piece))  # type: ignore[union-attr]
        container.mux(video.encode(None))  # type: ignore[union-attr]
        if audio is not None:
            container.mux(audio.encode(None))  # type: ignore[union-attr]
    return path


def shown(path: Path) -> list[tuple[float, int]]:
    """When each frame is shown, and its number in the film."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0), round(float(frame.to_ndarray(format="gray").mean())))
            for frame in container.decode(video=0)
        ]


def heard_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
@pytest.mark.parametrize("name", FORMATS)
def test_stretches_are_joined_in_one_file_from_the_keyframe_before(
    tmp_path: Path, name: str, ending: str
) -> None:
    codec, sound = FORMATS[name]
    path = film(tmp_path / name, codec, sound)
    if codec == "libvpx" and ending == ".mp4":
        assert container_for(path) == ".mkv"
        with pytest.raises(VideoFormatRefusedError, match=r"as \.mkv"):
            write_clip(path, [(0, 1)], tmp_path / f"clip{ending}")
        return
    # In any order, two of them after one keyframe, one behind the end.
    done = write_clip(path, [(6.5, 7.2), (2.6, 3.0), (3.2, 3.4), (30, 31)], tmp_path / f"clip{ending}")

    frames = shown(done.path)
    times = [time_s for time_s, _ in frames]
    assert times[0] == pytest.approx(0, abs=0.08)
    assert times == sorted(set(times))
    assert max(b - a for a, b in itertools.pairwise(times)) < 0.09
    (start_s, end_s), (then_s, last_s) = done.intervals
    assert (end_s, last_s) == (3.4, 7.2)
    assert 2 - 0.1 < start_s <= 2.6
    assert 6 - 0.1 < then_s <= 6.5
    # Both stretches, whole, and nothing before their keyframes.
    numbers = [number for _, number in frames]
    # Others than H.264 paint grey by steps.
    step = 2 if codec == "libx264" else 8
    for from_s, until_s in done.intervals:
        wanted = range(round(from_s * FPS) + 1, round(until_s * FPS) - 1)
        assert all(min(abs(n - w) for n in numbers) <= step for w in wanted)
    assert all(2 * FPS - 3 <= n <= 3.4 * FPS + 8 or 6 * FPS - 3 <= n <= 7.2 * FPS + 8 for n in numbers)
    assert done.seconds == pytest.approx(times[-1] + 1 / FPS, abs=0.15)
    assert done.sound is (sound is not None)
    if sound:
        assert heard_s(done.path) == pytest.approx(done.seconds, abs=0.3)
    assert done.path.stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, f"clip{ending}"])


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "h264.ts", "mpeg4.avi"])
def test_the_beginning_is_there_from_its_first_picture(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, *FORMATS[name])
    done = write_clip(path, [(0, 1)], tmp_path / "clip.mkv")
    assert done.intervals == ((pytest.approx(0, abs=0.001), 1),)
    assert shown(done.path)[0][1] <= 1


def test_what_a_library_other_than_ffmpeg_decodes_is_copied_as_well(tmp_path: Path) -> None:
    path = tmp_path / "av1.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libsvtav1", rate=FPS)
        video.width, video.height, video.pix_fmt, video.gop_size = 64, 64, "yuv420p", FPS  # type: ignore[union-attr]
        video.options = {"preset": "12", "svtav1-params": "lp=1"}
        for number in range(2 * FPS):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 2 * number, np.uint8), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(picture))  # type: ignore[union-attr]
        container.mux(video.encode(None))  # type: ignore[union-attr]
    for ending in (".mp4", ".mkv"):
        done = write_clip(path, [(0.2, 0.6)], tmp_path / f"clip{ending}")
        assert 10 <= len(shown(done.path)) <= 2 * FPS


def test_what_no_format_of_clips_holds_is_said_with_what_to_do(tmp_path: Path) -> None:
    path = film(tmp_path / "old.wmv", "wmv2", None)
    with pytest.raises(VideoFormatRefusedError, match="no clip can hold; convert it to MP4 first"):
        write_clip(path, [(0, 1)], tmp_path / "clip.mkv")


def test_time_counts_from_the_first_picture(tmp_path: Path) -> None:
    path = film(tmp_path / "late.ts", "libx264", "aac", first_s=100)
    done = write_clip(path, [(4.2, 4.6)], tmp_path / "clip.mp4")
    ((start_s, _),) = done.intervals
    assert start_s == pytest.approx(4, abs=0.01)
    assert shown(done.path)[0][0] == pytest.approx(0, abs=0.08)
    assert shown(done.path)[0][1] == pytest.approx(100, abs=2)


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_the_same_clip_is_the_same_file(tmp_path: Path, ending: str) -> None:
    path = film(tmp_path / "a.mp4", "libx264", "aac")
    first, second = (write_clip(path, [(2, 4)], tmp_path / f"{n}{ending}").path.read_bytes() for n in "12")
    assert first == second
    # Players need the index before the pictures.
    assert ending == ".mkv" or first.index(b"moov") < first.index(b"mdat")


def test_a_clip_that_would_be_too_large_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "libx264", None)
    size_bytes = write_clip(path, [(2, 4)], tmp_path / "clip.mp4").path.stat().st_size
    (tmp_path / "clip.mp4").unlink()
    with pytest.raises(ClipTooLargeError, match="ask for a shorter one"):
        write_clip(path, [(2, 4)], tmp_path / "clip.mp4", max_bytes=100)
    write_clip(path, [(2, 4)], tmp_path / "clip.mp4", max_bytes=size_bytes)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "clip.mp4"]


def test_what_can_t_be_cut_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "libx264", None)
    for intervals in ([], [(2, 1)], [(0, float("inf"))], [(float("nan"), 1)]):
        with pytest.raises(ValueError, match="interval"):
            write_clip(path, intervals, tmp_path / "clip.mp4")
    with pytest.raises(VideoUnreadableError, match=r"no picture between 20\.0 s and 21\.0 s"):
        write_clip(path, [(20, 21)], tmp_path / "clip.mp4")
    with pytest.raises(VideoFormatRefusedError, match="endings"):
        write_clip(path, [(0, 1)], tmp_path / "clip.gif")
    with pytest.raises(SourceNotFoundError):
        write_clip(tmp_path / "gone.mp4", [(0, 1)], tmp_path / "clip.mp4")
    with pytest.raises(OSError):  # noqa: PT011 - of the operating system
        write_clip(path, [(0, 1)], tmp_path / "nowhere" / "clip.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
