import io
import threading
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from painted_video import numbered_image, write_video
from PIL import Image
from read_video import frames_of, numbers_of

from stream.seek_points import SeekPoints
from stream.video import VideoFile
from stream.video_info import probe

# Every frame, in order, whatever the codec.


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mkv", "libx264", "yuv420p10le"),
        ("a.mkv", "libx264", "yuv422p"),
        ("a.mkv", "libx264", "yuv444p"),
        ("a.mkv", "libx264", "yuvj420p"),
        ("a.mkv", "libx264rgb", "bgr24"),
        ("a.mp4", "libx265", "yuv420p"),
        ("a.mkv", "libx265", "yuv422p10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.mkv", "libsvtav1", "yuv420p10le"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.avi", "libx264", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.mpg", "mpeg2video", "yuv420p"),
        ("a.ts", "libx264", "yuv420p"),
        ("a.flv", "libx264", "yuv420p"),
        ("a.h264", "libx264", "yuv420p"),
        ("a.mkv", "ffv1", "gray"),
        ("a.gif", "gif", "gray"),
    ],
)
def test_all_frames_come_in_order_of_presentation(
    tmp_path: Path, name: str, codec: str, pix_fmt: str
) -> None:
    options = {"b": "8M"} if codec == "mpeg4" else {}
    path = write_video(tmp_path / name, codec=codec, pix_fmt=pix_fmt, frames=30, codec_options=options)
    video = VideoFile(path, "clip", fps=None)
    frames = frames_of(video)
    assert numbers_of(frames) == list(range(30))
    assert [frame.index for frame in frames] == list(range(30))
    # AVI stores no order of presentation, so it may begin late by the decoder's delay.
    assert frames[0].media_s == pytest.approx(0.0, abs=0.05)
    assert frames[-1].media_s == pytest.approx(29 / 25, abs=0.05)
    assert {frame.image_bgr.shape for frame in frames} == {(120, 160, 3)}
    assert (video.shown, video.corrupt, video.warnings) == (30, 0, [])


def test_interlaced_video_is_decoded(tmp_path: Path) -> None:
    options = {"x264-params": "interlaced=1:tff=1"}
    path = write_video(tmp_path / "a.mp4", frames=20, codec_options=options)
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == list(range(20))


@pytest.mark.parametrize("size", [(321, 241), (161, 120), (160, 121)])
def test_odd_sizes_keep_every_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_video(tmp_path / "a.mkv", codec="ffv1", size=size, frames=5)
    frames = frames_of(VideoFile(path, "clip", fps=None))
    assert {frame.image_bgr.shape for frame in frames} == {(size[1], size[0], 3)}
    assert numbers_of(frames) == list(range(5))


def test_change_of_size_in_the_middle_is_followed(tmp_path: Path) -> None:
    small = write_video(tmp_path / "small.h264", frames=10)
    large = write_video(tmp_path / "large.h264", frames=10, size=(320, 240))
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    frames = frames_of(VideoFile(both, "clip", fps=None))
    assert numbers_of(frames) == [*range(10), *range(10)]
    assert [frame.image_bgr.shape[1] for frame in frames] == [160] * 10 + [320] * 10


def test_images_are_read_only_and_independent_of_each_other(clip: Path) -> None:
    frames = frames_of(VideoFile(clip, "clip", fps=None))
    assert not any(frame.image_bgr.flags.writeable for frame in frames)
    assert numbers_of(frames) == list(range(50))


# Colour and geometry.


@pytest.mark.parametrize("matrix", [1, 6])  # BT.709, BT.601
@pytest.mark.parametrize("value_range", [1, 2])  # limited, full
def test_stated_colour_matrix_and_range_are_honoured(tmp_path: Path, matrix: int, value_range: int) -> None:
    bgr = (40, 90, 200)
    image = np.full((64, 64, 3), bgr, np.uint8)
    path = write_video(
        tmp_path / "a.mkv",
        codec="ffv1",
        pix_fmt="yuv444p",
        size=(64, 64),
        images=[image],
        colour=(matrix, value_range),
    )
    (frame,) = frames_of(VideoFile(path, "clip", fps=None))
    np.testing.assert_allclose(frame.image_bgr[32, 32], bgr, atol=4)


@pytest.mark.parametrize(("turn_deg", "clockwise_deg"), [(0, 0), (-90, 90), (180, 180), (90, 270)])
def test_rotated_video_comes_upright(tmp_path: Path, turn_deg: int, clockwise_deg: int) -> None:
    upright = numbered_image(0b10110001, 120, 160)
    stored = np.ascontiguousarray(np.rot90(upright, clockwise_deg // 90))
    size = (stored.shape[1], stored.shape[0])
    path = write_video(tmp_path / "a.mp4", size=size, images=[stored] * 3, turn_deg=turn_deg)
    info = probe(path)
    assert (info.rotation_deg, info.width_px, info.height_px) == (clockwise_deg, 120, 160)
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == [0b10110001] * 3


def test_mirrored_video_is_mirrored_back(tmp_path: Path) -> None:
    stored = np.ascontiguousarray(numbered_image(0b10110001)[:, ::-1])
    path = write_video(tmp_path / "a.mp4", images=[stored], turn_deg=0, mirror=True)
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == [0b10110001]


@pytest.mark.parametrize(
    ("pixel_aspect", "size"),
    [(Fraction(4, 3), (213, 120)), (Fraction(2, 3), (160, 180)), (Fraction(100, 1), (160, 120))],
)
def test_pixels_become_square(tmp_path: Path, pixel_aspect: Fraction, size: tuple[int, int]) -> None:
    path = write_video(tmp_path / "a.mkv", frames=3, pixel_aspect=pixel_aspect)
    info = probe(path)
    frames = frames_of(VideoFile(path, "clip", fps=None))
    assert (info.width_px, info.height_px) == size
    assert {frame.image_bgr.shape for frame in frames} == {(size[1], size[0], 3)}
    assert numbers_of(frames) == [0, 1, 2]


def test_exif_inside_motion_jpeg_turns_it(tmp_path: Path) -> None:
    upright = numbered_image(0b10110001, 120, 160)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored as turned left, show turned by 90 degrees clockwise
    picture = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(picture, "JPEG", exif=exif)
    path = tmp_path / "a.mjpeg"
    path.write_bytes(picture.getvalue() * 3)
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == [0b10110001] * 3


# Sampling and time.


def test_sampling_goes_by_time(clip: Path) -> None:
    video = VideoFile(clip, "clip", fps=5.0)
    frames = frames_of(video)
    assert numbers_of(frames) == list(range(0, 50, 5))
    assert [frame.index for frame in frames] == list(range(0, 50, 5))
    assert [frame.media_s for frame in frames] == pytest.approx([i / 5 for i in range(10)])
    assert video.shown == 50
    assert video.position_s == pytest.approx(49 / 25)


@pytest.mark.parametrize("fps", [3.0, 5.0, 7.0, None])
@pytest.mark.parametrize("start_s", [0.3, 1.0])
def test_later_start_yields_the_same_frames(clip: Path, fps: float | None, start_s: float) -> None:
    whole = [f for f in frames_of(VideoFile(clip, "clip", fps=fps)) if f.media_s >= start_s]
    late = frames_of(VideoFile(clip, "clip", fps=fps, start_s=start_s))
    assert [(f.index, f.media_s) for f in late] == [(f.index, f.media_s) for f in whole]
    assert numbers_of(late) == [f.index for f in late]


def test_end_is_exclusive_and_ends_the_decoding(clip: Path) -> None:
    video = VideoFile(clip, "clip", fps=None, start_s=0.4, end_s=0.8)
    assert numbers_of(frames_of(video)) == list(range(10, 20))
    assert video.shown == 21
    assert video.warnings == []


def test_span_behind_the_end_gives_nothing_but_a_warning(clip: Path) -> None:
    video = VideoFile(clip, "clip", start_s=60)
    assert frames_of(video) == []
    assert "no frame was taken between 60 s and the end" in video.warnings[0]


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    pts = [0, 10, 20, 400, 410, 1000, 1900, 1910, 2000]
    path = write_video(tmp_path / "a.mkv", frames=9, pts=pts, tick=Fraction(1, 1000))
    every = frames_of(VideoFile(path, "clip", fps=None))
    assert [frame.media_s for frame in every] == pytest.approx([t / 1000 for t in pts])
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=2.0))) == [0, 5, 6, 8]


def test_container_that_starts_late_starts_at_zero(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", frames=10, pts=[9000 + i for i in range(10)])
    assert [f.media_s for f in frames_of(VideoFile(path, "clip", fps=None))] == pytest.approx(
        [i / 25 for i in range(10)]
    )


def test_matroska_that_starts_late_lasts_as_long_as_its_pictures(tmp_path: Path) -> None:
    pts = [125_000 + i for i in range(50)]
    video = VideoFile(write_video(tmp_path / "a.mkv", frames=50, pts=pts), "clip", fps=None)
    assert len(frames_of(video)) == 50
    assert video.info.duration_s == pytest.approx(2.0, abs=0.05)
    assert video.warnings == []


def test_a_clock_that_was_set_back_is_no_gap_of_a_day(tmp_path: Path) -> None:
    # As of a camera that began anew: FFmpeg takes that for a clock that ran over.
    parts = [
        write_video(tmp_path / f"{at_s}.ts", frames=50, pts=[25 * at_s + k for k in range(50)])
        for at_s in (9000, 5000)
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    video = VideoFile(joined, "clip", fps=None)
    times = [frame.media_s for frame in frames_of(video)]
    assert len(times) == 100
    assert times == pytest.approx([k / 25 for k in range(100)], abs=0.01)
    (warning,) = video.warnings
    assert "its timestamps jump at 2.0 s" in warning
    # Nothing but decoding from the beginning tells these times.
    assert SeekPoints.of(joined, 10**7) is None


def test_repeated_and_backward_timestamps_never_go_back(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.ts", frames=20, codec_options={"bf": "0"})
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() * 2)
    frames = frames_of(VideoFile(joined, "clip", fps=None))
    times = [frame.media_s for frame in frames]
    assert numbers_of(frames) == [*range(20), *range(20)]
    assert np.diff(times) == pytest.approx([1 / 25] * 39, abs=0.002)


def test_capture_time_is_given_or_read_or_unknown(tmp_path: Path, clip: Path) -> None:
    tagged = write_video(tmp_path / "a.mp4", frames=10, metadata={"creation_time": "2024-05-01T10:00:00Z"})
    recorded_at_s = datetime(2024, 5, 1, 10, tzinfo=UTC).timestamp()
    assert probe(tagged).recorded_at_s == recorded_at_s
    read = frames_of(VideoFile(tagged, "clip"))
    assert [f.captured_at_s for f in read] == pytest.approx([recorded_at_s, recorded_at_s + 0.2])
    given = frames_of(VideoFile(tagged, "clip", recorded_at_s=1000.0))
    assert [f.captured_at_s for f in given] == pytest.approx([1000.0, 1000.2])
    assert {f.captured_at_s for f in frames_of(VideoFile(clip, "clip"))} == {None}


# What probe says, and control.


def test_probe_describes_the_file(clip: Path) -> None:
    info = probe(clip)
    assert (info.path, info.width_px, info.height_px, info.codec) == (clip, 160, 120, "h264")
    assert (info.fps, info.duration_s, info.frames, info.rotation_deg) == (25.0, 2.0, 50, 0)
    assert info.recorded_at_s is None
    assert VideoFile(clip, "clip").info == info


def test_stop_ends_the_iteration_without_an_error(clip: Path) -> None:
    stop = threading.Event()
    frames = VideoFile(clip, "clip", fps=None).frames(stop)
    next(frames)
    stop.set()
    assert len(list(frames)) < 49
    assert list(VideoFile(clip, "clip").frames(stop)) == []


def test_second_iteration_begins_anew(clip: Path) -> None:
    video = VideoFile(clip, "clip")
    assert numbers_of(frames_of(video)) == numbers_of(frames_of(video))
    assert video.shown == 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fps": 0.0}, "positive"),
        ({"start_s": -1.0}, "start_s is -1.0"),
        ({"start_s": 2.0, "end_s": 2.0}, "end_s is 2.0"),
        ({"max_pixels": 0}, "max_pixels is 0"),
    ],
)
def test_arguments_out_of_range_are_refused_at_once(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VideoFile(Path("a.mp4"), "clip", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    ["100%.mp4", "%03d.mp4", "a:b.mp4", "-i.mp4", "días 日本.mp4", "two\nlines.mp4", "sp ace'.mp4", "x"],
)
def test_any_file_name_opens(tmp_path: Path, clip: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(clip.read_bytes())
    assert numbers_of(frames_of(VideoFile(path, "clip"))) == list(range(0, 50, 5))


def test_name_that_is_no_unicode_opens(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "caf\udce9.mp4"
    path.write_bytes(clip.read_bytes())
    assert probe(path).frames == 50


def test_tags_in_an_unknown_encoding_do_not_matter(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", frames=5, metadata={"title": "XXXXXXXX"})
    path.write_bytes(path.read_bytes().replace(b"XXXXXXXX", b"caf\xe9\xff\xfe\xfd\xe9"))
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == list(range(5))


# What is beside the pictures.


def test_of_several_streams_the_one_is_looked_at_that_the_file_shows_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = []
        for size, shown in (((320, 240), 0), ((160, 120), Disposition.default)):
            stream: Any = container.add_stream("mpeg4", rate=25)
            (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
            stream.disposition = Disposition(shown)
            streams.append(stream)
        for k in range(10):
            for stream in streams:
                grey = np.full((stream.height, stream.width, 3), 20 * k, np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="bgr24")
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    video = VideoFile(path, "clip", fps=None)
    frames = frames_of(video)
    assert (len(frames), frames[0].image_bgr.shape) == (10, (120, 160, 3))
    assert video.warnings == ["it holds 2 video streams, of which that of 160x120 alone is looked at"]


def test_sound_beside_the_pictures_is_ignored(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=25, sound=True)
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == list(range(25))


def test_stream_that_appears_in_the_middle_is_ignored(tmp_path: Path) -> None:
    silent = write_video(tmp_path / "silent.ts", frames=200)
    loud = write_video(tmp_path / "loud.ts", frames=20, sound=True)
    path = tmp_path / "both.ts"
    path.write_bytes(silent.read_bytes() + loud.read_bytes())
    assert numbers_of(frames_of(VideoFile(path, "clip", fps=None))) == [*range(200), *range(20)]
