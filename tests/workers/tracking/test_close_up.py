from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.models.detection import Detection
from workers.tracking.close_up import CHANGED, change, close_up

Image = npt.NDArray[np.uint8]

BOX = np.array([40, 30, 72, 70], np.float32)


def noise(seed: int, height: int = 120, width: int = 160) -> Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_the_same_picture_has_not_changed() -> None:
    assert change(close_up(noise(1), BOX), close_up(noise(1), BOX)) == 0


def test_another_picture_has() -> None:
    assert change(close_up(noise(1), BOX), close_up(noise(2), BOX)) > CHANGED


def test_a_face_that_moves_and_comes_nearer_looks_as_before() -> None:
    scene = noise(1)
    near = np.asarray(cv2.resize(scene, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert change(close_up(scene, BOX), close_up(near, BOX * 2)) < 0.1
    walked = np.roll(scene, 15, axis=1)
    assert change(close_up(scene, BOX), close_up(walked, BOX + np.array([15, 0, 15, 0], np.float32))) < 0.1


def test_noise_in_the_dark_is_no_change() -> None:
    random = np.random.default_rng(3)
    one, other = (random.integers(8, 14, (120, 160, 3)).astype(np.uint8) for _ in range(2))
    assert change(close_up(one, BOX), close_up(other, BOX)) < CHANGED


def test_two_faces_in_one_place_are_a_change(group_image: Image, one: Detection, two: Detection) -> None:
    first, second = (close_up(group_image, face.box_xyxy) for face in (one, two))
    assert change(first, second) > CHANGED
    # To nod, or to be cut out a little beside, is none.
    height = float(one.box_xyxy[3] - one.box_xyxy[1])
    beside = one.box_xyxy + np.float32(0.04 * height)
    assert change(first, close_up(group_image, beside)) < CHANGED


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    st.tuples(st.floats(0.1, 900), st.floats(0.1, 900)),
)
def test_any_box_has_a_close_up(corner: tuple[float, float], size: tuple[float, float]) -> None:
    low = np.array(corner, np.float32)
    found = close_up(noise(1), np.concatenate([low, low + np.array(size, np.float32)]))
    assert found.shape == (24, 24)
    assert found.dtype == np.uint8


@pytest.mark.parametrize("seed", range(3))
def test_it_does_not_matter_which_came_first(seed: int) -> None:
    one, other = close_up(noise(seed), BOX), close_up(noise(seed + 10), BOX)
    assert change(one, other) == pytest.approx(change(other, one))
