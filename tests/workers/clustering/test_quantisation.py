from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.quantisation import quantise


@given(st.integers(0, 10_000), st.integers(1, 600), st.sampled_from([1.0, 4.0]))
@settings(max_examples=60, deadline=None)
def test_the_rest_is_as_long_as_is_said_and_hardly_shorter(seed: int, dimension: int, power: float) -> None:
    """Also of vectors of which a few values are far larger than the others."""
    vector = np.random.default_rng(seed).normal(size=dimension)
    vector = np.sign(vector) * np.abs(vector) ** power
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    code = quantise(vector)
    coded = code.levels.astype(np.float64) * float(code.scale)
    rest = float(np.linalg.norm(vector - coded))
    assert rest <= code.rest_norm <= rest * (1 + 1e-5) + 1e-12
    assert np.linalg.norm(coded) <= code.norm <= 1.1
    assert np.abs(code.levels.astype(int)).max() == 127


def test_equal_vectors_have_equal_codes() -> None:
    vector = np.array([0.6, -0.8], np.float32)
    assert quantise(vector).levels.tolist() == [95, -127]
    assert quantise(vector.copy()).levels.tobytes() == quantise(vector).levels.tobytes()
