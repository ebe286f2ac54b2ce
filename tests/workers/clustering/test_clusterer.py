from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import USUAL, beside, crowds, evidence, filled, fixed_groups, groups_of, of, soft, unit
from synthetic import CALIBRATION

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence, seen_together
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.partition import Partition
from workers.models.calibration import Calibration

# Re-clustering ------------------------------------------------------------------------------------------


def test_tracks_become_people() -> None:
    found = filled(of(k % 4, k) for k in range(20)).recluster({})
    expected = {frozenset(f"{person}-{k}" for k in range(person, 20, 4)) for person in range(4)}
    assert groups_of(found) == expected
    assert found.unassigned == ()


def test_nobody_is_found_among_no_tracks() -> None:
    assert filled([]).recluster({}) == Partition((), ())


def test_people_come_in_the_order_of_their_first_track() -> None:
    found = filled([of(2, 1), of(0, 5), of(1, 3), of(0, 2)]).recluster({})
    assert found.clusters == (("0-2", "0-5"), ("1-3",), ("2-1",))


def test_counts_its_tracks() -> None:
    clusterer = filled([of(0, 0), of(0, 1), of(0, 1)])
    assert len(clusterer) == 2
    clusterer.remove("0-0")
    clusterer.remove("nobody")
    assert len(clusterer) == 1


@settings(max_examples=20, deadline=None)
@given(crowds, st.randoms(use_true_random=False))
def test_the_same_tracks_in_any_order_give_the_same_people(
    tracks: list[TrackEvidence], random: object
) -> None:
    shuffled = tracks.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert soft(*shuffled).recluster({}) == soft(*tracks).recluster({})


@settings(max_examples=20, deadline=None)
@given(crowds, st.integers(0, 2**16 - 1))
def test_what_came_and_went_leaves_no_trace(tracks: list[TrackEvidence], gone: int) -> None:
    leaving = [t for k, t in enumerate(tracks) if gone >> k & 1]
    staying = [t for k, t in enumerate(tracks) if not gone >> k & 1]
    clusterer = soft(*tracks)
    clusterer.recluster({})
    for track in leaving:
        clusterer.remove(track.track_id)
    assert clusterer.recluster({}) == soft(*staying).recluster({})


@settings(max_examples=20, deadline=None)
@given(crowds)
def test_nobody_is_seen_in_two_places_at_once_and_every_track_is_told_once(
    tracks: list[TrackEvidence],
) -> None:
    found = soft(*tracks).recluster({})
    by_id = {track.track_id: track for track in tracks}
    for cluster in found.clusters:
        assert list(cluster) == sorted(cluster)
        assert any(by_id[t].founder for t in cluster)
        assert not any(seen_together(by_id[a], by_id[b]) for a, b in itertools.combinations(cluster, 2))
    told = [t for cluster in found.clusters for t in cluster] + list(found.unassigned)
    assert sorted(told) == sorted(by_id)
    assert not any(by_id[t].founder for t in found.unassigned)


def test_twins_who_are_seen_together_are_two() -> None:
    tracks = [of(0, 0, moments=range(10)), of(0, 1, moments=range(5, 15))]
    assert len(filled(tracks).recluster({}).clusters) == 2


def test_the_same_frame_numbers_in_another_source_mean_nothing() -> None:
    tracks = [of(0, 0, moments=range(10)), of(0, 1, moments=range(10), source_id="v-2")]
    assert len(filled(tracks).recluster({}).clusters) == 1


def test_a_track_that_is_replaced_is_compared_anew() -> None:
    clusterer = filled([of(0, 0, moments=range(10)), of(0, 1, moments=range(10))])
    assert len(clusterer.recluster({}).clusters) == 2
    # The track went on: as its last record says, the two were not seen together after all.
    clusterer.insert(of(0, 1, moments=range(20, 30)))
    assert len(clusterer.recluster({}).clusters) == 1
    clusterer.insert(of(0, 1, moments=range(5, 30)))
    assert len(clusterer.recluster({}).clusters) == 2


def test_a_track_that_was_replaced_can_be_removed() -> None:
    clusterer = filled([of(0, 0), of(0, 1), of(0, 1)])
    clusterer.remove("0-1")
    assert clusterer.nearest("0-0", fixed_groups({"0-1": "p1"})) is None
    assert clusterer.recluster({}) == Partition((("0-0",),), ())


def test_the_continuation_of_a_track_is_the_same_person_however_it_looks() -> None:
    assert groups_of(filled([of(0, 0), of(1, 1, continues="0-0")]).recluster({})) == {
        frozenset({"0-0", "1-1"})
    }


def test_a_continuation_of_a_track_that_is_gone_stands_alone() -> None:
    clusterer = filled([of(0, 0), of(1, 1, continues="0-0")])
    clusterer.remove("0-0")
    assert clusterer.recluster({}).clusters == (("1-1",),)


def test_a_continuation_of_who_is_seen_at_the_same_time_is_not_believed() -> None:
    tracks = [of(0, 0, moments=range(10)), of(1, 1, moments=range(10), continues="0-0")]
    assert len(filled(tracks).recluster({}).clusters) == 2


def test_people_of_poor_tracks_alone_are_nobody() -> None:
    tracks = [of(0, 0, founder=False), of(0, 1, founder=False), of(1, 2)]
    assert filled(tracks).recluster({}) == Partition((("1-2",),), ("0-0", "0-1"))


def test_a_poor_track_joins_who_it_is_like() -> None:
    tracks = [of(0, 0, founder=False), of(0, 1), of(1, 2)]
    assert filled(tracks).recluster({}) == Partition((("0-0", "0-1"), ("1-2",)), ())


def test_the_threshold_is_the_least_mean_ratio() -> None:
    tracks = [evidence("a", beside(1.0)), evidence("b", beside(0.45))]
    # Halfway between 0 and 0.8 is even; at 0.45 the ratio is 80 * 0.05.
    assert len(filled(tracks, threshold=3.9, settings=USUAL).recluster({}).clusters) == 1
    assert len(filled(tracks, threshold=4.1, settings=USUAL).recluster({}).clusters) == 2


def test_what_was_thought_before_does_not_outweigh_what_is_seen() -> None:
    tracks = [of(k % 4, k) for k in range(12)]
    wrong = {track.track_id: f"p{k % 3}" for k, track in enumerate(tracks)}
    assert filled(tracks).recluster(wrong) == filled(tracks).recluster({})


# Earlier re-clusters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 100])
def test_who_was_together_stays_together_unless_there_is_a_reason(limit: int) -> None:
    """At a ratio of 4, a threshold above it parts the two; what they were before makes up for one unit."""
    tracks = [
        evidence("a", beside(1.0), source_id="v-1"),
        evidence("b", beside(0.45), source_id="v-1"),
    ]
    before = {"a": "p1", "b": "p1"}
    for threshold, fresh, settled in [(3.9, 1, 1), (4.5, 2, 1), (5.1, 2, 2)]:
        clusterer = filled(tracks, threshold=threshold, limit=limit, settings=USUAL)
        assert len(clusterer.recluster({}).clusters) == fresh
        assert len(clusterer.recluster(before).clusters) == settled
        assert len(clusterer.recluster({"a": "p1", "b": "p2"}).clusters) == fresh


@pytest.mark.parametrize("limit", [1, 1000])
@pytest.mark.parametrize(("others", "people"), [(10, 2), (400, 1)])
def test_across_few_sources_what_was_thought_before_counts_nothing(
    limit: int, others: int, people: int
) -> None:
    strangers = [of(1 + k % 30, k, source_id=f"v-{k}") for k in range(others)]
    clusterer = filled(strangers, threshold=4.5, limit=limit, settings=LikelihoodSettings(source_prior=0.0))
    clusterer.insert(evidence("a", unit(1.0), source_id="a"))
    clusterer.insert(evidence("b", beside(0.45, axis=31), source_id="b"))
    before = {track.track_id: "p" + track.track_id.split("-")[0] for track in strangers}
    found = clusterer.recluster({**before, "a": "p0", "b": "p0"})
    assert len({cluster for cluster in found.clusters if {"a", "b"} & set(cluster)}) == people


@pytest.mark.parametrize("limit", [1, 1000])
def test_who_has_a_name_is_not_parted_by_a_few_sources_more(limit: int) -> None:
    settings = LikelihoodSettings(stay_sources=50)

    def strangers(count: int) -> list[TrackEvidence]:
        return [of(1 + k % 30, k, source_id=f"v-{k}") for k in range(count)]

    def people(settled: dict[str, str], named: Sequence[str]) -> int:
        clusterer = filled([*pair, *strangers(12)], threshold=0.9, limit=limit, settings=settings)
        found = clusterer.recluster(settled, named)
        return len({cluster for cluster in found.clusters if {"a", "b"} & set(cluster)})

    pair = [evidence("a", unit(1.0), source_id="a"), evidence("b", beside(0.43, axis=31), source_id="b")]
    few = filled([*pair, *strangers(2)], threshold=0.9, limit=limit, settings=settings)
    assert ("a", "b") in few.recluster({}).clusters
    both = {"a": "p1", "b": "p1"}
    assert people(both, []) == 2
    assert people(both, ["p1"]) == 1
    assert people(both, ["p2"]) == 2
    # A name says nothing of others, nor of what was not together.
    assert people({"a": "p1", "b": "p2"}, ["p1", "p2"]) == 2
    assert people({"a": "p1"}, ["p1"]) == 2


@pytest.mark.parametrize("limit", [1, 1000])
def test_more_sources_elsewhere_part_nobody_who_was_together(limit: int) -> None:
    """Ten times as many sources ask 1.7 more of a pair: of those that come then, not of those that were."""
    settings = LikelihoodSettings(stay=0.0, stay_sources=0)

    def strangers(count: int) -> list[TrackEvidence]:
        return [of(1 + k % 30, k, source_id=f"v-{k}") for k in range(count)]

    def is_one(clusterer: TrackClusterer, settled: dict[str, str]) -> bool:
        found = clusterer.recluster(settled)
        return len({cluster for cluster in found.clusters if {"a", "b"} & set(cluster)}) == 1

    pair = [evidence("a", unit(1.0), source_id="a"), evidence("b", beside(0.45, axis=31), source_id="b")]
    # Pairs of one person are rare both times, which asks 0.75 more.
    few = filled([*pair, *strangers(40)], threshold=0.15, limit=limit, settings=settings)
    assert is_one(few, {})
    settled = {
        track_id: f"p{k}" for k, cluster in enumerate(few.recluster({}).clusters) for track_id in cluster
    }
    many = filled([*pair, *strangers(420)], threshold=0.15, limit=limit, settings=settings)
    assert is_one(many, settled)
    assert not is_one(many, {})


def test_calibrations_decide_what_alike_means() -> None:
    tracks = [evidence("a", beside(1.0)), evidence("b", beside(0.45))]
    strict = Calibration.flat(32, genuine=0.95, impostor=0.4, spread=0.1)
    assert len(filled(tracks).recluster({}).clusters) == 1
    clusterer = TrackClusterer(strict)
    for track in tracks:
        clusterer.insert(track)
    assert len(clusterer.recluster({}).clusters) == 2
    assert CALIBRATION.genuine[0, 0] != strict.genuine[0, 0]


def test_a_prior_of_very_many_sources_does_not_outgrow_what_faces_say() -> None:
    """As with hundreds of thousands of photos: more is asked of a pair than two faces count among few."""
    settings = LikelihoodSettings(source_prior=2.5)
    tracks = [of(k % 6, k) for k in range(60)]
    clusterer = TrackClusterer(CALIBRATION, settings=settings, limit=50)
    for track in tracks:
        clusterer.insert(replace(track, source_id=track.track_id))
    assert settings.source_prior * np.log(60) > settings.limit
    assert len(clusterer.recluster({}).clusters) == 6
    groups = {f"{k % 6}-{k}": f"p{k % 6}" for k in range(60)}
    assert clusterer.nearest("0-0", fixed_groups(groups)) == "p0"
