from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import CALIBRATION, DIMENSION

from workers.clustering.cluster_sums import ClusterSums, Common
from workers.clustering.likelihood import LikelihoodSettings, face_log_ratio
from workers.models.calibration import Calibration

# The mean of ratios is the ratio of the mean only where no single ratio runs into its limit.
FREE = LikelihoodSettings(limit=1e6)
COUNT = 12


def facts(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(COUNT, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, random.uniform(1, 4, COUNT).astype(np.float32)


def sums(
    vectors: np.ndarray,
    weights: np.ndarray,
    common: tuple[Common, ...] = (),
    sides: tuple[tuple[list[int], list[int]], ...] = (),
    base: float = 0.0,
    calibration: Calibration = CALIBRATION,
) -> ClusterSums:
    sizes = calibration.size_weights([100.0] * len(vectors))
    rise = np.zeros(len(vectors), np.float32)
    # Rows in another order than the tracks, and one that is nobody's.
    rows = np.roll(np.arange(len(vectors)), 5)
    templates = np.ones((len(vectors) + 1, vectors.shape[1]), np.float32)
    templates[rows] = vectors
    rules = LikelihoodSettings()
    return ClusterSums(templates, rows, sizes, weights, rise, common, sides, base, calibration, rules)


def in_common(labels: np.ndarray, value: float) -> Common:
    return Common(labels, np.full(len(labels), value, np.float32))


def pair(a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([a]), np.array([b])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(1, COUNT - 2),
    st.tuples(*[st.floats(-5, 5)] * 3),
    st.floats(-5, 5),
)
def test_clusters_think_what_their_pairs_think_on_the_mean(
    seed: int, size: int, values: tuple[float, ...], base: float
) -> None:
    vectors, weights = facts(seed)
    labels = np.arange(COUNT) % 3
    common = Common(labels, np.array(values, np.float32)[labels])
    found = sums(vectors, weights, (common,), base=base)
    for k in range(1, size):
        found.merge(*pair(0, k))
    for k in range(size + 1, COUNT):
        found.merge(*pair(size, k))
    sizes = CALIBRATION.size_weights([100.0] * COUNT)
    ratios = face_log_ratio(vectors @ vectors.T, sizes, sizes, 0.0, CALIBRATION, FREE) + base
    ratios = ratios + common.value * (labels[:, None] == labels[None])
    mass = np.outer(weights[:size], weights[size:])
    expected = (ratios[:size, size:] * mass).sum() / mass.sum()
    assert found.between(*pair(0, size))[0] == pytest.approx(expected, abs=1e-2, rel=1e-3)


def test_each_hears_what_the_others_of_its_group_think_of_it() -> None:
    vectors, weights = facts(3)
    common = in_common(np.arange(COUNT) % 4, 1.5)
    found = sums(vectors, weights, (common,), base=-0.5)
    labels = np.array([0] * 5 + [1] * 4 + [2] * 2 + [3])
    first, second = (ends.ravel() for ends in np.indices((COUNT, COUNT)))
    pairs = found.between(first, second).reshape(COUNT, COUNT)
    heard = found.heard(labels)
    for k in range(COUNT - 1):
        others = np.flatnonzero((labels == labels[k]) & (np.arange(COUNT) != k))
        mean = np.average(pairs[k, others], weights=weights[others])
        assert heard[k] == pytest.approx(mean, abs=1e-2, rel=1e-3)
    assert heard[COUNT - 1] == np.inf


def test_sides_keep_clusters_apart_whatever_they_grow_into() -> None:
    vectors, weights = facts(0)
    found = sums(vectors, weights, sides=(([0, 1], [2]), ([3], [4])))
    apart = {(a, b) for a in range(5) for b in range(a + 1, 5) if np.isneginf(found.between(*pair(a, b))[0])}
    assert apart == {(0, 2), (1, 2), (3, 4)}
    found.merge(*pair(0, 3))
    assert np.isneginf(found.between(*pair(0, 4))[0])
    assert np.isneginf(found.between(*pair(0, 2))[0])
    assert np.isfinite(found.between(*pair(0, 1))[0])


def test_those_that_are_kept_think_what_they_thought() -> None:
    vectors, weights = facts(2)
    labels = np.arange(COUNT) % 3
    found = sums(vectors, weights, (in_common(labels, 2.0),), sides=(([0, 1], [2, 5]),))
    found.merge(*pair(5, 9))
    kept = np.array([1, 4, 5, 8, 10])
    first, second = np.triu_indices(len(kept), 1)
    before = found.between(kept[first], kept[second])
    assert np.isneginf(before).any()
    found.keep(kept)
    assert found.between(first, second).tolist() == before.tolist()
    found.keep(np.arange(0))
    assert found.between(np.arange(0), np.arange(0)).tolist() == []


def test_many_pairs_are_looked_at_in_parts_and_all_are_answered() -> None:
    vectors, weights = facts(1)
    found = sums(vectors, weights)
    random = np.random.default_rng(1)
    first, second = random.integers(0, COUNT, (2, 40_000))
    values = found.between(first, second)
    assert values.shape == (40_000,)
    for k in (0, 127, 128, 8191, 8192, 39_999):
        assert values[k] == found.between(*pair(int(first[k]), int(second[k])))[0]


def test_groups_think_what_clusters_think_that_have_merged() -> None:
    vectors, weights = facts(4)
    common = (in_common(np.arange(COUNT) % 3, 2.0),)
    merged, plain = (sums(vectors, weights, common, sides=(([0], [9]),)) for _ in range(2))
    merged.merge(np.array([0, 2]), np.array([1, 3]))
    merged.merge(np.array([0]), np.array([4]))
    grouped = plain.grouped(np.array([0, 0, 1, 1, 0, 2, 3, 4, 5, 6, 7, 8]))
    kept = np.array([0, 2, 5, 6, 7, 8, 9, 10, 11])
    first, second = np.triu_indices(len(kept), 1)
    expected = merged.between(kept[first], kept[second])
    assert np.isneginf(expected).sum() == 1
    assert grouped.between(first, second) == pytest.approx(expected, abs=1e-3, rel=1e-4)
    # The one that it began with is as it was.
    assert plain.between(*pair(0, 1))[0] == sums(vectors, weights, common).between(*pair(0, 1))[0]


def test_all_are_asked_at_once_what_each_is_asked_alone() -> None:
    vectors, weights = facts(5)
    found = sums(vectors, weights, (in_common(np.arange(COUNT) % 3, 2.0),), base=-1.0)
    found.merge(np.array([0]), np.array([1]))
    some = np.array([0, 4, 7])
    table = found.with_all(some)
    assert table.shape == (3, COUNT)
    for k, one in enumerate(some.tolist()):
        others = np.arange(COUNT)
        expected = found.between(np.full(COUNT, one), others)
        assert table[k] == pytest.approx(expected, abs=1e-3, rel=1e-4)


def test_the_templates_that_were_given_stay_as_they_are() -> None:
    vectors, weights = facts(3)
    before = vectors.copy()
    rows = np.arange(COUNT)
    sizes = CALIBRATION.size_weights([100.0] * COUNT)
    flat = np.zeros(COUNT, np.float32)
    found = ClusterSums(vectors, rows, sizes, weights, flat, (), (), 0.0, CALIBRATION, LikelihoodSettings())
    found.grouped(np.arange(COUNT) // 2).merge(*pair(0, 1))
    found.merge(*pair(0, 1))
    found.keep(np.arange(COUNT // 2))
    found.merge(*pair(2, 3))
    assert (vectors == before).all()


@pytest.mark.parametrize("clusters", [[1, 4, 5], list(reversed(range(COUNT)))])
def test_clusters_that_are_kept_think_what_they_thought(clusters: list[int]) -> None:
    vectors, weights = facts(5)
    kept, all_ = sums(vectors, weights), sums(vectors, weights)
    kept.keep(np.array(clusters))
    first, second = (ends.ravel() for ends in np.indices((len(clusters), len(clusters))))
    expected = all_.between(np.array(clusters)[first], np.array(clusters)[second])
    assert (kept.between(first, second) == expected).all()


def test_sums_are_the_same_to_the_last_bit_wherever_templates_lie() -> None:
    vectors, weights = facts(6)
    sizes = CALIBRATION.size_weights([100.0] * COUNT)
    flat = np.zeros(COUNT, np.float32)
    labels = np.arange(COUNT) % 2
    found = []
    for rows in (np.arange(COUNT), np.random.default_rng(1).permutation(COUNT)):
        templates = np.empty_like(vectors)
        templates[rows] = vectors
        each = ClusterSums(
            templates, rows, sizes, weights, flat, (), (), 0.0, CALIBRATION, LikelihoodSettings()
        )
        found.append((each.grouped(labels).between(*pair(0, 1)), each.heard(labels)))
    assert (found[0][0] == found[1][0]).all()
    assert (found[0][1] == found[1][1]).all()
