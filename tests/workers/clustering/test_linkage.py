from __future__ import annotations

import itertools
import operator
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.linkage import FloatArray, constrained_average_linkage

Pair = tuple[int, int]


@dataclass(frozen=True)
class Problem:
    affinity: FloatArray
    cannot: npt.NDArray[np.bool_]
    weights: FloatArray
    threshold: float
    must: list[Pair]

    def labels(self) -> list[int]:
        affinity = np.where(self.cannot, np.float32(-np.inf), self.affinity)
        return constrained_average_linkage(affinity, self.weights, self.threshold, self.must).tolist()


def naive(problem: Problem) -> set[frozenset[int]]:
    """The same by the definition: every mean from scratch, every pair looked at in every round."""
    clusters = [frozenset([k]) for k in range(len(problem.affinity))]

    def forbidden(a: Iterable[int], b: Iterable[int]) -> bool:
        return any(problem.cannot[i, j] for i, j in itertools.product(a, b))

    def mean(a: Iterable[int], b: Iterable[int]) -> float:
        w, pairs = problem.weights.astype(float), list(itertools.product(a, b))
        return sum(w[i] * w[j] * float(problem.affinity[i, j]) for i, j in pairs) / sum(
            w[i] * w[j] for i, j in pairs
        )

    def join(a: frozenset[int], b: frozenset[int]) -> None:
        clusters.remove(a)
        clusters.remove(b)
        clusters.append(a | b)

    for i, j in problem.must:
        a, b = (next(c for c in clusters if k in c) for k in (i, j))
        if a != b and not forbidden(a, b):
            join(a, b)
    while True:
        allowed = [(a, b) for a, b in itertools.combinations(clusters, 2) if not forbidden(a, b)]
        scored = [(mean(a, b), a, b) for a, b in allowed]
        best = max(scored, key=operator.itemgetter(0), default=None)
        if best is None or best[0] < problem.threshold:
            return set(clusters)
        join(best[1], best[2])


def clusters_of(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(k for k, other in enumerate(labels) if other == label) for label in labels}


@st.composite
def problems(draw: st.DrawFn, *, must: bool = True) -> Problem:
    count = draw(st.integers(0, 12))
    # Random numbers, so that no two means are equal: among equals the order of the items decides.
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pulled = random.normal(draw(st.sampled_from([-3, 0, 2])), 4, (count, count))
    apart = np.triu(random.random((count, count)) < draw(st.sampled_from([0, 0.1, 0.4])), 1)
    item = st.integers(0, max(count - 1, 0))
    pairs = draw(st.lists(st.tuples(item, item), max_size=4)) if must and count else []
    return Problem(
        (pulled + pulled.T).astype(np.float32),
        apart | apart.T,
        random.uniform(1, 4, count).astype(np.float32),
        draw(st.sampled_from([0.0, -1.5, 2.0])),
        pairs,
    )


@settings(max_examples=80, deadline=None)
@given(problems())
def test_merges_what_the_definition_merges(problem: Problem) -> None:
    assert clusters_of(problem.labels()) == naive(problem)


@settings(max_examples=30, deadline=None)
@given(problems())
def test_cannot_links_are_never_violated(problem: Problem) -> None:
    for cluster in clusters_of(problem.labels()):
        assert not problem.cannot[np.ix_(sorted(cluster), sorted(cluster))].any()


@settings(max_examples=30, deadline=None)
@given(problems(must=False), st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(problem: Problem, random: object) -> None:
    order = list(range(len(problem.affinity)))
    random.shuffle(order)  # type: ignore[attr-defined]
    grid = np.ix_(order, order)
    turned = Problem(
        problem.affinity[grid], problem.cannot[grid], problem.weights[order], problem.threshold, []
    )
    found = {frozenset(order[k] for k in cluster) for cluster in clusters_of(turned.labels())}
    assert found == clusters_of(problem.labels())


@settings(max_examples=30, deadline=None)
@given(problems())
def test_numbers_follow_the_first_item_of_each_cluster(problem: Problem) -> None:
    labels = problem.labels()
    assert list(dict.fromkeys(labels)) == list(range(len(set(labels))))
    assert len(labels) == len(problem.affinity)


@settings(max_examples=10, deadline=None)
@given(problems())
def test_arguments_are_left_as_they_are(problem: Problem) -> None:
    before = [problem.affinity.copy(), problem.cannot.copy(), problem.weights.copy()]
    problem.labels()
    for old, new in zip(before, (problem.affinity, problem.cannot, problem.weights), strict=True):
        assert np.array_equal(old, new)


def a_problem(pairs: dict[Pair, float], count: int, **changes: object) -> Problem:
    """Items that are unlike, but for some pairs."""
    affinity = np.full((count, count), -4, np.float32)
    for (i, j), value in pairs.items():
        affinity[i, j] = affinity[j, i] = value
    facts: dict = {
        "affinity": affinity,
        "cannot": np.zeros((count, count), bool),
        "weights": np.ones(count, np.float32),
        "threshold": 0.0,
        "must": [],
    }
    return Problem(**{**facts, **changes})


def apart(count: int, *pairs: Pair) -> npt.NDArray[np.bool_]:
    cannot = np.zeros((count, count), bool)
    for i, j in pairs:
        cannot[i, j] = cannot[j, i] = True
    return cannot


def test_nothing_and_one_item_need_no_merge() -> None:
    assert a_problem({}, 0).labels() == []
    assert a_problem({}, 1).labels() == [0]


def test_a_chain_does_not_become_one_cluster() -> None:
    # 0-1-2-3: neighbours are alike, the ends are not; single linkage would merge all.
    assert a_problem({(0, 1): 3, (1, 2): 2, (2, 3): 3}, 4).labels() == [0, 0, 1, 1]


def test_the_threshold_itself_is_enough() -> None:
    assert a_problem({(0, 1): 1.5}, 2, threshold=1.5).labels() == [0, 0]
    assert a_problem({(0, 1): 1.5}, 2, threshold=1.51).labels() == [0, 1]


def test_heavier_items_count_more_in_the_mean() -> None:
    pairs = {(0, 1): 9.0, (0, 2): 3.0, (1, 2): -4.0}
    assert a_problem(pairs, 3).labels() == [0, 0, 1]
    assert a_problem(pairs, 3, weights=np.array([3, 1, 1], np.float32)).labels() == [0, 0, 0]


def test_a_cannot_link_keeps_the_most_alike_apart() -> None:
    pairs = {(0, 1): 8.0, (0, 2): 3.0, (1, 2): 2.0}
    assert a_problem(pairs, 3, cannot=apart(3, (0, 1))).labels() == [0, 1, 0]


def test_a_cannot_link_holds_for_whole_clusters() -> None:
    # 2 goes with 1; 0, which may not meet 2, then can't join 1 any more.
    pairs = {(0, 1): 5.0, (1, 2): 6.0, (0, 2): 8.0}
    assert a_problem(pairs, 3, cannot=apart(3, (0, 2))).labels() == [0, 1, 1]


@pytest.mark.parametrize("threshold", [-1e30, -np.inf])
def test_no_threshold_is_low_enough_for_a_cannot_link(threshold: float) -> None:
    problem = a_problem({}, 3, cannot=apart(3, (0, 1)), threshold=threshold)
    labels = problem.labels()
    assert labels[0] != labels[1]
    assert len(set(labels)) == 2


def test_what_must_be_together_is_so_whatever_it_looks_like() -> None:
    assert a_problem({}, 3, must=[(2, 0)]).labels() == [0, 1, 0]
    assert a_problem({}, 4, must=[(0, 1), (3, 2), (1, 2)]).labels() == [0, 0, 0, 0]


def test_must_links_count_in_the_mean() -> None:
    # Alone, 2 would join 1; 1 and 0 together are too unlike it.
    pairs = {(1, 2): 3.0}
    assert a_problem(pairs, 3).labels() == [0, 1, 1]
    assert a_problem(pairs, 3, must=[(0, 1)]).labels() == [0, 0, 1]


def test_a_cannot_link_outweighs_a_must_link() -> None:
    cannot = apart(3, (0, 2))
    assert a_problem({}, 3, cannot=cannot, must=[(0, 2)]).labels() == [0, 1, 2]
    assert a_problem({}, 3, cannot=cannot, must=[(0, 1), (1, 2)]).labels() == [0, 0, 1]


def test_an_item_may_be_linked_to_itself() -> None:
    assert a_problem({(0, 1): 3}, 2, must=[(1, 1)]).labels() == [0, 0]


def test_the_diagonal_is_ignored() -> None:
    affinity = np.full((3, 3), -1, np.float32)
    np.fill_diagonal(affinity, 100)
    assert a_problem({}, 3, affinity=affinity).labels() == [0, 1, 2]


def test_equal_pairs_take_about_as_long_as_others() -> None:
    # Evidence has a limit that most pairs of a person reach; each merge once looked at all of them again.
    count = 3_000
    random = np.random.default_rng(0)
    pulled = random.normal(0, 4, (count, count)).astype(np.float32)
    weights = random.uniform(1, 4, count).astype(np.float32)

    def seconds(affinity: FloatArray) -> float:
        began_s = time.process_time()
        constrained_average_linkage(affinity, weights, 0.0)
        return time.process_time() - began_s

    assert seconds(np.full((count, count), 8.0, np.float32)) < 8 * seconds(pulled + pulled.T)


def test_what_is_equal_stays_so_whatever_it_weighs() -> None:
    random = np.random.default_rng(0)
    weights = random.uniform(1, 4, 200).astype(np.float32)
    # A mean that is rounded a little lower would be below it.
    level = np.float32(0.1)
    labels = constrained_average_linkage(np.full((200, 200), level, np.float32), weights, float(level))
    assert labels.max() == 0
