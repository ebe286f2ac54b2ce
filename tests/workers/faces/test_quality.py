from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workers.faces.alignment import umeyama
from workers.faces.quality import FaceQuality, is_faint, measure, roll_deg, sharpness, yaw_of
from workers.models.detection import Detection

Image = npt.NDArray[np.uint8]

FRONTAL = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)

sides = st.floats(1, 2000)
scores = st.floats(0, 1)
quick = settings(max_examples=50, deadline=None)
yaws = st.floats(-1.5, 1.5)


def face(
    box: tuple[float, float, float, float] = (100, 100, 200, 220), *, yaw: float = 0.0, score: float = 0.99
) -> Detection:
    """A face whose nose lies `yaw` eye distances to the right of the middle."""
    points = FRONTAL.copy()
    points[2, 0] += 40 * yaw
    return Detection(np.array(box, np.float32), points, score)


def quality(**changes: float) -> FaceQuality:
    facts = {"size_px": 60.0, "effective_px": 50.0, "yaw": 0.0, "visible": 1.0, "score": 0.9}
    return FaceQuality(**{**facts, **changes})


# Turn of the head -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-0.7, -0.25, 0.0, 0.25, 0.7])
def test_yaw_is_where_the_nose_points(offset: float) -> None:
    assert yaw_of(face(yaw=offset).landmarks) == pytest.approx(offset, abs=1e-6)


@quick
@given(yaws, st.floats(-math.pi, math.pi), st.floats(0.01, 100), st.floats(-3000, 3000))
def test_yaw_stays_when_the_picture_is_turned_scaled_and_moved(
    yaw: float, angle: float, scale: float, shift: float
) -> None:
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = face(yaw=yaw).landmarks.astype(np.float64) @ rotation.T * scale + shift
    assert yaw_of(points) == pytest.approx(yaw, abs=1e-4)


@quick
@given(yaws)
def test_yaw_of_a_mirrored_face_is_the_opposite(yaw: float) -> None:
    points = face(yaw=yaw).landmarks
    mirrored = points[[1, 0, 2, 4, 3]] * (-1, 1)
    assert yaw_of(mirrored) == pytest.approx(-yaw_of(points), abs=1e-6)


def test_a_longer_or_shorter_nose_is_no_turn() -> None:
    points = FRONTAL.copy()
    points[2, 1] += 30
    assert yaw_of(points) == pytest.approx(0.0)


def test_yaw_is_limited() -> None:
    assert yaw_of(face(yaw=90).landmarks) == 2.0
    assert yaw_of(face(yaw=-90).landmarks) == -2.0


def test_eyes_at_one_place_count_as_turned_away() -> None:
    points = FRONTAL.copy()
    points[1] = points[0]
    assert yaw_of(points) == 2.0


def test_real_faces_that_look_into_the_camera_are_far_from_profiles(group_faces: list[Detection]) -> None:
    assert max(abs(yaw_of(detection.landmarks)) for detection in group_faces) < 0.5


# Tilt of the head -----------------------------------------------------------------------------------------


def turned(points: npt.ArrayLike, angle_deg: float) -> npt.NDArray[np.float64]:
    """Points after a turn that is clockwise as one sees it in a picture."""
    angle = math.radians(angle_deg)
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.asarray(points, np.float64) @ rotation.T


@pytest.mark.parametrize("angle_deg", [-179, -90, -30, -5, 0, 5, 30, 90, 179])
def test_roll_is_the_angle_by_which_a_head_is_tilted(angle_deg: float) -> None:
    landmarks = turned(FRONTAL, angle_deg)
    assert roll_deg(landmarks) == pytest.approx(angle_deg, abs=1e-6)
    # Clockwise: the eye on the right of the picture is the lower one.
    if 0 < angle_deg < 90:
        assert landmarks[1, 1] > landmarks[0, 1]


@quick
@given(
    st.floats(-180, 180),
    st.floats(-180, 180),
    st.floats(0.01, 100),
    st.floats(-3000, 3000),
    st.integers(0, 2**32 - 1),
)
def test_roll_turns_with_the_picture_and_stays_when_it_is_scaled_and_moved(
    tilt: float, angle: float, scale: float, shift: float, seed: int
) -> None:
    # Any face: no two have the same proportions.
    someone = FRONTAL + np.random.default_rng(seed).normal(0, 4, FRONTAL.shape)
    before = roll_deg(turned(someone, tilt))
    after = roll_deg(turned(someone, tilt + angle) * scale + shift)
    assert math.remainder(after - before - angle, 360) == pytest.approx(0, abs=1e-4)
    assert -180 <= after <= 180


@quick
@given(st.floats(-180, 180))
def test_roll_of_a_mirrored_face_is_the_opposite(angle_deg: float) -> None:
    points = turned(FRONTAL, angle_deg)
    mirrored = points[[1, 0, 2, 4, 3]] * (-1, 1)
    assert math.remainder(roll_deg(mirrored) + roll_deg(points), 360) == pytest.approx(0, abs=1e-6)


@quick
@given(yaws, st.floats(-60, 60))
def test_a_turn_of_the_head_is_no_tilt(yaw: float, angle_deg: float) -> None:
    # The nose of a turned head moves along the line of the eyes.
    assert roll_deg(turned(face(yaw=yaw).landmarks, angle_deg)) == pytest.approx(angle_deg, abs=16)


@quick
@given(st.integers(0, 2**32 - 1))
def test_turning_a_face_back_by_its_roll_fits_a_straight_one_best(seed: int) -> None:
    straight = np.array([[-1, 0], [1, 0], [0, 1.15], [-0.8, 2.2], [0.8, 2.2]])
    points = np.random.default_rng(seed).normal(0, 50, (5, 2))
    linear = umeyama(points, straight)[:, :2].astype(np.float64)
    back = turned(np.eye(2), -roll_deg(points)).T
    scale = math.hypot(*linear[0])
    assert linear == pytest.approx(scale * back, abs=1e-4 * scale)


@pytest.mark.parametrize(
    "landmarks",
    [
        np.full((5, 2), 40.0),
        np.full((5, 2), (0.1, 0.3)),
        np.zeros((5, 2)),
        np.full((5, 2), np.nan),
        np.where(np.eye(5, 2, dtype=bool), np.inf, 3.0),
        FRONTAL * 1e-300,
    ],
    ids=range(6),
)
def test_landmarks_that_are_no_face_have_no_tilt(landmarks: npt.NDArray[np.float64]) -> None:
    assert roll_deg(landmarks) == 0.0


def test_real_heads_are_tilted_as_one_sees_it(group_faces: list[Detection]) -> None:
    # The two women on the left to the left, the man beside them to the right, the next holds his straight.
    found = [roll_deg(detection.landmarks) for detection in group_faces[:4]]
    assert found == pytest.approx([-31, -25, 13, 0], abs=5)


# Geometry -------------------------------------------------------------------------------------------------


@quick
@given(sides, sides, scores)
def test_size_is_the_geometric_mean_of_the_sides(width: float, height: float, score: float) -> None:
    found = measure(face((10, 20, 10 + width, 20 + height), score=score), 3000, 3000)
    box = np.array([10, 20, 10 + width, 20 + height], np.float32)
    assert found.size_px == pytest.approx(math.sqrt((box[2] - box[0]) * (box[3] - box[1])), rel=1e-5)
    assert found.score == score


def test_a_frontal_face_is_as_effective_as_it_is_large() -> None:
    found = measure(face(), 500, 500)
    assert found.effective_px == pytest.approx(found.size_px)


@quick
@given(yaws, yaws)
def test_the_more_a_head_is_turned_the_less_it_tells(one: float, other: float) -> None:
    assume(abs(one) < abs(other))
    less, more = (measure(face(yaw=yaw), 500, 500) for yaw in (one, other))
    assert less.effective_px >= more.effective_px - 1e-3
    assert less.size_px == more.size_px


def test_a_profile_tells_as_much_as_a_frontal_face_of_less_than_half_the_size() -> None:
    for yaw in (-1.2, -0.7, 0.7, 2.0):
        found = measure(face(yaw=yaw), 500, 500)
        assert found.effective_px == pytest.approx(found.size_px * math.sqrt(0.2), rel=1e-4)
    half = measure(face(yaw=0.35), 500, 500)
    assert half.effective_px == pytest.approx(half.size_px * math.sqrt(0.6), rel=1e-4)


@pytest.mark.parametrize(
    ("box", "visible"),
    [
        ((100, 100, 200, 200), 1.0),
        ((0, 0, 400, 300), 1.0),
        ((-50, 100, 50, 200), 0.5),
        ((350, 100, 450, 200), 0.5),
        ((100, -25, 200, 75), 0.75),
        ((100, 275, 200, 375), 0.25),
        ((-50, -50, 50, 50), 0.25),
        ((350, 250, 450, 350), 0.25),
        ((-200, 100, -100, 200), 0.0),
        ((100, 300, 200, 400), 0.0),
        ((400, 100, 500, 200), 0.0),
    ],
)
def test_visible_is_the_share_of_the_box_inside_the_picture(
    box: tuple[float, float, float, float], visible: float
) -> None:
    assert measure(face(box), height_px=300, width_px=400).visible == pytest.approx(visible, abs=1e-6)


@quick
@given(st.floats(-500, 900), st.floats(-500, 900), sides, sides)
def test_visible_is_a_share(x: float, y: float, width: float, height: float) -> None:
    found = measure(face((x, y, x + width, y + height)), 300, 400)
    assert 0 <= found.visible <= 1
    inside_w = max(min(x + width, 400) - max(x, 0), 0)
    inside_h = max(min(y + height, 300) - max(y, 0), 0)
    assert found.visible == pytest.approx(inside_w * inside_h / (width * height), abs=2e-3)


@pytest.mark.parametrize("box", [(100, 100, 100, 200), (100, 100, 200, 100), (200, 200, 100, 100)])
def test_a_box_without_an_area_is_worth_next_to_nothing(box: tuple[float, float, float, float]) -> None:
    found = measure(face(box), 300, 400)
    assert (found.size_px, found.visible) == (0.0, 0.0)
    assert 0 < found.value < 1e-3


# Ranking --------------------------------------------------------------------------------------------------


@quick
@given(st.floats(0, 1000), scores, st.floats(0, 1))
def test_value_lies_above_zero_and_up_to_one(effective_px: float, score: float, visible: float) -> None:
    assert 0 < quality(effective_px=effective_px, score=score, visible=visible).value <= 1


@quick
@given(
    st.sampled_from(["effective_px", "score", "visible"]),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_value_never_falls_when_one_thing_gets_better(what: str, one: float, other: float) -> None:
    unit = 100.0 if what == "effective_px" else 1.0
    worse, better = sorted((one, other))
    assert quality(**{what: unit * worse}).value <= quality(**{what: unit * better}).value


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"effective_px": 60.0, "score": 1.0}, 1.0),
        ({"effective_px": 600.0, "score": 1.0}, 1.0),
        ({"effective_px": 35.0, "score": 1.0}, 0.5),
        ({"effective_px": 10.0, "score": 1.0}, 0.02),
        ({"effective_px": 60.0, "score": 0.75}, 0.5),
        ({"effective_px": 60.0, "score": 0.3}, 0.1),
        ({"effective_px": 60.0, "score": 1.0, "visible": 0.5}, 0.25),
        ({"effective_px": 60.0, "score": 1.0, "visible": 0.0}, 0.01),
    ],
)
def test_size_certainty_and_visibility_count(changes: dict[str, float], value: float) -> None:
    assert quality(**changes).value == pytest.approx(value)


# Sharpness ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "faint"), [(1.0, False), (0.4, False), (0.06, True), (0.0, True)])
@pytest.mark.parametrize("light", [0, 127, 255])
def test_a_face_can_be_lost_in_the_dark_in_fog_or_in_glare(
    group_chips: list[Image], share: float, faint: bool, light: int
) -> None:
    for chip in group_chips:
        lost = np.rint(light + share * (chip.astype(float) - light)).astype(np.uint8)
        assert is_faint(lost) == faint


def test_a_plain_colour_has_no_sharpness() -> None:
    assert sharpness(np.full((150, 150, 3), (10, 200, 90), np.uint8)) == 0.0


def test_noise_is_as_sharp_as_can_be() -> None:
    assert sharpness(np.random.default_rng(0).integers(0, 256, (150, 150, 3)).astype(np.uint8)) == 1.0


def test_the_more_a_face_is_blurred_the_less_sharp_it_is(group_chips: list[Image]) -> None:
    for chip in group_chips:
        values = [sharpness(chip)]
        values += [
            sharpness(np.asarray(cv2.GaussianBlur(chip, (0, 0), blur), np.uint8)) for blur in (2, 4, 8)
        ]
        assert 0.5 < values[0] <= 1
        assert values == sorted(values, reverse=True)
        assert 0 < values[-1] < 0.3


def test_sharpness_grows_with_contrast_until_it_is_full() -> None:
    def checked(contrast: int) -> float:
        chip = np.full((40, 40, 3), 100, np.uint8)
        chip[:, 20:] += np.uint8(contrast)
        return sharpness(chip)

    # One edge in 40 columns: a Laplacian of +-contrast in two of them.
    for contrast in (2, 8, 16):
        assert checked(contrast) == pytest.approx(contrast * math.sqrt(2 / 40) / 6)
    assert checked(100) == 1.0
