"""Videos that can't be read, and damaged ones of which what can be is."""

from pathlib import Path

import numpy as np
import pytest
from painted_video import write_sound, write_video
from read_video import frames_of, numbers_of

from stream.errors import (
    NoFramesError,
    NoVideoStreamError,
    SourceEmptyError,
    SourceIsFolderError,
    SourceNotFoundError,
    VideoFormatRefusedError,
    VideoTooLargeError,
    VideoUnreadableError,
)
from stream.video import VideoFile
from stream.video_info import probe

# Files that can't be read.


@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.mkv"])
def test_sound_alone_is_no_video(tmp_path: Path, name: str) -> None:
    path = write_sound(tmp_path / name)
    with pytest.raises(NoVideoStreamError, match="no moving pictures, only sound;") as caught:
        probe(path)
    assert caught.value.source == str(path)


def test_a_container_without_anything_in_it_is_no_video(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp4")
    data = path.read_bytes()
    # What a recorder that lost power at once leaves: an index without tracks.
    path.write_bytes(data.replace(b"trak", b"free"))
    with pytest.raises(NoVideoStreamError, match="nor anything else; was its recording interrupted"):
        probe(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", "ffconcat version 1.0\nfile {clip}\n"),
        ("a.mp4", "ffconcat version 1.0\nfile {clip}\n"),
    ],
)
def test_playlists_are_refused(tmp_path: Path, clip: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text.format(clip=clip))
    with pytest.raises(VideoFormatRefusedError, match="a playlist, which names other files; for safety"):
        probe(path)


def test_a_format_that_is_not_read_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    # A film of the Smacker codec, whose demuxer is not among those that may open a file.
    path.write_bytes(b"SMK2" + bytes([160, 0, 0, 0, 120, 0, 0, 0, 1, 0, 0, 0, 40, 0, 0, 0]) + bytes(1000))
    with pytest.raises(VideoFormatRefusedError, match=r"a\.mp4' is not in one of the video formats"):
        probe(path)


@pytest.mark.parametrize(
    "content",
    [
        np.random.default_rng(0).bytes(100_000),
        b"<!DOCTYPE html><html><body>404</body></html>" * 50,
        b"\0" * 9999,
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
    ],
    ids=["random", "html", "zeros", "sdp", "dash"],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    for attempt in (lambda: probe(path), lambda: frames_of(VideoFile(path, "clip"))):
        with pytest.raises(VideoUnreadableError, match=r"a\.mp4") as caught:
            attempt()
        assert caught.value.source == str(path)


def test_missing_folder_and_empty_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(SourceNotFoundError):
        probe(tmp_path / "none.mp4")
    with pytest.raises(SourceIsFolderError):
        probe(tmp_path)
    with pytest.raises(SourceEmptyError):
        probe(tmp_path / "empty.mp4")


def test_mp4_without_its_index_says_so(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VideoUnreadableError, match="without a usable index"):
        probe(path)


def test_not_one_decodable_frame(tmp_path: Path, clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    begin = data.index(b"mdat") + 4
    data[begin:] = bytes(len(data) - begin)
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    for attempt in (lambda: probe(path), lambda: frames_of(VideoFile(path, "clip"))):
        with pytest.raises(NoFramesError, match="not one frame could be decoded, the file is damaged"):
            attempt()


def test_a_video_without_frames_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    # A fragmented MP4 of which only the beginning was written.
    path = write_video(
        tmp_path / "a.mp4", frames=50, container_options={"movflags": "frag_keyframe+empty_moov"}
    )
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moof") - 4])
    for attempt in (lambda: probe(path), lambda: frames_of(VideoFile(path, "clip"))):
        with pytest.raises(NoFramesError, match="without a single frame"):
            attempt()


def test_too_large_frames_are_refused_with_size_and_limit(clip: Path) -> None:
    with pytest.raises(VideoTooLargeError, match=r"160x120 = 19,200 pixels, allowed are 19,199"):
        probe(clip, max_pixels=160 * 120 - 1)
    assert len(frames_of(VideoFile(clip, "clip", fps=None, max_pixels=160 * 120))) == 50


def test_frames_that_grow_too_large_are_refused_when_they_come(tmp_path: Path) -> None:
    small = write_video(tmp_path / "small.ts", frames=250)
    large = write_video(tmp_path / "large.ts", frames=10, size=(320, 240))
    path = tmp_path / "grows.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    video = VideoFile(path, "clip", max_pixels=160 * 120)
    with pytest.raises(VideoTooLargeError, match="320x240"):
        frames_of(video)
    assert video.shown > 200


# Damaged files: what can be decoded is.


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_cut_off_file_yields_its_beginning_and_a_warning(tmp_path: Path, name: str) -> None:
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    whole = write_video(tmp_path / name, frames=200, container_options=options).read_bytes()
    path = tmp_path / f"cut-{name}"
    path.write_bytes(whole[: len(whole) // 2])
    video = VideoFile(path, "clip", fps=None)
    frames = frames_of(video)
    assert 50 < len(frames) < 150
    assert numbers_of(frames) == [frame.index for frame in frames]
    assert any(f"end at {video.position_s:.1f} s of 8.0 s" in warning for warning in video.warnings)


@pytest.mark.parametrize("name", ["a.ts", "fragmented.mp4"])
def test_cut_off_stream_without_announced_length_yields_its_beginning(tmp_path: Path, name: str) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"} if name.endswith("mp4") else {}
    whole = write_video(tmp_path / name, frames=200, container_options=options).read_bytes()
    path = tmp_path / f"cut-{name}"
    path.write_bytes(whole[: len(whole) // 2])
    frames = frames_of(VideoFile(path, "clip", fps=None))
    assert 50 < len(frames) < 150
    assert numbers_of(frames) == list(range(len(frames)))


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.mp4", "libx265"), ("a.avi", "mjpeg")]
)
def test_decoding_goes_on_after_flipped_bits(tmp_path: Path, name: str, codec: str) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_video(tmp_path / name, codec=codec, pix_fmt=pix_fmt, frames=200)
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    middle = slice(len(data) * 4 // 10, len(data) * 5 // 10)
    noise = rng.integers(0, 256, len(data[middle]), dtype=np.uint8)
    noise[rng.random(len(noise)) > 0.05] = 0
    data[middle] = (np.frombuffer(bytes(data[middle]), np.uint8) ^ noise).tobytes()
    path.write_bytes(data)
    video = VideoFile(path, "clip", fps=None)
    frames = frames_of(video)
    times = [frame.media_s for frame in frames]
    assert numbers_of(frames[:60]) == list(range(60))
    assert numbers_of(frames[-20:]) == list(range(180, 200))
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(199 / 25, abs=0.3)


def test_undecodable_packets_are_counted_and_reported(tmp_path: Path, clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    begin = data.index(b"mdat") + 4
    middle = begin + (len(data) - begin) // 2
    data[middle : middle + 2000] = bytes(2000)
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    video = VideoFile(path, "clip", fps=None)
    frames = frames_of(video)
    assert video.corrupt > 0
    assert len(frames) == video.shown
    assert 20 < len(frames) < 50
    (warning,) = video.warnings
    assert warning.startswith(f"{video.corrupt} pieces of the file are damaged")
    assert f"{video.shown} frames could be read" in warning
