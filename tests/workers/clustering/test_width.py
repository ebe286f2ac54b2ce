from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.width import is_wide

ONES = np.ones(3, np.float32)


def ratios(*pairs: float) -> np.ndarray:
    """Of three tracks: the first with the second and the third, and those two."""
    a, b, c = pairs
    return np.array([[9, a, b], [a, 9, c], [b, c, 9]], np.float32)


@pytest.mark.parametrize(("pairs", "wide"), [((3, 3, 3), False), ((3, -1, 2), False), ((5, -2, 1), True)])
def test_one_whom_the_others_speak_against_makes_it_wide(pairs: tuple[float, ...], wide: bool) -> None:
    assert is_wide(ratios(*pairs), ONES, 0.0) is wide


def test_weight_counts() -> None:
    # The third is for the first and against the second.
    assert not is_wide(ratios(5, 2, -1), ONES, 0.0)
    assert is_wide(ratios(5, 2, -1), np.array([1, 4, 1], np.float32), 0.0)


def test_the_threshold_is_that_of_the_linkage() -> None:
    assert is_wide(ratios(2, 2, 2), ONES, 2.5)


def test_one_track_is_never_wide() -> None:
    assert not is_wide(np.full((1, 1), -5, np.float32), np.ones(1, np.float32), 0.0)


@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_it_is_what_each_member_hears_from_the_others(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    pulled = random.normal(1, 2, (count, count)).astype(np.float32)
    found, weights = pulled + pulled.T, random.uniform(1, 4, count).astype(np.float32)
    heard = [
        np.average(np.delete(found[k], k), weights=np.delete(weights, k).astype(float)) for k in range(count)
    ]
    assert is_wide(found, weights, 0.0) == (min(heard) < 0)
