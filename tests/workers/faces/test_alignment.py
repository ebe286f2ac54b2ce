from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from workers.faces.alignment import align, umeyama
from workers.models.detection import Detection
from workers.models.pack import Pack

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

# Five points in a chip of 32 px, whole numbers so that pixels can be read there.
TEMPLATE = np.array([[10, 12], [22, 12], [16, 17], [11, 23], [21, 23]], np.float64)
CHIP_PX = 32

quick = settings(max_examples=50, deadline=None)
angles = st.floats(-math.pi, math.pi)
scales = st.floats(0.02, 50)
shifts = st.tuples(st.floats(-4000, 4000), st.floats(-4000, 4000))


@st.composite
def point_sets(draw: st.DrawFn, least: int = 2) -> Points:
    """Up to eight places in a picture, not all the same; may well lie on a line."""
    coordinate = st.integers(-2000, 2000)
    points = draw(st.lists(st.tuples(coordinate, coordinate), min_size=least, max_size=8))
    assume(len(set(points)) > 1)
    return np.array(points, np.float64)


def similarity(angle: float, scale: float, shift: tuple[float, float]) -> Points:
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    return np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])


def moved(matrix: npt.ArrayLike, points: Points) -> Points:
    matrix = np.asarray(matrix, np.float64)
    return points @ matrix[:, :2].T + matrix[:, 2]


def residual(matrix: npt.ArrayLike, source: Points, target: Points) -> float:
    return float(((moved(matrix, source) - target) ** 2).sum())


def ramp(side: int = 256) -> Image:
    """A picture that says where one is: blue is x, green is y, red is 255."""
    y, x = np.mgrid[:side, :side]
    return np.stack([x, y, np.full_like(x, 255)], axis=2).astype(np.uint8)


def placed(angle: float, scale: float, centre: tuple[float, float]) -> Points:
    """Landmarks around a place in a picture, `scale` times as large as in the chip."""
    return moved(similarity(angle, scale, centre), TEMPLATE - CHIP_PX / 2)


# Similarity transforms ------------------------------------------------------------------------------------


@quick
@given(point_sets(), angles, scales, shifts)
def test_a_known_similarity_is_recovered(
    source: Points, angle: float, scale: float, shift: tuple[float, float]
) -> None:
    known = similarity(angle, scale, shift)
    found = umeyama(source, moved(known, source))
    assert found.dtype == np.float32
    assert found.shape == (2, 3)
    assert np.abs(found[:, :2] - known[:, :2]).max() <= 1e-5 * scale
    assert np.abs(found[:, 2] - known[:, 2]).max() <= 1e-2 + 1e-5 * scale * 2000


@quick
@given(point_sets(), point_sets())
def test_the_result_turns_and_scales_but_never_mirrors_or_shears(source: Points, target: Points) -> None:
    count = min(len(source), len(target))
    assume(len(np.unique(source[:count], axis=0)) > 1)
    linear = umeyama(source[:count], target[:count])[:, :2].astype(np.float64)
    size = max(np.abs(linear).max(), 1e-9)
    assert linear[0, 0] == pytest.approx(linear[1, 1], abs=1e-5 * size)
    assert linear[0, 1] == pytest.approx(-linear[1, 0], abs=1e-5 * size)


@quick
@given(
    point_sets(least=3),
    st.integers(0, 2**32 - 1),
    st.floats(-0.5, 0.5),
    st.floats(0.7, 1.4),
    st.booleans(),
)
def test_no_other_similarity_fits_better(
    source: Points, seed: int, turn: float, growth: float, mirrored: bool
) -> None:
    random = np.random.default_rng(seed)
    target = source * (-1, 1) if mirrored else source + random.normal(0, 200, source.shape)
    found = umeyama(source, target).astype(np.float64)
    least = residual(found, source, target)
    other = similarity(turn, growth, (0.0, 0.0))[:, :2] @ found[:, :2]
    shift = target.mean(axis=0) - other @ source.mean(axis=0)
    # The result is rounded to float32: some thousandths of a pixel.
    slack = 0.1 + 1e-4 * least
    assert least <= residual(np.column_stack([other, shift]), source, target) + slack
    assert least <= residual(found + np.array([[0, 0, 5], [0, 0, -5]]), source, target) + slack


def test_mirrored_faces_are_turned_rather_than_mirrored() -> None:
    matrix = umeyama(TEMPLATE * (-1, 1), TEMPLATE).astype(np.float64)
    assert np.linalg.det(matrix[:, :2]) > 0
    assert residual(matrix, TEMPLATE * (-1, 1), TEMPLATE) > 10


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.1, 0.3), (1e6, -1e6), (1 / 3, 1e4)])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_points_that_are_all_equal_are_refused(place: tuple[float, float], count: int) -> None:
    with pytest.raises(ValueError, match="source points are all equal"):
        umeyama([place] * count, TEMPLATE[:count])


def test_points_that_are_nearly_equal_are_not_refused() -> None:
    source = 1000 + TEMPLATE * 1e-3
    assert np.hypot(*umeyama(source, TEMPLATE)[:, 0]) == pytest.approx(1000, rel=1e-3)


def test_targets_that_are_all_equal_shrink_everything_to_them() -> None:
    matrix = umeyama(TEMPLATE, np.full((5, 2), 7.0))
    assert moved(matrix, TEMPLATE) == pytest.approx(np.full((5, 2), 7.0), abs=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", [0, 1])
def test_points_that_are_not_finite_are_refused(bad: float, where: int) -> None:
    both = [TEMPLATE.copy(), TEMPLATE.copy()]
    both[where][3, 1] = bad
    with pytest.raises(ValueError, match="not finite"):
        umeyama(*both)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((5, 2), (4, 2)),
        ((1, 2), (1, 2)),
        ((0, 2), (0, 2)),
        ((5, 3), (5, 3)),
        ((10,), (10,)),
        ((2, 5), (2, 5)),
    ],
)
def test_wrong_shapes_are_refused_with_both(source: tuple[int, ...], target: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="points have shapes") as caught:
        umeyama(np.ones(source), np.ones(target))
    assert str(source) in str(caught.value)
    assert str(target) in str(caught.value)


# Chips ----------------------------------------------------------------------------------------------------


@quick
@given(angles, st.floats(0.4, 8), st.tuples(st.floats(108, 148), st.floats(108, 148)))
@example(0.0, 1.99, (128.0, 128.0))
@example(0.0, 2.01, (128.0, 128.0))
@example(0.3, 8.0, (120.3, 131.9))
def test_landmarks_land_on_the_template(angle: float, scale: float, centre: tuple[float, float]) -> None:
    landmarks = placed(angle, scale, centre)
    chip = align(ramp(), landmarks, TEMPLATE, CHIP_PX)
    assert chip.shape == (CHIP_PX, CHIP_PX, 3)
    assert chip.dtype == np.uint8
    for (x, y), (column, row) in zip(landmarks, TEMPLATE.astype(int), strict=True):
        blue, green, red = (int(value) for value in chip[row, column])
        # A pixel of a shrunk picture stands for several: their values are rounded, not their places.
        assert (blue, green) == (pytest.approx(x, abs=1.5), pytest.approx(y, abs=1.5))
        assert red == 255


def test_faces_of_a_group_are_looked_at_from_the_same_place(
    mtcnn_pack: Pack, group_image: Image, mtcnn_faces: list[Detection]
) -> None:
    template = mtcnn_pack.embedder.template
    box = np.array([[25, 5, 125, 140]], np.float32)
    for face in mtcnn_faces:
        chip = align(group_image, face.landmarks, template, mtcnn_pack.embedder.input_px)
        assert chip.shape == (150, 150, 3)
        (again,) = mtcnn_pack.detector.refine(chip, box)
        assert again is not None
        expected = moved(umeyama(face.landmarks, template), face.landmarks.astype(np.float64))
        assert np.abs(again.landmarks - expected).max() < 8


@pytest.mark.parametrize("scale", [3.3, 5.0, 9.7])
def test_fine_stripes_become_grey_when_they_are_shrunk(scale: float) -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    chip = align(stripes, placed(0.0, scale, (200, 200)), TEMPLATE, CHIP_PX)
    assert np.abs(chip.astype(int) - 127).max() < 45
    assert chip.mean() == pytest.approx(127.5, abs=3)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_beyond_the_picture_is_black(scale: float) -> None:
    white = np.full((200, 200, 3), 255, np.uint8)
    # The middle of the chip is at the left edge of the picture.
    chip = align(white, placed(0.0, scale, (0, 100)), TEMPLATE, CHIP_PX)
    assert (chip[:, :14] == 0).all()
    assert (chip[:, 18:] == 255).all()


@pytest.mark.parametrize("scale", [1.0, 6.0])
@pytest.mark.parametrize("centre", [(-500, 100), (100, -500), (900, 100), (100, 900), (900, 900)])
def test_a_face_that_is_not_in_the_picture_is_black(scale: float, centre: tuple[float, float]) -> None:
    white = np.full((200, 200, 3), 255, np.uint8)
    assert not align(white, placed(0.0, scale, centre), TEMPLATE, CHIP_PX).any()


def test_the_picture_may_be_read_only_and_stays_as_it_is() -> None:
    picture = ramp()
    picture.setflags(write=False)
    for scale in (1.0, 6.0):
        align(picture, placed(0.2, scale, (128, 128)), TEMPLATE, CHIP_PX)
    assert (picture == ramp()).all()


@pytest.mark.parametrize("landmarks", [np.full((5, 2), 40.0), np.full((5, 2), np.nan), np.zeros((4, 2))])
def test_landmarks_that_fit_no_face_are_refused(landmarks: Points) -> None:
    with pytest.raises(ValueError, match="points"):
        align(ramp(), landmarks, TEMPLATE, CHIP_PX)
