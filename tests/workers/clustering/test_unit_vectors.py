from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.unit_vectors import UnitVectors, unit_vector


@pytest.mark.parametrize(
    ("vector", "what"),
    [
        ([1, np.nan, 0], "not finite"),
        ([1, np.inf, 0], "not finite"),
        ([0, 0, 0], "zero"),
        ([1, 0], r"shape \(2,\), not \(3,\)"),
        ([[1, 0, 0]], r"shape \(1, 3\), not \(3,\)"),
    ],
)
def test_what_is_no_direction_is_refused_by_name(vector: npt.ArrayLike, what: str) -> None:
    vectors = UnitVectors(3)
    with pytest.raises(ValueError, match=f"'v-1.0'.*{what}"):
        vectors.insert("v-1.0", vector)
    assert len(vectors) == 0
    assert "v-1.0" not in vectors


def test_a_track_that_is_there_is_refused() -> None:
    vectors = UnitVectors(2)
    vectors.insert("a", [1, 0])
    with pytest.raises(ValueError, match="'a' already"):
        vectors.insert("a", [0, 1])
    assert vectors.values.tolist() == [[1, 0]]


@given(st.integers(0, 10_000), st.integers(1, 64), st.sampled_from([1e-3, 1.0, 1e6]))
@settings(max_examples=30, deadline=None)
def test_a_unit_vector_stays_bit_for_bit_what_it_is(seed: int, dimension: int, length: float) -> None:
    given = np.random.default_rng(seed).normal(size=dimension) * length
    unit = unit_vector(given, dimension, "a")
    assert unit.dtype == np.float32
    assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-6)
    assert unit @ given == pytest.approx(np.linalg.norm(given), rel=1e-5)
    assert unit_vector(unit, dimension, "a").tobytes() == unit.tobytes()


@given(st.lists(st.integers(0, 99), max_size=200))
@settings(max_examples=30, deadline=None)
def test_whatever_comes_and_goes_rows_hold_what_was_put_in(steps: list[int]) -> None:
    """A track that comes twice goes the second time; the rows grow past their first number."""
    vectors, there = UnitVectors(2), dict[str, npt.NDArray[np.float32]]()
    for number in [*range(70), *steps]:
        track_id = str(number)
        if track_id in there:
            vectors.remove(track_id)
            del there[track_id]
        else:
            there[track_id] = vectors.insert(track_id, [np.cos(number), np.sin(number)])
    assert sorted(vectors.ids) == sorted(there)
    assert len(vectors.values) == len(vectors) == len(there)
    for row, track_id in enumerate(vectors.ids):
        assert vectors.row_of(track_id) == row
        assert vectors.values[row].tobytes() == there[track_id].tobytes()
