import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted_video import numbered_image, read_number

from stream.frame import Frame
from stream.video import VideoFile
from stream.video_info import probe
from stream.video_writer import VideoWriter

Image = npt.NDArray[np.uint8]

# A disk that gets full, in a process of its own: no file may grow beyond some bytes.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from stream.video_writer import VideoWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
noise = np.random.default_rng(0).integers(0, 256, (20, 48, 64, 3)).astype(np.uint8)
try:
    with VideoWriter(Path(sys.argv[1]), 64, 48, 5, quality=1) as writer:
        for image in noise:
            writer.write(image)
        print("the end was reached")
except OSError:
    print("refused")
"""


def written(path: Path, images: list[Image], fps: int = 5, quality: int = 21) -> list[Frame]:
    """What is read back of pictures that were written."""
    height_px, width_px = images[0].shape[:2]
    with VideoWriter(path, width_px, height_px, fps, quality) as writer:
        for image in images:
            writer.write(image)
    return list(VideoFile(path, "clip", fps=None).frames(threading.Event()))


def coloured(bgr: tuple[int, int, int], width_px: int = 64, height_px: int = 48) -> Image:
    return np.full((height_px, width_px, 3), bgr, np.uint8)


def test_all_frames_come_back_in_order(tmp_path: Path) -> None:
    frames = written(tmp_path / "clip.mp4", [numbered_image(number) for number in range(60)])
    assert [read_number(frame.image_bgr) for frame in frames] == list(range(60))


@given(width=st.integers(1, 40), height=st.integers(1, 40), frames=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_every_even_size_comes_back(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, frames: int
) -> None:
    path = tmp_path_factory.mktemp("sizes") / "clip.mp4"
    found = written(path, [coloured((90, 90, 90), 2 * width, 2 * height)] * frames)
    assert [frame.image_bgr.shape for frame in found] == [(2 * height, 2 * width, 3)] * frames


@pytest.mark.parametrize("fps", [1, 5, 25, 30])
def test_frames_are_as_far_apart_as_the_rate_says(tmp_path: Path, fps: int) -> None:
    frames = written(tmp_path / "clip.mp4", [coloured((0, 0, 0))] * 12, fps=fps)
    assert [frame.media_s for frame in frames] == pytest.approx([k / fps for k in range(12)], abs=1e-3)


def test_the_file_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    written(path, [coloured((0, 0, 0))] * 10, fps=5)
    info = probe(path)
    assert (info.width_px, info.height_px, info.fps, info.frames, info.codec) == (64, 48, 5.0, 10, "h264")
    assert info.duration_s == pytest.approx(2.0)


@pytest.mark.parametrize("bgr", [(200, 40, 40), (40, 200, 40), (40, 40, 200), (255, 255, 255), (0, 0, 0)])
def test_colours_stay_what_they_are(tmp_path: Path, bgr: tuple[int, int, int]) -> None:
    (frame,) = written(tmp_path / "clip.mp4", [coloured(bgr)])
    assert np.abs(frame.image_bgr.astype(int) - bgr).max() <= 8


def test_pictures_stay_upright_and_unmirrored(tmp_path: Path) -> None:
    image = coloured((30, 30, 30))
    image[:24, :32] = 230
    (frame,) = written(tmp_path / "clip.mp4", [image])
    assert np.abs(frame.image_bgr.astype(int) - image).mean() < 5


def test_a_lower_quality_figure_is_nearer_to_the_original(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 1)).astype(np.uint8).repeat(3, axis=2)

    def error(quality: int) -> float:
        (frame,) = written(tmp_path / f"{quality}.mp4", [noise], quality=quality)
        return float(np.abs(frame.image_bgr.astype(int) - noise).mean())

    assert error(0) < 4 < error(30) < error(51)
    assert (tmp_path / "0.mp4").stat().st_size > (tmp_path / "30.mp4").stat().st_size


def test_a_picture_that_is_a_view_of_another_is_taken(tmp_path: Path) -> None:
    double = np.ascontiguousarray(numbered_image(77, 320, 120))
    (frame,) = written(tmp_path / "clip.mp4", [double[:, ::2]])
    assert read_number(frame.image_bgr) == 77


def test_nothing_has_the_name_of_the_file_before_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 160, 120, 5) as writer:
        for number in range(100):
            writer.write(numbered_image(number))
        assert not path.exists()
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"older")
    assert len(written(path, [coloured((0, 0, 0))] * 3)) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_older_file_is_kept_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"older")

    def fail() -> None:
        with VideoWriter(path, 64, 48, 5) as writer:
            writer.write(coloured((0, 0, 0)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"older"


def test_a_video_without_a_frame_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match=r"empty\.mp4: no frame was written"),
        VideoWriter(tmp_path / "empty.mp4", 64, 48, 5),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("image", "message"),
    [
        pytest.param(np.zeros((24, 32, 3), np.uint8), r"\(24, 32, 3\), expected \(48, 64, 3\)", id="smaller"),
        pytest.param(np.zeros((64, 48, 3), np.uint8), r"\(64, 48, 3\), expected \(48, 64, 3\)", id="turned"),
        pytest.param(np.zeros((48, 64), np.uint8), r"\(48, 64\), expected", id="grey"),
        pytest.param(np.zeros((48, 64, 4), np.uint8), r"\(48, 64, 4\), expected", id="four-channels"),
        pytest.param(np.zeros((48, 64, 3), np.float32), "uint8", id="floats"),
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_a_picture_of_another_form_is_refused(
    tmp_path: Path, image: npt.NDArray[np.uint8], message: str, before: int
) -> None:
    def write_all(images: list[Image]) -> None:
        with VideoWriter(tmp_path / "clip.mp4", 64, 48, 5) as writer:
            for one in images:
                writer.write(one)

    with pytest.raises(ValueError, match=message):
        write_all([*[coloured((0, 0, 0))] * before, image])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (0, 48), (64, 0), (-2, 48), (64, -2), (1, 1)])
def test_sizes_that_are_odd_or_empty_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"{size[0]}x{size[1]} px, expected even"):
        VideoWriter(tmp_path / "clip.mp4", *size, 5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fps", "quality", "message"),
    [(0, 21, "fps is 0"), (-5, 21, "fps is -5"), (5, -1, "quality is -1"), (5, 52, "quality is 52")],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, fps: int, quality: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VideoWriter(tmp_path / "clip.mp4", 64, 48, fps, quality)


def test_a_missing_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        written(tmp_path / "none" / "clip.mp4", [coloured((0, 0, 0))])


def test_a_folder_in_place_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        written(path, [coloured((0, 0, 0))])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_nothing_is_left_when_the_disk_gets_full_at_the_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "clip.mp4")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split("\n")[:2] == ["the end was reached", "refused"]
    assert list(tmp_path.iterdir()) == []
