"""How often people of one recording are in others, and what that does to people."""

from __future__ import annotations

import pytest
from made_tracks import SOFT, beside, evidence, fixed_groups, unit

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.likelihood import LikelihoodSettings


def strangers(videos: int, *, photo: bool = False) -> list[TrackEvidence]:
    """A person in each of some videos, who is like nobody."""
    return [
        evidence(f"s{axis}", beside(0.0, axis), source_id=f"other-{axis}", photo=photo)
        for axis in range(3, 3 + videos)
    ]


def regulars(videos: int) -> list[TrackEvidence]:
    """A person who is in some videos."""
    return [evidence(f"r{k}", beside(0.0, 3), source_id=f"other-{k + 3}") for k in range(videos)]


def are_one(limit: int, similarity: float, *others: TrackEvidence, against: float = 0.75) -> bool:
    """Whether two tracks of two videos are one person, however many videos there are."""
    settings = LikelihoodSettings(source_prior=0.0, rarity_against=against)
    clusterer = TrackClusterer(SOFT, settings=settings, limit=limit)
    pair = evidence("a", unit(1.0)), evidence("b", beside(similarity), source_id="v-2", moments=[5000])
    for track in (*pair, *others):
        clusterer.insert(track)
    return any({"a", "b"} <= set(cluster) for cluster in clusterer.recluster({}).clusters)


@pytest.mark.parametrize("limit", [1, 1000])
def test_where_nobody_of_one_video_is_in_another_more_is_asked_of_one_person(limit: int) -> None:
    # A cosine of 0.5 is even, one of 0.53 speaks for one person a little.
    assert are_one(limit, 0.53)
    assert not are_one(limit, 0.53, *strangers(12))
    assert are_one(limit, 0.9, *strangers(12))


@pytest.mark.parametrize("limit", [1, 1000])
def test_where_people_of_one_video_are_in_others_no_more_is_asked(limit: int) -> None:
    assert are_one(limit, 0.53, *regulars(12))


def test_nor_less_is_asked_than_of_videos_of_which_nothing_is_known() -> None:
    assert not are_one(1000, 0.48)
    assert not are_one(1000, 0.48, *regulars(12))


@pytest.mark.parametrize("limit", [1, 1000])
def test_strangers_in_videos_that_come_later_part_nobody_who_has_a_name(limit: int) -> None:
    settings = LikelihoodSettings(source_prior=0.0)
    clusterer = TrackClusterer(SOFT, settings=settings, limit=limit)
    for track in (evidence("a", unit(1.0)), evidence("b", beside(0.53), source_id="v-2", moments=[5000])):
        clusterer.insert(track)
    assert clusterer.recluster({}).clusters == (("a", "b"),)
    for track in strangers(14):
        clusterer.insert(track)
    assert ("a", "b") not in clusterer.recluster({}).clusters
    settled = {"a": "p1", "b": "p1"}
    assert ("a", "b") in clusterer.recluster(settled, ["p1"]).clusters


def test_many_people_who_are_in_both_of_two_videos_make_pairs_of_one_person_rare() -> None:
    def everybody(people: int) -> list[TrackEvidence]:
        return [
            evidence(f"{source}{axis}", beside(0.0, axis), source_id=source, moments=[100 * axis])
            for source in ("m", "n")
            for axis in range(3, 3 + people)
        ]

    assert are_one(1000, 0.53, *everybody(3))
    assert not are_one(1000, 0.53, *everybody(28))


def test_photos_tell_nothing_of_videos() -> None:
    assert are_one(1000, 0.53, *strangers(12, photo=True))


def test_it_counts_no_more_than_it_may() -> None:
    assert are_one(1000, 0.53, *strangers(12), against=0.0)


def test_two_tracks_of_one_video_are_left_alone() -> None:
    clusterer = TrackClusterer(SOFT)
    for track in (evidence("a", unit(1.0)), evidence("b", beside(0.53), moments=[5000]), *strangers(12)):
        clusterer.insert(track)
    assert any({"a", "b"} <= set(cluster) for cluster in clusterer.recluster({}).clusters)


def test_a_snapshot_hands_back_what_it_measured() -> None:
    clusterer = TrackClusterer(SOFT, settings=LikelihoodSettings(source_prior=0.0))
    for track in (evidence("a", unit(1.0)), *strangers(12)):
        clusterer.insert(track)
    groups = fixed_groups({"a": "p1"})
    clusterer.insert(evidence("b", beside(0.53), source_id="v-2", moments=[5000]))
    assert clusterer.nearest("b", groups) == "p1"
    snapshot = clusterer.snapshot()
    snapshot.recluster({})
    clusterer.adopt(snapshot)
    assert clusterer.nearest("b", groups) is None
