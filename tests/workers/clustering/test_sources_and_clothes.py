"""What sources and clothes say beside faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from made_tracks import SOFT, USUAL, beside, clothes, evidence, fixed_groups, soft, unit

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.partition import Partition

IN_VIDEOS = replace(SOFT, video_rise=0.03)


def are_one(*tracks: TrackEvidence) -> bool:
    """Whether these tracks are one person."""
    return len(soft(*tracks).recluster({}).clusters) == 1


# What a source tells of itself ---------------------------------------------------------------------------


def together(count: int, similarity: float, **changes: object) -> list[TrackEvidence]:
    """People seen together in one long shot, of whom any two are so much alike."""
    share = np.sqrt(similarity)
    vectors = []
    for k in range(count):
        vector = np.zeros(32, np.float32)
        vector[31], vector[2 + k] = share, np.sqrt(1 - similarity)
        vectors.append(vector)
    return [evidence(f"x{k}", v, moments=range(50), **changes) for k, v in enumerate(vectors)]


PAIR = [evidence("a", beside(1.0)), evidence("b", beside(0.55))]


def has_pair(partition: Partition) -> bool:
    return any({"a", "b"} <= set(cluster) for cluster in partition.clusters)


def test_where_people_look_alike_likeness_means_less() -> None:
    assert has_pair(soft(*PAIR, *together(6, 0.1)).recluster({}))
    assert not has_pair(soft(*PAIR, *together(6, 0.7)).recluster({}))


def test_one_pair_seen_together_is_trusted_a_little() -> None:
    # One of eleven parts of a rise of 0.835 moves the even point by 0.057.
    for similarity, one in ((0.56, True), (0.554, False)):
        pair = [evidence("a", beside(1.0)), evidence("b", beside(similarity))]
        assert has_pair(soft(*pair, *together(2, 0.95)).recluster({})) is one


def test_what_one_source_tells_is_not_held_against_another() -> None:
    alike = together(6, 0.7, source_id="v-2")
    assert has_pair(soft(*PAIR, *alike).recluster({}))


def test_a_source_that_is_gone_tells_nothing_more() -> None:
    alike = together(6, 0.7)
    clusterer = soft(*PAIR, *alike)
    clusterer.recluster({})
    for track in alike:
        clusterer.remove(track.track_id)
    assert has_pair(clusterer.recluster({}))


def test_a_source_that_comes_back_begins_anew() -> None:
    clusterer = soft(*PAIR, *together(6, 0.7))
    clusterer.recluster({})
    assert clusterer.nearest("b", fixed_groups({"a": "p1"})) is None
    for track_id in ["a", "b", *(f"x{k}" for k in range(6))]:
        clusterer.remove(track_id)
    for track in PAIR:
        clusterer.insert(track)
    assert clusterer.nearest("b", fixed_groups({"a": "p1"})) == "p1"


def test_likeness_across_sources_is_held_to_the_stricter_of_the_two() -> None:
    apart = [evidence("a", beside(1.0)), evidence("b", beside(0.62), source_id="v-2")]
    assert has_pair(soft(*apart, *together(6, 0.1)).recluster({}))
    assert not has_pair(soft(*apart, *together(6, 0.7)).recluster({}))
    assert not has_pair(soft(*apart, *together(6, 0.7, source_id="v-2")).recluster({}))


@pytest.mark.parametrize(("photo", "one"), [(False, False), (True, True)])
def test_a_video_of_which_nothing_is_known_is_no_photo(photo: bool, one: bool) -> None:
    # The even point lies at 0.5 for photos, and 0.022 higher in videos.
    pair = [evidence(name, beside(s), photo=photo) for name, s in (("a", 1.0), ("b", 0.51))]
    clusterer = TrackClusterer(IN_VIDEOS)
    for track in pair:
        clusterer.insert(track)
    assert has_pair(clusterer.recluster({})) is one
    assert (clusterer.nearest("b", fixed_groups({"a": "p1"})) == "p1") is one


def test_what_is_seen_in_a_video_overrules_what_videos_are_like() -> None:
    pair = [evidence("a", beside(1.0)), evidence("b", beside(0.51))]
    clusterer = TrackClusterer(IN_VIDEOS, settings=USUAL)
    # Thirty people who are as little alike as calibrated.
    for track in [*pair, *(evidence(f"x{k}", beside(0.0, k), moments=range(50)) for k in range(2, 32))]:
        clusterer.insert(track)
    assert has_pair(clusterer.recluster({}))


def test_the_more_sources_the_more_likeness_is_asked_for() -> None:
    def pair(source_id: str) -> list[TrackEvidence]:
        return [evidence("a", beside(1.0)), evidence("b", beside(0.58), source_id=source_id)]

    # 0.71 for one person by the faces; 0.52 against by two sources, 0.82 by three.
    others = [evidence("c", beside(0.0, axis=5), source_id="v-3")]
    assert has_pair(soft(*pair("v-1")).recluster({}))
    assert has_pair(soft(*pair("v-2")).recluster({}))
    assert has_pair(soft(*pair("v-1"), *others).recluster({}))
    assert not has_pair(soft(*pair("v-2"), *others).recluster({}))


def test_many_sources_of_few_people_ask_for_little_likeness() -> None:
    same = [evidence(f"s{k}", unit(1), source_id=f"v-{k}") for k in range(60)]
    less_alike = evidence("t", beside(0.8), source_id="v-60")
    # What speaks against one person for tracks of two among sixty sources of many people.
    assert 0.75 * np.log(61) > 0.8 / 0.3**2 * (0.8 - 0.5)
    assert are_one(*same, less_alike)


def test_many_sources_of_many_people_ask_for_much() -> None:
    strangers = [evidence(f"s{axis}", beside(0.0, axis), source_id=f"v-{axis}") for axis in range(2, 32)]
    pair = [evidence("t", unit(1), source_id="v-0"), evidence("u", beside(0.78), source_id="v-1")]
    assert are_one(*pair)
    found = soft(*strangers, *pair).recluster({})
    assert len(found.clusters) == 32


# Clothes ------------------------------------------------------------------------------------------------


def dressed(
    similarity: float,
    mine: Sequence[int] | None,
    yours: Sequence[int] | None,
    *,
    minutes: float = 1,
    source_id: str = "v-1",
) -> bool:
    """Whether two tracks of this likeness and these clothes are one person."""
    a, b = (None if worn is None else clothes(*worn) for worn in (mine, yours))
    return are_one(
        evidence("a", beside(1.0), clothing=a, middle_s=30.0),
        evidence("b", beside(similarity), clothing=b, middle_s=30.0 + 60 * minutes, source_id=source_id),
    )


def test_clothes_help_where_faces_leave_a_doubt() -> None:
    # At 0.4 faces speak against by 0.89: the same clothes for by 2.5, others against by half.
    assert not dressed(0.4, None, None)
    assert dressed(0.4, [1, 2], [1, 2])
    assert not dressed(0.4, [1, 2], [3, 4])
    assert not dressed(0.4, [1, 2], None)
    assert not dressed(0.4, None, [1, 2])


def test_other_clothes_do_not_overrule_a_face() -> None:
    assert dressed(0.7, [1, 2], [3, 4])
    assert dressed(0.52, None, None)
    assert not dressed(0.52, [1, 2], [3, 4])
    assert dressed(0.52, [1, 2], None)
    assert dressed(0.52, None, [1, 2])


def test_the_same_clothes_do_not_overrule_a_face() -> None:
    assert not dressed(0.15, [1, 2], [1, 2])


@pytest.mark.parametrize(("minutes", "one"), [(9.9, True), (10.1, False), (-9.9, True), (-10.1, False)])
def test_clothes_count_for_ten_minutes(minutes: float, one: bool) -> None:
    assert dressed(0.4, [1, 2], [1, 2], minutes=minutes) is one


def test_across_sources_clothes_say_less_since_people_change_them() -> None:
    # At 0.45 faces speak against by 0.44, and two sources by 0.52: the same clothes for by 1.33.
    assert dressed(0.45, [1, 2], [1, 2], source_id="v-2")
    assert not dressed(0.4, [1, 2], [1, 2], source_id="v-2")
    assert not dressed(0.45, None, None, source_id="v-2")
    assert not dressed(0.45, [1, 2], [3, 4], source_id="v-2")
    # Others against by 0.1, where one source would have it by half.
    assert dressed(0.58, [1, 2], [3, 4], source_id="v-2")
    assert not dressed(0.565, [1, 2], [3, 4], source_id="v-2")
    assert dressed(0.565, None, None, source_id="v-2")


def test_clocks_of_two_sources_are_not_compared() -> None:
    assert dressed(0.45, [1, 2], [1, 2], minutes=1000, source_id="v-2")


@pytest.mark.parametrize(("minutes", "one"), [(9, True), (180, False)])
def test_of_a_long_source_few_tracks_are_of_the_occasion(minutes: float, one: bool) -> None:
    worn = clothes(1, 2)
    pair = [
        evidence("a", beside(1.0), clothing=worn, middle_s=30.0),
        evidence("b", beside(0.45), clothing=worn, middle_s=30.0, source_id="v-2"),
    ]
    later = evidence("c", beside(0.0, axis=5), middle_s=30.0 + 60 * minutes, source_id="v-2")
    assert has_pair(soft(*pair, later).recluster({})) is one


def test_a_new_track_of_another_source_is_given_to_whom_its_clothes_speak_for() -> None:
    worn = clothes(1, 2)
    for colours, person in ((worn, "p1"), (clothes(3, 4), None)):
        clusterer = soft(
            evidence("a", beside(1.0), clothing=worn),
            evidence("b", beside(0.45), clothing=colours, source_id="v-2"),
        )
        assert clusterer.nearest("b", fixed_groups({"a": "p1"})) == person


def test_where_people_dress_alike_clothes_say_less() -> None:
    pair = [
        evidence("a", beside(1.0), clothing=clothes(1, 2)),
        evidence("b", beside(0.4), clothing=clothes(1, 2, 3)),
    ]
    colourful = [
        evidence(t.track_id, t.template, moments=range(50), clothing=clothes(k + 2))
        for k, t in enumerate(together(4, 0.1))
    ]
    uniforms = [
        evidence(t.track_id, t.template, moments=range(50), clothing=clothes(1, 2)) for t in together(4, 0.1)
    ]
    assert has_pair(soft(*pair, *colourful).recluster({}))
    assert not has_pair(soft(*pair, *uniforms).recluster({}))
    # Three pairs in uniform are too few to tell, however many more are seen whose clothes are not.
    few = [*uniforms[:3], *together(6, 0.1)[3:]]
    assert has_pair(soft(*pair, *few).recluster({}))
