from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.contraction import Contraction
from workers.clustering.graph_linkage import graph_average_linkage
from workers.clustering.linkage import constrained_average_linkage, in_order
from workers.clustering.ties import Ties

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]


class Table:
    """Mean affinities out of a whole table."""

    def __init__(self, affinity: FloatArray, weights: FloatArray) -> None:
        self._sums = np.outer(weights, weights) * affinity.astype(np.float64)
        self._mass = weights.astype(np.float64)

    def __len__(self) -> int:
        return len(self._mass)

    def between(self, first: IntArray, second: IntArray) -> FloatArray:
        mean = self._sums[first, second] / (self._mass[first] * self._mass[second])
        return np.asarray(mean, np.float32)

    def merge(self, into: IntArray, gone: IntArray) -> None:
        self._sums[into] += self._sums[gone]
        self._sums[:, into] += self._sums[:, gone]
        self._mass[into] += self._mass[gone]

    def keep(self, clusters: IntArray) -> None:
        self._sums = self._sums[np.ix_(clusters, clusters)]
        self._mass = self._mass[clusters]


def table(seed: int, count: int) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(seed)
    half = np.triu(random.normal(-0.5, 2, (count, count)), 1)
    return (half + half.T).astype(np.float32), random.uniform(1, 4, count).astype(np.float32)


def one_from_the_start(
    sums: Table, must: list[tuple[int, int]], apart: list[tuple[int, int]]
) -> tuple[Table, IntArray]:
    """Items that belong together as one, and the number of each then."""
    pairs = (np.array(some, np.intp).reshape(-1, 2) for some in (must, apart))
    node = in_order(Contraction(len(sums), Ties((), *pairs, ())).nodes)
    _, first = np.unique(node, return_index=True)
    for item in np.delete(np.arange(len(node)), first).tolist():
        sums.merge(first[node[item : item + 1]], np.array([item]))
    sums.keep(first)
    return sums, node


def all_pairs(count: int) -> tuple[IntArray, IntArray]:
    first, second = np.array(list(itertools.combinations(range(count), 2)), np.intp).reshape(-1, 2).T
    return first, second


def ends(pairs: list[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    first, second = np.array(pairs, np.intp).reshape(-1, 2).T
    return first, second


items = st.integers(0, 24)
pairs = st.lists(st.tuples(items, items).filter(lambda pair: pair[0] != pair[1]), max_size=12)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 25), pairs, pairs)
def test_with_all_pairs_it_is_average_linkage(
    seed: int, count: int, apart: list[tuple[int, int]], must: list[tuple[int, int]]
) -> None:
    affinity, weights = table(seed, count)
    apart, must = ([pair for pair in some if max(pair) < count] for some in (apart, must))
    # What is asked for and forbidden at once is forbidden first.
    sums, node = one_from_the_start(Table(affinity, weights), must, apart)
    near, far = ([node[end] for end in some] for some in (all_pairs(count), ends(apart)))
    mass = np.bincount(node, weights)
    found = graph_average_linkage(mass, (near[0], near[1]), (far[0], far[1]), sums, 0.0)[node]
    forbidden = affinity.copy()
    for a, b in apart:
        forbidden[a, b] = forbidden[b, a] = -np.inf
    expected = constrained_average_linkage(forbidden, weights, 0.0, must)
    assert found.tolist() == expected.tolist()


def test_only_near_pairs_begin_a_merge_but_all_count() -> None:
    affinity = np.array([[0, 3, -9], [3, 0, 2], [-9, 2, 0]], np.float32)
    ones = np.ones(3, np.float32)
    near = ends([(0, 1), (1, 2)])
    # 0 and 1 come together first; 2 is like 1, and so unlike 0 that it stays out.
    assert graph_average_linkage(ones, near, ends([]), Table(affinity, ones), 0.0).tolist() == [0, 0, 1]
    nobody = graph_average_linkage(ones, ends([]), ends([]), Table(np.abs(affinity), ones), 0.0)
    assert nobody.tolist() == [0, 1, 2]


def test_all_equal_items_become_one_whatever_their_number() -> None:
    count = 50
    ones = np.ones((count, count), np.float32)
    found = graph_average_linkage(ones[0], all_pairs(count), ends([]), Table(ones, ones[0]), 0.0)
    assert found.tolist() == [0] * count


def test_what_an_affinity_forbids_is_not_done() -> None:
    affinity = np.array([[0, 5, -np.inf], [5, 0, 4], [-np.inf, 4, 0]], np.float32)
    ones = np.ones(3, np.float32)
    found = graph_average_linkage(ones, all_pairs(3), ends([]), Table(affinity, ones), 0.0)
    assert found.tolist() == [0, 0, 1]


def test_nothing_is_linked_to_nothing() -> None:
    nobody = np.zeros(0, np.float32)
    table = Table(np.zeros((0, 0), np.float32), nobody)
    assert graph_average_linkage(nobody, ends([]), ends([]), table, 0.0).tolist() == []


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 25), pairs, st.floats(0, 3))
def test_with_slack_nothing_is_left_to_merge_and_nobody_is_who_must_not_be(
    seed: int, count: int, apart: list[tuple[int, int]], slack: float
) -> None:
    affinity, weights = table(seed, count)
    apart = [pair for pair in apart if max(pair) < count]
    for a, b in apart:
        affinity[a, b] = affinity[b, a] = -np.inf
    sums = Table(np.nan_to_num(affinity, neginf=-1e6), weights)
    labels = graph_average_linkage(weights, all_pairs(count), ends(apart), sums, 0.0, slack=slack)
    assert all(labels[a] != labels[b] for a, b in apart)
    mass = np.array([weights[labels == k].sum() for k in range(labels.max() + 1)])
    member = (labels == np.arange(len(mass))[:, None]) * weights
    between = member @ np.nan_to_num(affinity, neginf=-1e6) @ member.T / np.outer(mass, mass)
    np.fill_diagonal(between, -np.inf)
    assert between.max() < 1e-4


def test_with_slack_those_merge_who_are_nearly_each_others_nearest() -> None:
    # 2 is a little more like 0 and 1 than like 3, which is like nobody else.
    affinity = np.array([[0, 6, 5, -9], [6, 0, 5, -9], [5, 5, 0, 4.5], [-9, -9, 4.5, 0]], np.float32)
    ones = np.ones(4, np.float32)

    def found(slack: float) -> list[int]:
        sums = Table(affinity, ones)
        labels = graph_average_linkage(ones, all_pairs(4), ends([]), sums, 0.0, slack=slack)
        return list(labels.tolist())

    assert found(0.4) == found(0.0) == [0, 0, 0, 1]
    assert found(0.6) == [0, 0, 1, 1]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 25))
def test_affinities_that_are_known_need_not_be_asked_for(seed: int, count: int) -> None:
    affinity, weights = table(seed, count)
    first, second = all_pairs(count)
    known = np.where(np.arange(len(first)) % 3 == 0, np.nan, affinity[first, second]).astype(np.float32)
    asked, told = (
        graph_average_linkage(weights, (first, second), ends([]), Table(affinity, weights), 0.0, known=values)
        for values in (None, known)
    )
    assert told.tolist() == asked.tolist()
