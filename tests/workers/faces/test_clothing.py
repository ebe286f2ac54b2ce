from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.faces.clothing import SIZE, clothing_histogram
from workers.models.detection import Detection

Image = npt.NDArray[np.uint8]
Histogram = npt.NDArray[np.float32]

RED, BLUE, BLACK = (0, 0, 255), (255, 0, 0), (0, 0, 0)
BOX = np.array([100, 40, 140, 90], np.float32)
# The chest below that face: 44 px to either side of its middle, from 17.5 px to 95 px below its chin.
CHEST = (slice(107, 185), slice(76, 164))


def plain(colour: tuple[int, int, int], width_px: int = 240, height_px: int = 260) -> Image:
    return np.full((height_px, width_px, 3), colour, np.uint8)


def histogram(image: Image, box: npt.ArrayLike = BOX) -> Histogram:
    found = clothing_histogram(image, np.asarray(box, np.float32))
    assert found is not None
    return found


def alike(one: Histogram, other: Histogram) -> float:
    """Share that two histograms have in common."""
    return float(np.minimum(one, other).sum())


def test_a_plain_shirt_fills_one_bin() -> None:
    found = histogram(plain(RED))
    assert found.shape == (SIZE,) == (360,)
    assert found.dtype == np.float32
    assert sorted(found)[-2:] == [0.0, 1.0]


def test_only_the_chest_counts() -> None:
    rest, shirt = plain(BLUE), plain(BLUE)
    shirt[CHEST] = RED
    assert alike(histogram(shirt), histogram(plain(RED))) == 1.0
    rest[:] = RED
    rest[CHEST] = BLUE
    assert alike(histogram(rest), histogram(plain(RED))) == 0.0


@pytest.mark.parametrize(
    "strip",
    [
        pytest.param((slice(107, 110), CHEST[1]), id="top"),
        pytest.param((slice(182, 185), CHEST[1]), id="bottom"),
        pytest.param((CHEST[0], slice(76, 79)), id="left"),
        pytest.param((CHEST[0], slice(161, 164)), id="right"),
    ],
)
def test_the_whole_chest_counts(strip: tuple[slice, slice]) -> None:
    shirt = plain(RED)
    shirt[strip] = BLUE
    share = shirt[CHEST][..., 0].mean() / 255
    assert alike(histogram(shirt), histogram(plain(BLUE))) == pytest.approx(share, abs=0.025)
    assert share > 0.03


def test_shares_are_those_of_the_colours() -> None:
    shirt = plain(RED)
    shirt[:, 120:] = BLUE
    found = histogram(shirt)
    assert alike(found, histogram(plain(RED))) == pytest.approx(0.5, abs=0.02)
    assert alike(found, histogram(plain(BLUE))) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param((0, 0, 255), (0, 255, 255), id="hue"),
        pytest.param((0, 0, 255), (255, 0, 0), id="red-and-blue"),
        pytest.param((60, 60, 240), (200, 200, 240), id="saturation"),
        pytest.param((0, 0, 250), (0, 0, 90), id="value"),
        pytest.param((0, 0, 0), (255, 255, 255), id="black-and-white"),
    ],
)
def test_colours_are_told_apart(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert alike(histogram(plain(one)), histogram(plain(other))) == 0.0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(1, 120),
    height=st.integers(1, 120),
    left=st.floats(-200, 200),
    top=st.floats(-200, 200),
    side_w=st.floats(0, 150),
    side_h=st.floats(0, 150),
)
@example(seed=0, width=120, height=120, left=30.0, top=0.0, side_w=40.0, side_h=40.0)
def test_every_place_gives_shares_or_nothing(
    seed: int, width: int, height: int, left: float, top: float, side_w: float, side_h: float
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    box = np.array([left, top, left + side_w, top + side_h], np.float32)
    found = clothing_histogram(picture, box)
    if box[3] >= height or box[0] - 0.6 * side_w >= width:
        assert found is None
    if found is not None:
        assert found.shape == (SIZE,)
        assert (found >= 0).all()
        assert found.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((100, 200, 140, 259), id="chin-at-the-lower-edge"),
        pytest.param((100, 300, 140, 350), id="below-the-picture"),
        pytest.param((100, -500, 140, -450), id="above-the-picture"),
        pytest.param((-300, 40, -260, 90), id="left-of-the-picture"),
        pytest.param((400, 40, 440, 90), id="right-of-the-picture"),
        pytest.param((100, 40, 100, 90), id="no-width"),
        pytest.param((100, 40, 140, 40), id="no-height"),
    ],
)
def test_without_a_chest_in_the_picture_there_is_nothing(box: tuple[float, ...]) -> None:
    assert clothing_histogram(plain(RED), np.array(box, np.float32)) is None


@pytest.mark.parametrize(("rows", "known"), [(1, False), (2, True), (60, True)])
def test_a_patch_that_is_too_small_says_nothing(rows: int, known: bool) -> None:
    # 88 columns wide: two rows are more than 100 pixels, one is less.
    found = clothing_histogram(plain(RED)[: 107 + rows], BOX)
    assert (found is not None) == known


def test_part_of_a_chest_at_the_side_is_enough() -> None:
    shirt = plain(BLUE)
    shirt[:, :50] = RED
    # The face is at the left edge: 20 to either side of 0, so the chest reaches from -44 to 44.
    assert alike(histogram(shirt, (-20, 40, 20, 90)), histogram(plain(RED))) == 1.0


@pytest.mark.parametrize("factor", [2, 5, 8])
def test_a_nearer_camera_sees_the_same_colours(group_image: Image, factor: int) -> None:
    small = np.asarray(cv2.resize(group_image, (240, 260), interpolation=cv2.INTER_AREA), np.uint8)
    large = np.kron(small, np.ones((factor, factor, 1), np.uint8))
    assert alike(histogram(small), histogram(large, BOX * factor)) > 0.9


def test_a_picture_that_moves_keeps_its_colours(group_image: Image) -> None:
    moved = np.ascontiguousarray(group_image[30:, 50:])
    box = np.array([268, 147, 370, 266], np.float32)
    assert alike(histogram(group_image, box), histogram(moved, box - (50, 30, 50, 30))) > 0.9999


def test_a_person_is_dressed_like_themselves_in_a_smaller_picture(
    group_image: Image, group_faces: list[Detection]
) -> None:
    smaller = np.asarray(cv2.resize(group_image, (640, 443), interpolation=cv2.INTER_AREA), np.uint8)
    large = [histogram(group_image, face.box_xyxy) for face in group_faces]
    small = [histogram(smaller, face.box_xyxy / 2) for face in group_faces]
    likeness = np.array([[alike(one, other) for other in small] for one in large])
    assert likeness.argmax(axis=1).tolist() == list(range(6))


def test_a_frame_stays_as_it_is() -> None:
    picture = plain(BLACK)
    picture.setflags(write=False)
    histogram(picture)
    assert not picture.any()
