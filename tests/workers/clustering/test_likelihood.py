import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.likelihood import (
    LikelihoodSettings,
    expected_likeness,
    face_evidence,
    face_log_ratio,
    impostor_rise,
    least_similarity,
)
from workers.models.calibration import Calibration

FLAT = Calibration.flat(8, genuine=0.7, impostor=0.1, spread=0.3)
# Small faces (20 px) of two people are nearly as alike as those of one; large ones (100 px) are not.
BY_SIZE = Calibration(
    np.array([20, 100], np.float32),
    np.zeros((2, 8), np.float32),
    np.array([[0.7, 0.6], [0.6, 0.8]], np.float32),
    np.array([[0.6, 0.3], [0.3, 0.1]], np.float32),
    np.array([[0.2, 0.15], [0.15, 0.1]], np.float32),
)
SETTINGS = LikelihoodSettings()
similarities = st.floats(-1, 1, width=32)


def face_ratio(
    similarity: float,
    size_a: float = 100,
    size_b: float = 100,
    *,
    rise: float = 0.0,
    calibration: Calibration = FLAT,
    settings: LikelihoodSettings = SETTINGS,
) -> float:
    return float(
        face_log_ratio(
            np.array([[similarity]], np.float32),
            calibration.size_weights([size_a]),
            calibration.size_weights([size_b]),
            rise,
            calibration,
            settings,
        )[0, 0]
    )


def normal_log_density(x: float, mean: float, spread: float) -> float:
    return -((x - mean) ** 2) / (2 * spread**2)


@settings(max_examples=50, deadline=None)
@given(similarities)
def test_is_the_ratio_of_two_normal_distributions(similarity: float) -> None:
    expected = normal_log_density(similarity, 0.7, 0.3) - normal_log_density(similarity, 0.1, 0.3)
    assert face_ratio(similarity) == pytest.approx(np.clip(expected, -8, 8), abs=1e-3)


def test_halfway_between_one_person_and_two_nothing_is_said() -> None:
    assert face_ratio(0.4) == pytest.approx(0.0, abs=1e-5)
    assert face_ratio(0.41) > 0 > face_ratio(0.39)


@pytest.mark.parametrize("limit", [8.0, 3.0])
def test_faces_count_only_so_much(limit: float) -> None:
    narrow = Calibration.flat(8, genuine=0.7, impostor=0.1, spread=0.05)
    bounded = LikelihoodSettings(limit=limit)
    assert face_ratio(1.0, calibration=narrow, settings=bounded) == limit
    assert face_ratio(-1.0, calibration=narrow, settings=bounded) == -limit


@settings(max_examples=50, deadline=None)
@given(similarities, similarities, st.sampled_from([20, 45, 100]), st.floats(0, 1, width=32))
def test_more_alike_never_speaks_less_for_one_person(a: float, b: float, size: float, rise: float) -> None:
    low, high = sorted((a, b))
    ratios = [face_ratio(s, size, 100, rise=rise, calibration=BY_SIZE) for s in (low, high)]
    assert ratios[0] <= ratios[1] + 1e-5


def test_the_likeness_of_small_faces_says_less() -> None:
    found = [face_ratio(0.65, size, size, calibration=BY_SIZE) for size in (20, 100)]
    assert found[0] == pytest.approx(0.0, abs=1e-5)
    assert found[1] == 8.0
    # As unlike as two small faces of two people are; no wonder for large ones of one person.
    assert face_ratio(0.44, 20, 20, calibration=BY_SIZE) < 0 < face_ratio(0.46, calibration=BY_SIZE)


@settings(max_examples=40, deadline=None)
@given(similarities, st.floats(10, 200), st.floats(10, 200))
def test_it_does_not_matter_which_of_the_two_is_smaller(similarity: float, a: float, b: float) -> None:
    there = face_ratio(similarity, a, b, calibration=BY_SIZE)
    assert there == pytest.approx(face_ratio(similarity, b, a, calibration=BY_SIZE), abs=1e-3)


def test_rows_and_columns_keep_their_places() -> None:
    similarity = np.array([[0.9, 0.1, 0.5], [0.2, 0.8, 0.3]], np.float32)
    rows, columns = BY_SIZE.size_weights([20, 100]), BY_SIZE.size_weights([100, 20, 50])
    rise = np.array([[0, 0.1, 0.2], [0.3, 0, 0.05]], np.float32)
    found = face_log_ratio(similarity, rows, columns, rise, BY_SIZE, SETTINGS)
    assert found.dtype == np.float32
    for i, size_a in enumerate((20, 100)):
        for j, size_b in enumerate((100, 20, 50)):
            one = face_ratio(
                float(similarity[i, j]), size_a, size_b, rise=float(rise[i, j]), calibration=BY_SIZE
            )
            assert found[i, j] == pytest.approx(one, abs=1e-4)


def test_where_people_look_alike_more_likeness_is_asked_for() -> None:
    # Impostors rise by 0.2 and genuine pairs by half of that: even is 0.15 higher.
    assert face_ratio(0.55, rise=0.2) == pytest.approx(0.0, abs=1e-5)
    assert face_ratio(0.5) > 0 > face_ratio(0.5, rise=0.2)


def test_a_rise_beyond_all_bounds_still_leaves_likeness_on_the_side_of_one_person() -> None:
    # Impostors of 1.5 would lie above genuine pairs of 1.4; the ratio keeps a gap of three quarters of the
    # spread between them and does not turn around.
    ratio = face_ratio(1.55, rise=1.4)
    assert ratio == pytest.approx(0.75 / 0.3 * (1.55 - 1.45), abs=1e-3)


# What likeness can tell at all ---------------------------------------------------------------------------


def information(
    size_a: float = 100, size_b: float = 100, *, rise: float = 0.0, calibration: Calibration = FLAT
) -> float:
    weights = calibration.size_weights([size_a]), calibration.size_weights([size_b])
    expected = expected_likeness(weights[0][0], weights[1], calibration)
    found = face_evidence(np.zeros(1, np.float32), expected, rise, SETTINGS)
    return float(found[1][0])


def test_information_is_the_squared_distance_of_the_two_distributions() -> None:
    assert information() == pytest.approx((0.6 / 0.3) ** 2)
    assert information(20, 20, calibration=BY_SIZE) == pytest.approx(0.75**2)
    assert information(100, 100, calibration=BY_SIZE) == pytest.approx(49, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.floats(5, 300), st.floats(5, 300), st.floats(0, 1, width=32))
def test_information_is_the_same_both_ways_positive_and_less_where_people_look_alike(
    a: float, b: float, rise: float
) -> None:
    there = information(a, b, rise=rise, calibration=BY_SIZE)
    assert there == pytest.approx(information(b, a, rise=rise, calibration=BY_SIZE), rel=1e-3)
    assert 0.75**2 - 1e-4 <= there <= information(a, b, calibration=BY_SIZE) + 1e-4


@settings(max_examples=40, deadline=None)
@given(st.floats(10, 200), st.floats(0, 0.25, width=32))
def test_information_is_what_a_pair_that_is_as_alike_as_expected_says_twice(size: float, rise: float) -> None:
    weights = BY_SIZE.size_weights([size])
    genuine = float((weights @ BY_SIZE.genuine @ weights.T)[0, 0]) + 0.5 * rise
    free = LikelihoodSettings(limit=1000)
    said = face_ratio(genuine, size, size, rise=rise, calibration=BY_SIZE, settings=free)
    told = information(size, size, rise=rise, calibration=BY_SIZE)
    # Where the rise has closed the gap, the pair lies nearer to the middle than the gap that is kept.
    assert told == pytest.approx(2 * said, rel=0.01) or told == pytest.approx(0.75**2, rel=0.01)


def test_one_face_says_of_each_of_many_what_it_says_of_that_one() -> None:
    one, many = BY_SIZE.size_weights([20]), BY_SIZE.size_weights([100, 20, 50])
    similarity, rise = np.array([0.3, 0.6, 0.5], np.float32), np.array([0, 0.1, 0.05], np.float32)
    ratios, told = face_evidence(similarity, expected_likeness(one[0], many, BY_SIZE), rise, SETTINGS)
    assert ratios.dtype == told.dtype == np.float32
    assert ratios == pytest.approx(
        face_log_ratio(similarity[None], one, many, rise[None], BY_SIZE, SETTINGS)[0], rel=1e-4
    )
    expected = [
        information(20, b, rise=r, calibration=BY_SIZE) for b, r in zip((100, 20, 50), rise, strict=True)
    ]
    assert told == pytest.approx(expected, rel=1e-4)


# What pairs seen together tell --------------------------------------------------------------------------


@pytest.mark.parametrize("expected", [0.0, 0.03])
def test_without_pairs_a_source_is_as_expected(expected: float) -> None:
    assert impostor_rise(np.zeros(0, np.float32), expected, SETTINGS) == expected


def test_pairs_pull_a_source_away_from_what_was_expected() -> None:
    found = [impostor_rise(np.zeros(n, np.float32), 0.03, SETTINGS) for n in (1, 10, 100_000)]
    assert found == pytest.approx([0.03 * 10 / 11, 0.015, 0.0], abs=1e-5)


def test_a_few_pairs_are_trusted_a_little_and_many_a_lot() -> None:
    found = [impostor_rise(np.full(n, 0.115, np.float32), 0.0, SETTINGS) for n in (1, 10, 90, 100_000)]
    assert found == pytest.approx([0.1 / 11, 0.05, 0.09, 0.1], rel=1e-3)


@pytest.mark.parametrize("excess", [-0.4, 0.0, 0.015])
def test_nothing_falls_and_what_the_calibration_explains_does_not_rise(excess: float) -> None:
    assert impostor_rise(np.full(50, excess, np.float32), 0.0, SETTINGS) == pytest.approx(0.0, abs=1e-7)


def test_one_pair_of_twins_does_not_raise_a_source() -> None:
    pairs = np.array([0.02] * 8 + [0.9], np.float32)
    assert impostor_rise(pairs, 0.0, SETTINGS) < 0.01


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([FLAT, BY_SIZE]),
    st.floats(-10, 10),
    st.floats(0, 0.4),
    st.sampled_from([0.0, 0.5, 1.5]),
    st.floats(20, 100),
)
def test_no_face_below_the_least_similarity_reaches_the_ratio(
    calibration: Calibration, least: float, most_rise: float, share: float, size: float
) -> None:
    told = LikelihoodSettings(genuine_share=share)
    weights = calibration.size_weights([size])
    bound = least_similarity(least, weights[0], most_rise, calibration, told)
    similarity = np.linspace(-1, 1, 201, dtype=np.float32)
    for other in (20.0, 31.0, 55.0, 100.0):
        for rise in (0.0, most_rise / 2, most_rise):
            ratios = face_log_ratio(
                similarity[None], weights, calibration.size_weights([other] * 201), rise, calibration, told
            )[0]
            assert (similarity[ratios >= least] >= bound).all()


def test_faces_of_one_size_that_are_as_similar_as_that_reach_the_ratio() -> None:
    bound = least_similarity(2.0, np.ones(1, np.float32), 0.0, FLAT, SETTINGS)
    assert face_ratio(bound + 2e-4) >= 2.0
    assert face_ratio(bound - 2e-4) < 2.0
