"""What bytes say of vectors is true, and what they can't say is looked up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.coded_vectors import CodedVectors
from workers.clustering.quantisation import quantise

FloatArray = npt.NDArray[np.float32]


def spiky(count: int, dimension: int, seed: int) -> FloatArray:
    """Unit vectors whose few large values leave next to no levels for the others."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)) ** 5
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def coded(vectors: FloatArray) -> CodedVectors:
    found = CodedVectors(vectors.shape[1])
    for number, vector in enumerate(vectors):
        found.insert(str(number), vector)
    return found


@given(st.integers(0, 100), st.sampled_from([2, 16, 64]), st.floats(-1, 1), st.sets(st.integers(0, 39)))
@settings(max_examples=60, deadline=None)
def test_what_is_sure_is_near_and_what_is_not_possible_is_not(
    seed: int, dimension: int, least: float, some: set[int]
) -> None:
    vectors = spiky(40, dimension, seed)
    there, query = coded(vectors), spiky(1, dimension, seed + 1000)[0]
    expected = vectors.astype(np.float64) @ query.astype(np.float64)
    chosen = np.array(sorted(some), np.intp)
    for rows in (None, chosen):
        asked = np.arange(40) if rows is None else rows
        possible, cosines, sure = there.possible(quantise(query), least, rows)
        assert set(asked[expected[asked] >= least]) <= set(possible) <= set(asked)
        assert (expected[possible[sure]] >= least).all()
        assert np.abs(cosines - expected[possible]).max(initial=0) < 0.2
        near, likeness = there.near(query, quantise(query), least, rows)
        assert set(asked[expected[asked] >= least + 1e-5]) <= set(near)
        assert (expected[near] >= least - 1e-5).all()
        assert len(near) == len(likeness)


def test_bytes_decide_nearly_all() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(500, 256)).astype(np.float32)
    vectors[:250] += 2 * random.normal(size=256)
    there = coded(vectors)
    query = there.values[0]
    possible, _, sure = there.possible(quantise(query), 0.5)
    assert len(possible) < 260
    assert sure.sum() > 240


def test_bytes_go_with_their_vectors() -> None:
    vectors = spiky(20, 8, 3)
    there = coded(vectors)
    assert there.remove("4") == 4
    assert there.remove("19") == 4
    assert there.remove("17") == 17
    for row, track_id in enumerate(there.ids):
        code = quantise(vectors[int(track_id)])
        assert there.levels[row].tolist() == code.levels.tolist()
        near, likeness = there.near(there.values[row], quantise(there.values[row]), 0.9999)
        assert row in near.tolist()
        assert likeness.max() == pytest.approx(1, abs=0.05)
