from __future__ import annotations

import numpy as np
import pytest

from workers.clustering.cosine_sums import CosineSums


def test_clusters_think_of_each_other_as_their_pairs_do_on_the_mean() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(9, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = random.uniform(0.5, 3, 9).astype(np.float32)
    labels = np.array([0, 1, 0, 2, 3, 2, 1, 0, 3])

    def mean(labels: np.ndarray, a: int, b: int) -> float:
        shares = np.outer(weights * (labels == a), weights * (labels == b))
        return float((shares * (vectors @ vectors.T)).sum() / shares.sum())

    sums = CosineSums(vectors, weights, labels)
    assert len(sums) == 4
    assert sums.all()[1, 3] == pytest.approx(mean(labels, 1, 3), abs=1e-6)
    assert sums.between(np.array([0, 1]), np.array([2, 3])) == pytest.approx(
        [mean(labels, 0, 2), mean(labels, 1, 3)], abs=1e-6
    )
    sums.merge(np.array([0]), np.array([3]))
    sums.keep(np.array([2, 0]))
    merged = np.where(labels == 3, 0, labels)
    assert sums.between(np.array([0]), np.array([1])) == pytest.approx([mean(merged, 2, 0)], abs=1e-6)
    assert sums.weights == pytest.approx([weights[merged == 2].sum(), weights[merged == 0].sum()])
