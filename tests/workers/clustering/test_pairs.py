from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.pairs import Among, Histogram, Labelled, compare_all, genuine_of_each
from workers.models.calibration import normalised

quick = settings(max_examples=60, deadline=None)
SCOPES: tuple[Among, ...] = ("all", "within", "across")


def labelled(labels: list[int], sources: list[int] | None = None, seed: int = 0) -> Labelled:
    vectors = np.random.default_rng(seed).normal(size=(len(labels), 5)).astype(np.float32)
    return Labelled(
        normalised(vectors),
        np.array(labels, np.intp),
        np.array(sources or [0] * len(labels), np.intp),
    )


@st.composite
def sets(draw: st.DrawFn) -> Labelled:
    rows = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=40))
    return labelled([a for a, _ in rows], [b for _, b in rows], draw(st.integers(0, 99)))


def pairs_of(items: Labelled, among: Among) -> tuple[dict[tuple[int, int], float], ...]:
    """Genuine and impostor pairs, one by one."""
    found: tuple[dict[tuple[int, int], float], ...] = ({}, {})
    for a, b in combinations(range(len(items.labels)), 2):
        together = items.sources[a] == items.sources[b]
        if among == "all" or together == (among == "within"):
            similarity = float(items.vectors[a] @ items.vectors[b])
            found[int(items.labels[a] != items.labels[b])][a, b] = similarity
    return found


@quick
@given(sets(), st.sampled_from(SCOPES))
def test_every_pair_is_counted_once(items: Labelled, among: Among) -> None:
    genuine, impostor = pairs_of(items, among)
    assert items.count(among) == (len(genuine), len(impostor))
    found = compare_all(items, among)
    assert (found.genuine.number, found.impostor.number) == (len(genuine), len(impostor))
    for histogram, values in ((found.genuine, genuine), (found.impostor, impostor)):
        if values:
            exact = np.array(list(values.values()))
            assert histogram.mean == pytest.approx(exact.mean(), abs=1e-5)
            assert histogram.sd == pytest.approx(exact.std(), abs=1e-4)
            assert (histogram.least, histogram.most) == pytest.approx((exact.min(), exact.max()), abs=1e-6)


@quick
@given(sets(), st.sampled_from(SCOPES), st.integers(1, 6))
def test_the_oddest_pairs_are_the_oddest_of_each_two_people(
    items: Labelled, among: Among, most_pairs: int
) -> None:
    genuine, impostor = pairs_of(items, among)
    found = compare_all(items, among, most_pairs=most_pairs)
    for named, pairs, sign in ((found.strangers, impostor, -1), (found.estranged, genuine, 1)):
        best: dict[frozenset[int], float] = {}
        for (a, b), similarity in pairs.items():
            who = frozenset((int(items.labels[a]), int(items.labels[b])))
            best[who] = min(best.get(who, np.inf), sign * similarity)
        expected = sorted(best.values())[:most_pairs]
        assert [sign * pair.similarity for pair in named] == pytest.approx(expected, abs=1e-6)
        for pair in named:
            assert pairs[pair.first, pair.second] == pytest.approx(pair.similarity, abs=1e-6)


@quick
@given(sets(), st.floats(0.01, 1))
def test_the_tail_holds_the_highest_strangers(items: Labelled, share: float) -> None:
    _, impostor = pairs_of(items, "all")
    tail = compare_all(items, tail_share=share).tail
    expected = sorted(impostor.values(), reverse=True)
    assert len(tail) == min(int(np.ceil(len(expected) * share)) + 1, len(expected))
    assert tail.tolist() == pytest.approx(expected[: len(tail)], abs=1e-6)


@quick
@given(sets(), st.sampled_from(SCOPES))
def test_the_genuine_pairs_of_each_person_are_counted(items: Labelled, among: Among) -> None:
    genuine, _ = pairs_of(items, among)
    pairs, reached = genuine_of_each(items, np.array([-1.1, 0.3], np.float32), among)
    for person in range(len(pairs)):
        own = [s for (a, _), s in genuine.items() if items.labels[a] == person]
        assert pairs[person] == reached[person, 0] == len(own)
        assert reached[person, 1] == sum(s >= 0.3 for s in own)


def test_several_blocks_are_as_good_as_one() -> None:
    items = labelled([k % 7 for k in range(600)])
    found = compare_all(items, most_pairs=3)
    similarity = items.vectors @ items.vectors.T
    strangers = similarity[items.labels[:, None] < items.labels[None]]
    assert found.impostor.number == len(strangers)
    assert found.impostor.mean == pytest.approx(float(strangers.mean()), abs=1e-5)
    assert found.tail[0] == pytest.approx(strangers.max(), abs=1e-6)
    assert found.strangers[0].similarity == pytest.approx(strangers.max(), abs=1e-6)
    assert genuine_of_each(items, np.array([0], np.float32))[0].sum() == found.genuine.number


# Histograms -----------------------------------------------------------------------------------------------


def test_percentiles_are_values_that_so_many_reach() -> None:
    histogram = Histogram()
    histogram.add(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    found = [histogram.percentile(percent) for percent in (0, 25, 50, 51, 100)]
    assert found == pytest.approx([0.1, 0.1, 0.2, 0.3, 0.4], abs=2e-4)
    assert (histogram.least, histogram.most) == pytest.approx((0.1, 0.4))


def test_the_share_above_falls_from_all_to_none() -> None:
    histogram = Histogram()
    histogram.add(np.array([-1, 0.5, 1], np.float32))
    share = histogram.share_from()
    assert (share[0], share[-1]) == (1, 0)
    assert share[1] == share[10_000] == pytest.approx(2 / 3)
    assert (np.diff(share) <= 0).all()


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no similarities"):
        Histogram().percentile(50)


# What is refused ------------------------------------------------------------------------------------------


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="need as many labels and sources"):
        Labelled(np.ones((3, 2), np.float32), np.zeros(2, np.intp), np.zeros(3, np.intp))


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        Labelled(np.full((1, 2), np.nan, np.float32), np.zeros(1, np.intp), np.zeros(1, np.intp))


def test_numbers_below_0_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers from 0"):
        labelled([0, -1])
