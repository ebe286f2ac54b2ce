from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import SOFT, beside, evidence, unit

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.recurrence import free_pairs, recurrence

SETTINGS = LikelihoodSettings(recurrence_for=9.0, recurrence_against=9.0)
# Of two normal distributions this far apart, in their spread.
APART = 3.0

some_ratios = st.lists(st.floats(-1e6, 1e6, width=32), max_size=200).map(lambda r: np.array(r, np.float32))


def mixture(share: float, pairs: int) -> npt.NDArray[np.float32]:
    """Log-likelihood ratios of pairs of which this share is of one person."""
    random = np.random.default_rng(7)
    one = random.random(pairs) < share
    ratios = random.normal(np.where(one, 1, -1) * APART**2 / 2, APART)
    return np.clip(ratios, -8, 8).astype(np.float32)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.25, 0.6])
def test_the_share_of_pairs_of_one_person_is_told_by_their_ratios(share: float) -> None:
    odds = np.log(share / (1 - share)) - np.log(SETTINGS.recurrence_share / (1 - SETTINGS.recurrence_share))
    assert recurrence(mixture(share, 20_000), SETTINGS) == pytest.approx(odds, abs=0.15)


def test_without_pairs_people_come_back_as_usual() -> None:
    assert recurrence(np.zeros(0, np.float32), SETTINGS) == pytest.approx(0, abs=1e-6)


def test_pairs_that_say_nothing_change_nothing() -> None:
    assert recurrence(np.zeros(500, np.float32), SETTINGS) == pytest.approx(0, abs=1e-3)


def test_a_few_pairs_move_it_a_little() -> None:
    few, many = (recurrence(np.full(count, -8, np.float32), SETTINGS) for count in (6, 600))
    assert many < 4 * few < 0


@settings(max_examples=100, deadline=None)
@given(some_ratios, st.floats(0, 3), st.floats(0, 3))
def test_it_stays_within_what_it_may_count(
    ratios: npt.NDArray[np.float32], most_for: float, most_against: float
) -> None:
    limits = LikelihoodSettings(recurrence_for=most_for, recurrence_against=most_against)
    assert -most_against <= recurrence(ratios, limits) <= most_for


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-8, 8, width=32), max_size=200).map(lambda r: np.array(r, np.float32)), st.floats(0, 4)
)
def test_pairs_that_are_more_alike_never_make_it_less(ratios: npt.NDArray[np.float32], more: float) -> None:
    # To within the twentieths that ratios are counted by.
    assert recurrence(ratios + np.float32(more), SETTINGS) >= recurrence(ratios, SETTINGS) - 0.05


def test_who_is_apart_makes_no_free_pair() -> None:
    apart = {"a": {"c", "elsewhere"}, "b": set(), "c": {"a"}}
    assert free_pairs(["a", "b", "c"], lambda track_id: apart[track_id]).tolist() == [
        [False, True, False],
        [False, False, True],
        [False, False, False],
    ]


# What it does to people ------------------------------------------------------------------------------------


def strangers(count: int, source_id: str) -> list[TrackEvidence]:
    """People of single shots, who are like nobody."""
    return [
        evidence(f"s{axis}", beside(0.0, axis), source_id=source_id, moments=[100 * axis])
        for axis in range(3, 3 + count)
    ]


def regulars(source_id: str) -> list[TrackEvidence]:
    """Three people who come back again and again."""
    return [
        evidence(f"r{k}", beside(0.0, 3 + k % 3), source_id=source_id, moments=[1000 + 100 * k])
        for k in range(24)
    ]


def are_one(limit: int, similarity: float, *others: TrackEvidence) -> bool:
    """Whether two tracks of `v-1` that are so similar are one person."""
    clusterer = TrackClusterer(SOFT, limit=limit)
    for track in (evidence("a", unit(1.0)), evidence("b", beside(similarity), moments=[5000]), *others):
        clusterer.insert(track)
    return any({"a", "b"} <= set(cluster) for cluster in clusterer.recluster({}).clusters)


@pytest.mark.parametrize("limit", [1, 1000])
def test_where_nobody_comes_back_more_is_asked_of_one_person(limit: int) -> None:
    # A cosine of 0.5 is even, one of 0.6 speaks for one person a little.
    assert are_one(limit, 0.6)
    assert not are_one(limit, 0.6, *strangers(25, "v-1"))
    assert are_one(limit, 0.9, *strangers(25, "v-1"))


@pytest.mark.parametrize("limit", [1, 1000])
def test_where_everybody_comes_back_less_is_asked(limit: int) -> None:
    assert not are_one(limit, 0.45)
    assert are_one(limit, 0.45, *regulars("v-1"))
    assert not are_one(limit, 0.2, *regulars("v-1"))


def test_who_is_seen_together_tells_little_of_who_comes_back() -> None:
    # The same people as in the single shots above, in one long shot.
    assert are_one(1000, 0.6, *(replace(track, moments=np.arange(50)) for track in strangers(25, "v-1")))


def test_other_recordings_are_left_alone() -> None:
    pair = [evidence("a", unit(1.0)), evidence("b", beside(0.6), moments=[5000])]
    clusterer = TrackClusterer(SOFT)
    for track in (*pair, *strangers(25, "v-2")):
        clusterer.insert(track)
    assert any({"a", "b"} <= set(cluster) for cluster in clusterer.recluster({}).clusters)
