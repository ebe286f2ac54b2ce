from __future__ import annotations

import numpy as np
import pytest

from workers.clustering.row_products import row_products


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_multiplied_pair_by_pair(count: int, dtype: type[np.float32 | np.float64]) -> None:
    random = np.random.default_rng(count)
    left, right = random.normal(size=(50, 32)).astype(dtype), random.normal(size=(70, 32)).astype(dtype)
    a, b = random.integers(0, 50, count), random.integers(0, 70, count)
    found = row_products(left, a, right, b)
    assert found.dtype == dtype
    assert found == pytest.approx((left[a].astype(np.float64) * right[b]).sum(axis=1), abs=1e-5)


@pytest.mark.parametrize("row", [-1, 5])
def test_rows_that_are_not_there_are_an_error(row: int) -> None:
    vectors = np.eye(5, dtype=np.float32)
    with pytest.raises(IndexError, match=f"{row}"):
        row_products(vectors, np.array([0]), vectors, np.array([row]))
    with pytest.raises(IndexError, match=f"{row}"):
        row_products(vectors, np.array([row]), vectors, np.array([0]))
