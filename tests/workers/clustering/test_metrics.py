"""Measures of agreement: textbook values, scikit-learn's own and invariants."""

from __future__ import annotations

import math
from collections.abc import Hashable
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.metrics import (
    PairCounts,
    PrecisionRecall,
    adjusted_rand_index,
    agreement,
    bcubed,
    mutual_information,
    normalised_mutual_information,
    pair_counts,
    purity,
    rand_index,
    with_unassigned,
)

labels = st.integers(0, 4)
clusterings = st.lists(st.tuples(labels, labels), min_size=1, max_size=30)


def spread(counts: list[dict[str, int]]) -> tuple[list[Hashable], list[Hashable]]:
    """Truth and clusters from how many items of each class a cluster holds."""
    cells = [(c, k, n) for c, cluster in enumerate(counts) for k, n in cluster.items()]
    return [k for _, k, n in cells for _ in range(n)], [c for c, _, n in cells for _ in range(n)]


# Manning, Raghavan, Schütze: Introduction to Information Retrieval (2008), figure 16.4.
SEVENTEEN = spread([{"x": 5, "o": 1}, {"x": 1, "o": 4, "d": 1}, {"x": 2, "d": 3}])
TWENTY = spread([{"a": 3, "b": 3, "c": 4}, {"a": 2, "b": 7, "c": 1}])


def test_purity_of_seventeen_points_with_majorities_of_five_four_and_three() -> None:
    assert purity(*SEVENTEEN) == pytest.approx(12 / 17)
    assert round(purity(*SEVENTEEN), 2) == 0.71


def test_pairs_and_rand_index_of_seventeen_points() -> None:
    assert pair_counts(*SEVENTEEN) == PairCounts(together=20, mixed=20, torn=24, apart=72)
    assert rand_index(*SEVENTEEN) == pytest.approx(92 / 136)
    assert round(rand_index(*SEVENTEEN), 2) == 0.68
    pairs = pair_counts(*SEVENTEEN).precision_recall
    assert (pairs.precision, pairs.recall) == (0.5, pytest.approx(20 / 44))
    assert pairs.f(5) == pytest.approx(0.456, abs=5e-4)


def test_mutual_information_of_twenty_points_in_two_clusters() -> None:
    assert mutual_information(*TWENTY) == pytest.approx(0.1361, abs=5e-5)
    assert normalised_mutual_information(*TWENTY) == pytest.approx(0.1089, abs=5e-5)


def test_the_base_changes_mutual_information_and_the_mean_the_normalised_one() -> None:
    assert mutual_information(*TWENTY, base=math.e) == pytest.approx(0.1361 * math.log(2), abs=5e-5)
    # The entropies are 1.5 bits and 1 bit.
    for mean, value in {
        "arithmetic": 1.25,
        "geometric": math.sqrt(1.5),
        "min": 1.0,
        "max": 1.5,
    }.items():
        found = normalised_mutual_information(*TWENTY, mean=mean)  # type: ignore[arg-type]
        assert found == pytest.approx(0.13613 / value, abs=5e-5)


def test_bcubed_that_can_be_counted_by_hand() -> None:
    assert bcubed("AAB", [1, 1, 2]) == PrecisionRecall(1, 1)
    # One cluster for two people of two.
    assert bcubed("AABB", [1, 1, 1, 1]) == PrecisionRecall(0.5, 1)
    # Everybody alone.
    assert bcubed("AABB", [1, 2, 3, 4]) == PrecisionRecall(1, 0.5)
    # Of five, one A stands among the Bs: (3 * 1 + 1/2 + 1/2) / 5 and (3 * 3/4 + 1/4 + 1) / 5.
    mixed = bcubed("AAAAB", [1, 1, 1, 2, 2])
    assert (mixed.precision, mixed.recall) == (pytest.approx(4 / 5), pytest.approx(3.5 / 5))


def test_f_beta_weighs_recall() -> None:
    both = PrecisionRecall(0.5, 1.0)
    assert both.f() == pytest.approx(2 / 3)
    assert both.f(2) == pytest.approx(5 * 0.5 / (4 * 0.5 + 1))
    assert both.f(0.5) < both.f() < both.f(2)
    assert PrecisionRecall(0, 0).f() == 0
    for beta in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="beta"):
            both.f(beta)


@pytest.mark.parametrize(("truth", "found"), [("AAAA", [1, 1, 1, 1]), ("A", [1]), ("ABCD", [1, 2, 3, 4])])
def test_one_class_one_item_and_nobody_twice_are_right_when_found_so(truth: str, found: list[int]) -> None:
    result = agreement(truth, found)
    assert result.purity == result.inverse_purity == result.rand_index == result.adjusted_rand_index == 1
    assert result.bcubed.f() == result.pairs.f() == result.cluster_count_ratio == 1


def test_one_class_torn_and_one_cluster_for_all() -> None:
    torn = agreement("AAAA", [1, 2, 3, 4])
    assert (torn.purity, torn.bcubed.recall, torn.pairs.recall, torn.cluster_count_ratio) == (1, 0.25, 0, 4)
    assert torn.mutual_information_bits == 0
    merged = agreement("ABCD", [1, 1, 1, 1])
    assert (merged.purity, merged.bcubed.precision, merged.pairs.precision) == (0.25, 0.25, 0)
    assert merged.cluster_count_ratio == 0.25


@pytest.mark.parametrize(
    ("truth", "found", "words"),
    [
        ("AAB", [1, 1], "3 true labels and 2 found"),
        ("", [], "nothing to compare"),
        (["A", None], [1, 1], "true label of item 1 is missing"),
        (["A", ""], [1, 1], "true label of item 1 is missing"),
        (["A", "A"], [1, math.nan], "found label of item 1 is missing"),
    ],
)
def test_what_cannot_be_compared_is_named(truth: list[str], found: list[float], words: str) -> None:
    for measure in (agreement, purity, bcubed, pair_counts, rand_index, mutual_information):
        with pytest.raises(ValueError, match=words):
            measure(truth, found)


def test_unknown_means_and_bases_are_refused() -> None:
    with pytest.raises(ValueError, match="no mean 'harmonic'"):
        normalised_mutual_information("AB", [1, 2], mean="harmonic")  # type: ignore[arg-type]
    for base in (1, 0, -2, math.nan, math.inf):
        with pytest.raises(ValueError, match="base"):
            mutual_information("AB", [1, 2], base=base)


def test_items_without_a_cluster_are_alone_together_or_left_out() -> None:
    truth, found = "AABB", [1, None, None, 0]
    assert agreement(*with_unassigned(truth, found)).clusters == 4
    together = with_unassigned(truth, found, "together")
    # The cluster of nobody is none of those that have a number.
    assert agreement(*together).clusters == 3
    assert bcubed(*together).precision == 0.75
    assert with_unassigned(truth, found, "drop") == (["A", "B"], [1, 0])
    assert agreement(*with_unassigned("AA", [None, None])).clusters == 2
    with pytest.raises(ValueError, match="nothing to compare"):
        agreement(*with_unassigned("AA", [None, None], "drop"))
    with pytest.raises(ValueError, match="2 true labels and 1 found"):
        with_unassigned("AA", [None])


@given(clusterings)
def test_measures_equal_their_definitions(pairs: list[tuple[int, int]]) -> None:
    truth, found = [t for t, _ in pairs], [f for _, f in pairs]
    counts = dict.fromkeys(product((True, False), repeat=2), 0)
    for (t1, f1), (t2, f2) in combinations(pairs, 2):
        counts[t1 == t2, f1 == f2] += 1
    expected = PairCounts(counts[True, True], counts[False, True], counts[True, False], counts[False, False])
    assert pair_counts(truth, found) == expected
    both = bcubed(truth, found)
    per_item = [
        (
            sum(p == other for other in pairs) / found.count(p[1]),
            sum(p == other for other in pairs) / truth.count(p[0]),
        )
        for p in pairs
    ]
    precision, recall = np.mean(per_item, axis=0)
    assert (both.precision, both.recall) == (pytest.approx(precision), pytest.approx(recall))


@given(clusterings, st.randoms(use_true_random=False))
def test_names_and_order_play_no_part(pairs: list[tuple[int, int]], random: object) -> None:
    truth, found = [t for t, _ in pairs], [f for _, f in pairs]
    before = agreement(truth, found)
    mixed = list(pairs)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    after = agreement([f"name {t}" for t, _ in mixed], [-f for _, f in mixed])
    for name in ("purity", "inverse_purity", "rand_index", "adjusted_rand_index", "mutual_information_bits"):
        assert getattr(after, name) == pytest.approx(getattr(before, name)), name
    assert after.bcubed.f() == pytest.approx(before.bcubed.f())


@given(clusterings)
def test_measures_stay_in_their_range_and_a_perfect_clustering_is_the_best(
    pairs: list[tuple[int, int]],
) -> None:
    truth, found = [t for t, _ in pairs], [f for _, f in pairs]
    result, perfect = agreement(truth, found), agreement(truth, truth)
    for name in ("purity", "inverse_purity", "rand_index", "normalised_mutual_information"):
        assert 0 <= getattr(result, name) <= 1
        assert getattr(perfect, name) == pytest.approx(1)
    assert -0.5 <= adjusted_rand_index(truth, found) <= 1
    assert 0 < result.bcubed.f() <= perfect.bcubed.f() == pytest.approx(1)
    # The other way round, precision and recall change places.
    swapped = bcubed(found, truth)
    assert swapped.precision == pytest.approx(result.bcubed.recall)
