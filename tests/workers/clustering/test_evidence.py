from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import evidence, unit

from workers.clustering.evidence import FloatArray, make_template, seen_together
from workers.models.calibration import Calibration

ONE = np.ones(2, np.float32)

# Two sizes, of which the smaller pulls every embedding towards the third axis.
SHIFTED = Calibration(
    np.array([20, 100], np.float32),
    np.array([[0, 0, 0.5], [0, 0, 0]], np.float32),
    *np.full((3, 2, 2), 0.5, np.float32),
)
FLAT = Calibration.flat(3, genuine=0.8, impostor=0.0, spread=0.1)

frame_sets = st.sets(st.integers(0, 12), min_size=1).map(sorted)


def rows(*vectors: Sequence[float]) -> FloatArray:
    matrix = np.array(vectors, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def test_more_moments_weigh_more_up_to_twelve() -> None:
    weights = [evidence("t", unit(1), moments=range(n)).weight for n in (1, 4, 12, 13, 500)]
    assert weights == pytest.approx([1, 2, np.sqrt(12), np.sqrt(12), np.sqrt(12)])


@pytest.mark.parametrize(
    "template",
    [
        np.zeros(4, np.float32),
        np.array([1, np.nan], np.float32),
        np.array([np.inf, 0], np.float32),
        np.ones((2, 2), np.float32),
    ],
)
def test_a_template_that_is_no_direction_is_refused(template: FloatArray) -> None:
    with pytest.raises(ValueError, match="track bad: template of shape"):
        evidence("bad", template)


@pytest.mark.parametrize("changes", [{"size_px": np.nan}, {"middle_s": np.inf}, {"size_px": -np.inf}])
def test_sizes_and_times_must_be_finite(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"track bad: size .* must be finite"):
        evidence("bad", unit(1), **changes)


def test_a_track_must_have_been_seen() -> None:
    with pytest.raises(ValueError, match="track bad: was seen at no moment"):
        evidence("bad", unit(1), moments=[])


def test_clothes_must_be_finite() -> None:
    with pytest.raises(ValueError, match="track bad: clothing must be finite"):
        evidence("bad", unit(1), clothing=np.array([np.nan, 1], np.float32))


def test_a_template_lies_between_its_samples() -> None:
    template, _ = make_template(rows([1, 0, 0], [0, 1, 0]), 100 * ONE, 100 * ONE, 0.5 * ONE, FLAT)
    assert template == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), 0])
    assert template.dtype == np.float32


def test_a_better_sample_counts_more() -> None:
    values = np.array([0.6, 0.2], np.float32)
    sizes = np.array([80, 40], np.float32)
    template, size_px = make_template(rows([1, 0, 0], [0, 1, 0]), 100 * ONE, sizes, values, FLAT)
    assert template == pytest.approx([3 / np.sqrt(10), 1 / np.sqrt(10), 0])
    assert size_px == pytest.approx(70)


def test_what_comes_from_the_size_of_the_face_is_taken_out() -> None:
    vectors = rows([1, 0, 0.5])
    small, _ = make_template(vectors, 20 * ONE[:1], 20 * ONE[:1], ONE[:1], SHIFTED)
    large, _ = make_template(vectors, 100 * ONE[:1], 20 * ONE[:1], ONE[:1], SHIFTED)
    assert small[2] < 0.1 < large[2]
    assert large == pytest.approx(vectors[0])


def test_the_size_of_the_face_and_not_its_turn_is_taken_out() -> None:
    # A large head in profile tells as little as a small one, but is not blurred like it.
    _, size_px = make_template(rows([1, 0, 0]), 100 * ONE[:1], 45 * ONE[:1], ONE[:1], SHIFTED)
    assert size_px == pytest.approx(45)


@pytest.mark.parametrize(
    ("a", "b", "together"),
    [
        (range(10), range(10), True),
        (range(10), range(10, 20), False),
        (range(10), range(8, 18), True),
        # One common frame of a video may be a double sight of one face...
        (range(10), range(9, 19), False),
        (range(3), range(2, 9), False),
        # ... but not where it is half of the shorter track.
        (range(10), [9], True),
        (range(2), range(1, 9), True),
        (range(2), range(1, 3), True),
        # Frames of one may lie in a gap of the other.
        (range(0, 100, 10), range(41, 49), False),
    ],
)
def test_tracks_are_seen_together_at_several_moments(
    a: Sequence[int], b: Sequence[int], together: bool
) -> None:
    first, second = evidence("a", unit(1), moments=a), evidence("b", unit(1), moments=b)
    assert seen_together(first, second) is together
    assert seen_together(second, first) is together


@pytest.mark.parametrize(("b_begins_s", "together"), [(0.25, True), (0.3, True), (0.31, False)])
def test_who_follows_somebody_within_a_moment_was_not_seen_with_them(
    b_begins_s: float, together: bool
) -> None:
    a = evidence("a", unit(1), moments=[0, 1], seen_s=(0.1, 0.3))
    b = evidence("b", unit(1), moments=[1, 2], seen_s=(b_begins_s, 0.5))
    assert seen_together(a, b) is seen_together(b, a) is together
    # Where that is not known of one of them, moments are all there is.
    assert seen_together(a, evidence("b", unit(1), moments=[1, 2]))


def test_moments_of_two_sources_have_nothing_in_common() -> None:
    a = evidence("a", unit(1), moments=range(10))
    assert not seen_together(a, evidence("b", unit(1), moments=range(10), source_id="v-2"))


def test_two_faces_of_a_photo_are_two_people() -> None:
    a, b = (evidence(name, unit(1), moments=[0], photo=True) for name in "ab")
    assert seen_together(a, b)


def test_one_common_frame_is_enough_in_a_photo_of_many() -> None:
    a, b = evidence("a", unit(1), moments=range(5)), evidence("b", unit(1), moments=range(4, 9), photo=True)
    assert seen_together(a, b)
    assert seen_together(b, a)


@settings(max_examples=60, deadline=None)
@given(frame_sets, frame_sets)
def test_moments_in_common_are_counted(a: list[int], b: list[int]) -> None:
    common, shorter = len(set(a) & set(b)), min(len(a), len(b))
    found = seen_together(evidence("a", unit(1), moments=a), evidence("b", unit(1), moments=b))
    assert found == (common >= 2 or (common == 1 and 2 * common >= shorter))
