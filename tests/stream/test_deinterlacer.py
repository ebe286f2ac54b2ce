"""Interlaced video: two moments in one picture."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.conversion import BgrConverter
from stream.deinterlacer import is_combed
from stream.video import VideoFile

Image = npt.NDArray[np.uint8]

WIDTH_PX, HEIGHT_PX = 320, 240
SPEED_PX = 10


def left_px(number: int) -> int:
    return 20 + number * SPEED_PX


def moment(number: int) -> Image:
    """A bright square on its way from left to right."""
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), 60, np.uint8)
    image[60:180, left_px(number) : left_px(number) + 80] = 200
    return image


def shows(image: Image, number: int) -> bool:
    """Whether that moment is seen, and neither the one before nor the one after."""
    rows = image[70:170].mean(axis=2)
    left, right = left_px(number), left_px(number) + 80
    bright = rows[:, left + 2 : right - 2]
    dark = np.concatenate(
        [rows[:, left - SPEED_PX : left - 2], rows[:, right + 2 : right + SPEED_PX]], axis=1
    )
    return bool(bright.min() > 150 and dark.max() < 100)


def woven(earlier: Image, later: Image, *, top_first: bool = True) -> Image:
    image = earlier.copy()
    image[1 if top_first else 0 :: 2] = later[1 if top_first else 0 :: 2]
    return image


def film(path: Path, pictures: list[Image], codec: str = "libx264", **options: str) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(25))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"g": "5", **options}
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24").reformat(
                format="yuv420p"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


INTERLACED = {"x264-params": "interlaced=1:tff=1", "crf": "4"}


def seen(path: Path) -> list[Image]:
    return [frame.image_bgr for frame in VideoFile(path, "v", fps=None).frames(threading.Event())]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mkv", "libx264", INTERLACED),
        ("a.mpg", "mpeg2video", {"flags": "+ildct+ilme", "b": "8M"}),
        ("a.avi", "mpeg4", {"flags": "+ildct+ilme", "b": "8M"}),
    ],
)
def test_of_what_moves_from_field_to_field_one_moment_is_seen(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    pictures = [woven(moment(2 * k), moment(2 * k + 1)) for k in range(8)]
    images = seen(film(tmp_path / name, pictures, codec, **options))
    assert len(images) == 8
    for k, (image, picture) in enumerate(zip(images, pictures, strict=True)):
        assert is_combed(picture[..., 1])
        assert not shows(picture, 2 * k)
        assert image.shape == picture.shape
        assert shows(image, 2 * k)


def test_the_upper_field_is_seen_also_where_it_comes_last(tmp_path: Path) -> None:
    pictures = [woven(moment(2 * k), moment(2 * k + 1), top_first=False) for k in range(5)]
    options = {**INTERLACED, "x264-params": "interlaced=1:bff=1"}
    for k, image in enumerate(seen(film(tmp_path / "a.mkv", pictures, **options))):
        assert shows(image, 2 * k + 1)


def test_what_is_stored_as_interlaced_and_is_not_stays_as_it_is(tmp_path: Path) -> None:
    # Lines of one row that a single field does not have.
    picture = moment(3)
    picture[20:40:4] = 255
    path = film(tmp_path / "a.mkv", [picture] * 5, **INTERLACED)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert all(frame.interlaced_frame for frame in frames)
    plain = [frame.to_ndarray(format="bgr24") for frame in frames]
    assert all(np.abs(a.astype(int) - b).mean() < 0.5 for a, b in zip(seen(path), plain, strict=True))


def test_a_converter_can_go_on_with_another_size(tmp_path: Path) -> None:
    converter = BgrConverter(None)
    for size in ((WIDTH_PX, HEIGHT_PX), (160, 120), (WIDTH_PX, HEIGHT_PX)):
        pictures = [woven(moment(2 * k), moment(2 * k + 1))[: size[1], : size[0]] for k in range(3)]
        with av.open(str(film(tmp_path / "a.mkv", pictures, **INTERLACED))) as container:
            for frame in container.decode(video=0):
                image = converter.image_bgr(frame)
                assert image.shape == (size[1], size[0], 3)
                assert not is_combed(image[..., 1])


@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    noise=st.floats(0, 6),
)
def test_noise_is_no_comb(seed: int, height: int, width: int, noise: float) -> None:
    grey = np.random.default_rng(seed).normal(120, noise, (height, width))
    assert not is_combed(np.clip(grey, 0, 255).astype(np.uint8))
