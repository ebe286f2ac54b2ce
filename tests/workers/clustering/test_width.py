from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.width import heard

ONES = np.ones(3, np.float32)


def of_all(ratios: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return heard(lambda block: ratios[block], weights)


def ratios(*pairs: float) -> np.ndarray:
    """Of three tracks: the first with the second and the third, and those two."""
    a, b, c = pairs
    return np.array([[9, a, b], [a, 9, c], [b, c, 9]], np.float32)


def test_each_hears_the_mean_of_the_others() -> None:
    assert of_all(ratios(5, -2, 1), ONES).tolist() == [1.5, 3.0, -0.5]


def test_weight_counts() -> None:
    assert of_all(ratios(5, 2, -1), np.array([1, 4, 1], np.float32))[2] == pytest.approx(-0.4)


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_speaks_against_who_is_alone(count: int) -> None:
    assert (of_all(np.full((count, count), -5, np.float32), np.ones(count, np.float32)) == np.inf).all()


@given(st.integers(2, 8) | st.just(1_100), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_it_is_what_each_member_hears_from_the_others(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    pulled = random.normal(1, 2, (count, count)).astype(np.float32)
    pairs, weights = pulled + pulled.T, random.uniform(1, 4, count).astype(np.float32)
    expected = [
        np.average(np.delete(pairs[k], k), weights=np.delete(weights, k).astype(float)) for k in range(count)
    ]
    assert of_all(pairs, weights) == pytest.approx(expected, abs=1e-4)
