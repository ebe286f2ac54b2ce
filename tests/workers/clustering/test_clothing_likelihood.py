"""What clothes say of two tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.clothing_likelihood import (
    FloatArray,
    across_occasions,
    clothing_distance,
    clothing_log_ratio,
    even_clothing,
    shared_occasion,
)
from workers.clustering.likelihood import LikelihoodSettings

SETTINGS = LikelihoodSettings()


def test_people_who_are_seen_together_and_dress_differently_leave_the_even_point() -> None:
    assert even_clothing(np.full(20, 0.95, np.float32), SETTINGS) == SETTINGS.clothing_even


def test_where_people_dress_alike_clothes_must_be_more_alike() -> None:
    uniforms = np.linspace(0.2, 0.3, 11).astype(np.float32)
    assert even_clothing(uniforms, SETTINGS) == pytest.approx(0.21)


@pytest.mark.parametrize(("count", "even"), [(0, 0.68), (4, 0.68), (5, 0.1)])
def test_fewer_than_five_pairs_say_nothing_about_clothes(count: int, even: float) -> None:
    assert even_clothing(np.full(count, 0.1, np.float32), SETTINGS) == pytest.approx(even)


# Clothes ------------------------------------------------------------------------------------------------


def histograms(*rows: list[float]) -> FloatArray:
    counts = np.array(rows, np.float32)
    return np.sqrt(counts / counts.sum(axis=1, keepdims=True))


def test_the_same_clothes_have_no_distance_and_others_the_full() -> None:
    a = histograms([1, 0, 0], [0, 1, 1])
    b = histograms([1, 0, 0], [0, 0, 1], [5, 0, 0])
    expected = [[0, 1, 0], [1, np.sqrt(1 - np.sqrt(0.5)), 1]]
    assert clothing_distance(a, b) == pytest.approx(np.array(expected), abs=1e-3)


def test_rounding_makes_no_distance_of_nothing() -> None:
    stored = np.rint(histograms([1, 2, 3, 4]) * 255).astype(np.float32) / np.float32(254)
    assert clothing_distance(stored, stored).tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("distance", "ratio"), [(0.68, 0), (0.63, 0.5), (0.58, 1.0), (0.0, 2.5), (0.70, -0.2), (1.0, -0.5)]
)
def test_clothes_speak_for_more_than_against(distance: float, ratio: float) -> None:
    found = clothing_log_ratio(np.array([[distance]], np.float32), SETTINGS.clothing_even, SETTINGS)
    assert found.dtype == np.float32
    assert found[0, 0] == pytest.approx(ratio, abs=1e-5)


def test_the_even_point_may_differ_by_row() -> None:
    distance = np.full((2, 2), 0.5, np.float32)
    found = clothing_log_ratio(distance, np.array([[0.6], [0.48]], np.float32), SETTINGS)
    assert found == pytest.approx(np.array([[1, 1], [-0.2, -0.2]]), abs=1e-5)


# Occasions ----------------------------------------------------------------------------------------------


def shared(first_s: float, second_s: float, sources: int) -> float:
    found = shared_occasion(np.float32([first_s]), np.float32([second_s]), np.float32(sources), SETTINGS)
    assert found.dtype == np.float32
    return float(found[0])


@pytest.mark.parametrize(
    ("first_s", "second_s", "sources", "probability"),
    [
        (0, 0, 1, 0.25),
        (30, 600, 2, 0.25),
        (30, 600, 10, 0.25),
        (30, 600, 20, 0.125),
        (600, 1200, 2, 0.125),
        (6000, 1200, 2, 0.025),
        # Less than one in a hundred.
        (30, 30, 251, 0.0),
        (30, 86_400, 2, 0.0),
    ],
)
def test_of_few_and_short_sources_two_may_be_of_one_occasion(
    first_s: float, second_s: float, sources: int, probability: float
) -> None:
    assert shared(first_s, second_s, sources) == pytest.approx(probability)
    assert shared(second_s, first_s, sources) == pytest.approx(probability)


@given(st.floats(-0.5, 2.5, width=32), st.floats(0, 1, width=32))
def test_the_less_likely_one_occasion_is_the_less_clothes_say(ratio: float, probability: float) -> None:
    def said(shared: float) -> float:
        return float(across_occasions(np.float32([ratio]), np.float32([shared]))[0])

    assert said(0.0) == 0.0
    assert said(1.0) == np.float32(ratio)
    assert abs(said(probability)) <= abs(ratio) + 1e-6
    assert said(probability) * ratio >= 0
    # People who wear the same on one occasion in four, and on the others anything.
    expected = np.log(probability * np.exp(ratio) + 1 - probability)
    assert said(probability) == pytest.approx(expected, abs=1e-5)
