from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.tracking.motion import MotionGate, MotionSettings
from workers.tracking.region import Region

Image = npt.NDArray[np.uint8]

FPS = 5.0
LOOK_S = MotionSettings().look_s


def scene(seed: int = 0, height: int = 180, width: int = 320) -> Image:
    """A room: large shapes of medium brightness."""
    random = np.random.default_rng(seed)
    small = random.integers(40, 170, (6, 9, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def noisy(image: Image, random: np.random.Generator, sigma: float) -> Image:
    """The picture as a sensor gives it."""
    noise = random.normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def with_person(image: Image, x: int, y: int, level: int = 220) -> Image:
    """The picture with somebody in it, 30x60 px."""
    result = image.copy()
    result[y : y + 60, x : x + 30] = level
    return result


def wanted(gate: MotionGate, pictures: list[Image], start: int = 0, *, live: bool = False) -> list[bool]:
    """What the gate says of pictures, five a second."""
    return [gate.wants(image, (start + k) / FPS, live) for k, image in enumerate(pictures)]


def test_of_a_still_picture_only_a_look_every_few_seconds_is_wanted() -> None:
    passed = np.flatnonzero(wanted(MotionGate(), [scene()] * 100))
    assert passed[0] == 0
    assert np.diff(passed).tolist() == [LOOK_S * FPS] * 3


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 12.0))
def test_noise_is_no_motion(seed: int, sigma: float) -> None:
    random = np.random.default_rng(seed)
    passed = wanted(MotionGate(), [noisy(scene(seed), random, sigma) for _ in range(40)])
    assert sum(passed) <= 2


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(0.7, 1.4))
def test_a_change_of_exposure_is_no_motion(seed: int, gain: float) -> None:
    gate = MotionGate()
    wanted(gate, [scene(seed)] * 5)
    other = np.clip(scene(seed).astype(np.float32) * gain, 0, 255).astype(np.uint8)
    assert wanted(gate, [other] * 10, start=5) == [False] * 10


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 290),
    st.integers(0, 120),
    st.floats(0.0, 6.0),
    st.floats(0.8, 1.25),
)
def test_whoever_comes_in_is_noticed_at_once(seed: int, x: int, y: int, sigma: float, gain: float) -> None:
    random = np.random.default_rng(seed)
    gate = MotionGate()
    wanted(gate, [noisy(scene(seed), random, sigma) for _ in range(15)])
    came = with_person(scene(seed), x, y)
    came = np.clip(came.astype(np.float32) * gain, 0, 255).astype(np.uint8)
    assert gate.wants(noisy(came, random, sigma), 15 / FPS, False)
    assert gate.moved
    assert gate.searches


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0.04, 3.0)), min_size=5, max_size=60), st.booleans())
def test_no_time_passes_without_a_search(shown: list[tuple[int, float]], live: bool) -> None:
    pictures = [scene(seed, 36, 64) for seed in range(6)]
    gate, media_s, searched_s = MotionGate(), 0.0, -np.inf
    for which, after_s in shown:
        media_s += after_s
        if gate.wants(pictures[which], media_s, live) and gate.searches:
            searched_s = media_s
        assert media_s - searched_s < LOOK_S


def test_light_that_is_switched_is_worth_one_look() -> None:
    gate = MotionGate()
    wanted(gate, [scene()] * 5)
    dark = (scene() * 0.3).astype(np.uint8)
    assert wanted(gate, [dark] * 5, start=5) == [True, *[False] * 4]


def test_what_was_left_behind_becomes_part_of_the_background() -> None:
    gate = MotionGate()
    wanted(gate, [scene()] * 5)
    passed = wanted(gate, [with_person(scene(), 100, 60, 170)] * 300, start=5)
    assert all(passed[:20])
    assert sum(passed[150:]) <= 6


def test_a_clock_in_the_picture_is_no_motion() -> None:
    gate = MotionGate()
    pictures = []
    for k in range(150):
        image = scene(0, 360, 640)
        clock = f"12:{k // 300:02d}:{k // 5 % 60:02d}"
        cv2.putText(image, clock, (440, 340), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        pictures.append(image)
    assert sum(wanted(gate, pictures)) <= 7
    assert gate.wants(with_person(pictures[-1], 40, 40), 150 / FPS, False)


def test_leaves_in_the_wind_are_no_motion_in_the_long_run() -> None:
    random = np.random.default_rng(7)
    gate = MotionGate()
    pictures = []
    for _ in range(300):
        image = scene()
        leaves = random.integers(-25, 25, (6, 8, 1)).astype(np.float32)
        moved = cv2.resize(leaves, (80, 60), interpolation=cv2.INTER_LINEAR)[..., None]
        image[:60, :80] = np.clip(image[:60, :80] + moved, 0, 255)
        pictures.append(image)
    passed = wanted(gate, pictures)
    assert sum(passed[:10]) >= 8
    assert sum(passed[200:]) <= 8
    assert gate.wants(with_person(pictures[-1], 200, 60), 300 / FPS, False)


def test_a_second_person_is_noticed_where_one_has_just_passed() -> None:
    gate = MotionGate()
    wanted(gate, [scene()] * 5)
    wanted(gate, [with_person(scene(), 10 * k, 60) for k in range(25)], start=5)
    wanted(gate, [scene()] * 10, start=30)
    assert all(wanted(gate, [with_person(scene(), 10 * k, 60) for k in range(25)], start=40))


@pytest.mark.parametrize("fps", [2.0, 4.0, 5.0, 12.5])
def test_faces_that_are_followed_are_looked_at_before_their_tracks_would_end(fps: float) -> None:
    gate = MotionGate()
    times_s = np.arange(int(5 * fps)) / fps
    passed = [t for t in times_s if gate.wants(scene(), float(t), True)]
    assert np.diff(passed).max() <= 0.76
    # That is no reason to search all of the picture.
    assert not gate.searches


def test_motion_where_no_face_counts_is_none() -> None:
    left = [(0.0, 0.0), (0.4, 0.0), (0.4, 1.0), (0.0, 1.0)]
    gate = MotionGate(region=Region([left]))
    wanted(gate, [scene()] * 5)
    assert wanted(gate, [with_person(scene(), 200 + 5 * k, 60) for k in range(5)], start=5) == [False] * 5
    assert gate.wants(with_person(scene(), 60, 60), 2.0, False)


def test_pictures_of_another_size_are_looked_at() -> None:
    gate = MotionGate()
    wanted(gate, [scene()] * 5)
    assert wanted(gate, [scene(0, 90, 120)] * 3, start=5) == [True, False, False]


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(0, 255))
def test_takes_pictures_of_any_size(height: int, width: int, level: int) -> None:
    gate = MotionGate()
    assert gate.wants(np.full((height, width, 3), level, np.uint8), 0.0, False)
    assert not gate.wants(np.full((height, width, 3), level, np.uint8), 0.2, False)
