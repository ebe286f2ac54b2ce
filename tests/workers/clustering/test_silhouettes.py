from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from workers.clustering.separation import silhouette
from workers.clustering.silhouettes import silhouettes
from workers.models.calibration import normalised


def directions(count: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return normalised(np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32))


@settings(max_examples=50)
@given(st.integers(0, 1000), st.lists(st.integers(0, 3), min_size=3, max_size=40))
def test_they_are_those_of_scikit_learn(seed: int, drawn: list[int]) -> None:
    labels = np.unique(drawn, return_inverse=True)[1]
    vectors = directions(len(labels), seed)
    found = silhouettes(vectors, labels)
    if not 2 <= labels.max() + 1 < len(labels):
        assert labels.max() > 0 or np.isnan(found).all()
        return
    assert found == pytest.approx(silhouette_samples(vectors, labels, metric="cosine"), abs=1e-5)
    assert found.mean() == pytest.approx(silhouette(vectors, labels.tolist()), abs=1e-5)


def test_those_of_nobody_have_none_and_change_nothing() -> None:
    vectors = directions(30, 1)
    labels = np.arange(30) % 3
    outside = np.concatenate([labels, [-1, -1]])
    found = silhouettes(np.concatenate([vectors, vectors[:2]]), outside)
    assert np.isnan(found[30:]).all()
    assert found[:30] == pytest.approx(silhouettes(vectors, labels))


def test_who_is_alone_counts_zero() -> None:
    found = silhouettes(directions(5, 2), np.array([0, 0, 0, 0, 1]))
    assert found[4] == 0
    assert np.count_nonzero(found[:4]) == 4


def test_copies_of_one_face_in_two_clusters_count_zero() -> None:
    assert silhouettes(np.repeat(directions(1, 3), 6, axis=0), np.arange(6) % 2).tolist() == [0.0] * 6


def test_more_items_than_one_block_give_the_same() -> None:
    vectors = np.tile(directions(500, 4), (10, 1))
    labels = np.arange(5000) % 4
    found = silhouettes(vectors, labels)
    # The copies of an item are in one cluster with it.
    assert found.reshape(10, 500) == pytest.approx(np.tile(found[:500], (10, 1)), abs=1e-6)


def test_without_any_cluster_there_are_none() -> None:
    assert np.isnan(silhouettes(directions(4, 5), np.full(4, -1))).all()
