"""HDBSCAN by the graph of neighbours beside that of all distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from workers.clustering.algorithms import hdbscan
from workers.clustering.distances import cosine_distances
from workers.clustering.grouping import DoubleArray, IntArray
from workers.clustering.mutual_reachability import component_clusters

EPS, FLOOR = 0.25, 0.2


def by_graph(distances: DoubleArray) -> IntArray:
    first, second = np.nonzero(np.triu(distances <= EPS, 1))
    near = distances[first, second].astype(np.float32)
    ends = first.astype(np.int32), second.astype(np.int32)
    return component_clusters(len(distances), *ends, near, EPS, FLOOR)


def pairs(labels: IntArray) -> IntArray:
    return (labels[:, None] == labels[None]) & (labels >= 0)[:, None]


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_each_component_has_the_clusters_of_all_distances(seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(random.integers(1, 5), 16))
    people = np.repeat(0.35 * centres + centres[0], random.integers(1, 9, len(centres)), axis=0)
    distances = cosine_distances(people + 0.5 * random.normal(size=people.shape))
    count, component = connected_components(distances <= EPS)
    for k in range(count):
        own = np.flatnonzero(component == k)
        if len(own) < 2:
            continue
        table = distances[np.ix_(own, own)]
        whole = connected_components(table <= FLOOR, return_labels=False) == 1
        expected = np.zeros(len(own), np.intp) if whole else hdbscan(table, 2, 1, FLOOR, EPS).labels
        assert np.array_equal(pairs(by_graph(table)), pairs(expected))


@pytest.mark.parametrize("distance", [0.0, 0.1, 0.24])
def test_two_neighbours_are_one(distance: float) -> None:
    assert by_graph(np.array([[0, distance], [distance, 0]])).tolist() == [0, 0]
