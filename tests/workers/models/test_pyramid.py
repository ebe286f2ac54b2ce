from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.models.pyramid import Pyramid, halved, scaled


def picture(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.1, 100))
def test_two_pixels_or_more_of_a_level_become_one(height: int, width: int, shrinkage: float) -> None:
    pyramid = Pyramid(picture(height, width))
    number = int(pyramid.halvings(shrinkage))
    level = pyramid.levels[number]
    # Of each level that is used, as far as there are any; and of the next one fewer would.
    assert number == 0 or shrinkage / 2**number >= 2
    assert shrinkage / 2 ** (number + 1) < 2 or number == len(pyramid.levels) - 1
    # All of the picture is there, and less than a pixel of the level besides.
    assert 0 <= level.shape[0] * 2**number - height < 2**number
    assert 0 <= level.shape[1] * 2**number - width < 2**number


def test_levels_are_means_of_the_picture() -> None:
    image = picture(96, 192)
    levels = Pyramid(image).levels
    assert [level.shape[:2] for level in levels] == [(96, 192), (48, 96), (24, 48)]
    assert levels[0] is image
    for number, level in enumerate(levels):
        side = 2**number
        mean = image.reshape(96 // side, side, 192 // side, side, 3).mean(axis=(1, 3))
        # Rounded once for each level.
        assert level == pytest.approx(mean, abs=0.5 * number + 1e-6)


def test_what_does_not_come_out_even_goes_on_at_the_edge() -> None:
    image = picture(49, 50)
    half = Pyramid(image).levels[1]
    assert half.shape == (25, 25, 3)
    last = image[48].reshape(25, 2, 3).mean(axis=1)
    assert half[24] == pytest.approx(last, abs=0.5)


def test_many_are_asked_for_at_once() -> None:
    pyramid = Pyramid(picture(96, 192))
    assert pyramid.halvings(np.array([0.5, 1, 3.9, 4, 8, 100])).tolist() == [0, 0, 0, 1, 2, 2]
    assert pyramid.halvings(np.array([np.nan, np.inf, -np.inf, -1, 0])).tolist() == [0, 2, 0, 0, 0]
    assert pyramid.halvings(np.nextafter(8, 0)) == 1


def test_a_picture_may_be_its_only_level() -> None:
    pyramid = Pyramid(picture(96, 192), halved=False)
    assert len(pyramid.levels) == 1
    assert pyramid.halvings(100) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 10))
def test_a_picture_that_is_halved_is_a_level_alone(height: int, width: int, times: int) -> None:
    image = picture(height, width)
    level = halved(image, times)
    assert level.shape[:2] == (-(-height // 2**times), -(-width // 2**times))
    levels = Pyramid(image).levels
    if times < len(levels):
        assert (level == levels[times]).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_a_scaled_picture_has_the_size_that_was_asked_for(
    height: int, width: int, rows: int, columns: int
) -> None:
    assert scaled(picture(height, width), (columns, rows)).shape == (rows, columns, 3)


@pytest.mark.parametrize("size_px", [(96, 96), (64, 36), (200, 150), (300, 200)])
def test_a_scaled_picture_shows_what_one_that_is_scaled_at_once_does(
    size_px: tuple[int, int], group_image: npt.NDArray[np.uint8]
) -> None:
    image = group_image[:880]
    once = cv2.resize(image, size_px, interpolation=cv2.INTER_AREA)
    # Of a picture that is a tenth of a pixel of the result beside, but of one that is there.
    step = max(round(0.1 * image.shape[1] / size_px[0]), 1)
    beside = cv2.resize(image[step:, step:], size_px, interpolation=cv2.INTER_AREA)
    assert cv2.absdiff(scaled(image, size_px), once).mean() < cv2.absdiff(beside, once).mean()


@pytest.mark.parametrize("size_px", [(1000, 700), (1264, 872), (1400, 900), (1280, 864)])
def test_sizes_that_are_not_much_smaller_are_scaled_at_once(
    size_px: tuple[int, int], group_image: npt.NDArray[np.uint8]
) -> None:
    image = group_image[:880]
    # A side that is only rounded to another length is not blurred.
    way = cv2.INTER_AREA if size_px[0] == 1000 else cv2.INTER_LINEAR
    assert (scaled(image, size_px) == cv2.resize(image, size_px, interpolation=way)).all()


def test_a_long_picture_that_grows_a_little_in_height_loses_no_stripes() -> None:
    stripes = np.zeros((30, 8192, 3), np.uint8)
    stripes[:, ::8] = 255
    assert scaled(stripes, (1024, 32)).mean() == pytest.approx(32, abs=1)
