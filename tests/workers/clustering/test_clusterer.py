from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tracks import CAST, beside, clothes, evidence, filled, fixed_groups, of, unit
from synthetic import CALIBRATION

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence, seen_together
from workers.clustering.groups import Groups
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.partition import Partition
from workers.models.calibration import Calibration

# Similarities spread widely, so that log-likelihood ratios do not run into their limit: 2.5 at 0.75.
SOFT = Calibration.flat(32, genuine=0.9, impostor=0.1, spread=0.3)
IN_VIDEOS = replace(SOFT, video_rise=0.03)


def soft(*tracks: TrackEvidence) -> TrackClusterer:
    clusterer = TrackClusterer(SOFT)
    for track in tracks:
        clusterer.insert(track)
    return clusterer


def groups_of(partition: Partition) -> set[frozenset[str]]:
    return {frozenset(cluster) for cluster in partition.clusters}


def are_one(*tracks: TrackEvidence) -> bool:
    """Whether these tracks are one person."""
    return len(soft(*tracks).recluster({}).clusters) == 1


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


def crowd(seed: int) -> list[TrackEvidence]:
    """Tracks so noisy, and so often seen together, that many merges hang in the balance."""
    random = np.random.default_rng(seed)
    tracks = []
    for k in range(16):
        start = int(random.integers(0, 60))
        frames = range(start, start + int(random.integers(1, 15)))
        tracks.append(
            evidence(
                f"t{k:02}",
                CAST.vector(int(random.integers(0, 4)), 1000 * seed + k, noise=1.1),
                source_id=str(random.choice(["v-1", "v-2"])),
                moments=frames,
                middle_s=frames[0] / 25,
                founder=bool(random.random() < 0.7),
                clothing=clothes(*random.integers(0, 8, 2).tolist()) if random.random() < 0.5 else None,
                continues=f"t{k - 1:02}" if random.random() < 0.15 else None,
            )
        )
    return tracks


crowds = st.integers(0, 10_000).map(crowd)


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
    assert len(filled(tracks, threshold=3.9).recluster({}).clusters) == 1
    assert len(filled(tracks, threshold=4.1).recluster({}).clusters) == 2


def test_what_was_thought_before_does_not_outweigh_what_is_seen() -> None:
    tracks = [of(k % 4, k) for k in range(12)]
    wrong = {track.track_id: f"p{k % 3}" for k, track in enumerate(tracks)}
    assert filled(tracks).recluster(wrong) == filled(tracks).recluster({})


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
    clusterer = TrackClusterer(IN_VIDEOS)
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


def test_clothes_say_nothing_across_sources() -> None:
    assert not dressed(0.4, [1, 2], [1, 2], source_id="v-2")


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


# Insertion ----------------------------------------------------------------------------------------------


def test_the_first_track_is_like_nobody() -> None:
    assert filled([of(0, 0)]).nearest("0-0", fixed_groups({})) is None


def test_a_track_is_given_to_who_it_is_like() -> None:
    clusterer = filled(of(k % 3, k) for k in range(9))
    groups = {f"{k % 3}-{k}": f"p{k % 3}" for k in range(6)}
    assert [clusterer.nearest(f"{k % 3}-{k}", fixed_groups(groups)) for k in range(6, 9)] == [
        "p0",
        "p1",
        "p2",
    ]


def test_a_stranger_is_given_to_nobody() -> None:
    clusterer = filled([of(0, 0), of(1, 1)])
    assert clusterer.nearest("1-1", fixed_groups({"0-0": "p1"})) is None


def test_a_track_of_nobody_is_no_reason() -> None:
    clusterer = filled([of(0, 0), of(0, 1), of(1, 2)])
    assert clusterer.nearest("0-1", fixed_groups({"1-2": "p2"})) is None


def test_groups_of_tracks_that_are_not_there_do_not_matter() -> None:
    clusterer = filled([of(0, 0), of(0, 1)])
    assert clusterer.nearest("0-1", fixed_groups({"0-0": "p1", "9-9": "p9"})) == "p1"


def test_a_track_does_not_speak_for_itself() -> None:
    clusterer = filled([of(0, 0), of(0, 1)])
    assert clusterer.nearest("0-1", fixed_groups({"0-0": "p1", "0-1": "p2"})) == "p1"
    assert clusterer.nearest("0-1", fixed_groups({"0-1": "p2"})) is None
    clusterer.insert(of(1, 2, moments=[7]))
    assert clusterer.nearest("0-1", fixed_groups({"0-1": "p2", "1-2": "p2"})) is None


def test_who_is_seen_at_the_same_time_is_somebody_else() -> None:
    clusterer = filled([of(0, 0, moments=range(10)), of(0, 1, moments=range(10)), of(0, 2)])
    assert clusterer.nearest("0-1", fixed_groups({"0-0": "p1"})) is None
    assert clusterer.nearest("0-1", fixed_groups({"0-0": "p1", "0-2": "p2"})) == "p2"
    # One track of the person is enough.
    assert clusterer.nearest("0-1", fixed_groups({"0-0": "p1", "0-2": "p1"})) is None


def test_the_whole_group_counts_and_not_the_most_alike_of_it() -> None:
    tracks = [
        evidence("new", beside(1.0)),
        evidence("a", beside(0.75, axis=1)),
        evidence("b", beside(0.95, axis=2)),
        evidence("c", beside(0.2, axis=3)),
    ]
    assert soft(*tracks).nearest("new", fixed_groups({"a": "p1", "b": "p2", "c": "p2"})) == "p1"
    assert soft(*tracks).nearest("new", fixed_groups({"b": "p2", "c": "p3"})) == "p2"


def test_longer_tracks_of_a_group_count_more() -> None:
    tracks = [
        evidence("new", beside(1.0)),
        evidence("a", beside(0.75, axis=1)),
        evidence("b", beside(0.9, axis=2), moments=range(12)),
        evidence("c", beside(0.5, axis=3), moments=[99]),
    ]
    # The plain mean of b and c would be behind a.
    assert soft(*tracks).nearest("new", fixed_groups({"a": "p1", "b": "p2", "c": "p2"})) == "p2"


@pytest.mark.parametrize(("threshold", "found"), [(3.9, "p1"), (4.1, None)])
def test_an_insertion_needs_the_same_threshold(threshold: float, found: str | None) -> None:
    tracks = [evidence("a", beside(1.0)), evidence("b", beside(0.45))]
    assert filled(tracks, threshold=threshold).nearest("b", fixed_groups({"a": "p1"})) == found


def test_an_unknown_track_can_not_be_placed() -> None:
    with pytest.raises(KeyError):
        filled([of(0, 0)]).nearest("nobody", fixed_groups({"0-0": "p1"}))


def test_a_look_at_several_tracks_at_once_changes_nothing() -> None:
    clusterer = filled(of(k % 4, k) for k in range(40))
    groups = {f"{k % 4}-{k}": f"p{k % 4}" for k in range(0, 30, 2)}
    ids = [f"{k % 4}-{k}" for k in range(30, 40)]
    alone = [clusterer.nearest(track_id, fixed_groups(groups)) for track_id in ids]
    assert set(alone) == {"p0", "p2", None}
    clusterer.look_ahead([*ids, ids[0]])
    assert [clusterer.nearest(track_id, fixed_groups(groups)) for track_id in ids] == alone


def test_tracks_that_come_after_a_look_at_several_count_as_well() -> None:
    clusterer = filled([of(0, 0), of(1, 1), of(2, 2)])
    clusterer.look_ahead(["0-0", "1-1", "2-2"])
    clusterer.insert(of(0, 3))
    assert clusterer.nearest("0-0", fixed_groups({"0-3": "p1"})) == "p1"
    clusterer.look_ahead(["0-0", "1-1"])
    # The last row moves into the place of the one that went.
    clusterer.remove("1-1")
    assert clusterer.nearest("0-0", fixed_groups({"0-3": "p1", "2-2": "p2"})) == "p1"


def test_inserting_one_by_one_gives_the_people_of_a_recluster() -> None:
    """Where people are easily told apart, nothing moves when everything is clustered anew."""
    tracks = [of(k % 5, k) for k in range(25)]
    clusterer = filled([])
    groups: dict[str, str] = {}
    for track in tracks:
        clusterer.insert(track)
        found = clusterer.nearest(track.track_id, fixed_groups(groups))
        # The same where somebody knows who is in which group, among them tracks that are no longer there.
        there = {g: [*(t for t in groups if groups[t] == g), "gone"] for g in set(groups.values())}
        assert clusterer.nearest(track.track_id, Groups(groups, there.__getitem__, lambda: 0)) == found
        groups[track.track_id] = found or f"p{len(set(groups.values())) + 1}"
    by_group = {frozenset(t for t, g in groups.items() if g == group) for group in groups.values()}
    assert groups_of(clusterer.recluster(groups)) == by_group


# Large collections --------------------------------------------------------------------------------------


def spread_out(tracks: Sequence[TrackEvidence], sources: int) -> list[TrackEvidence]:
    """The same tracks, dealt out over some sources."""
    return [replace(track, source_id=f"v-{k % sources}") for k, track in enumerate(tracks)]


@pytest.mark.parametrize("sources", [1, 3, 40])
def test_beyond_the_limit_the_same_people_are_found(sources: int) -> None:
    tracks = spread_out([of(k % 4, k) for k in range(40)], sources)
    assert filled(tracks, limit=12).recluster({}) == filled(tracks).recluster({})


@settings(max_examples=20, deadline=None)
@given(crowds, st.randoms(use_true_random=False))
def test_beyond_the_limit_order_plays_no_part_either(tracks: list[TrackEvidence], random: object) -> None:
    shuffled = tracks.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    clusterer = filled(shuffled[:10], limit=1)
    clusterer.recluster({})
    for track in shuffled[10:]:
        clusterer.insert(track)
    assert clusterer.recluster({}) == filled(tracks, limit=1).recluster({})


@settings(max_examples=20, deadline=None)
@given(crowds)
def test_beyond_the_limit_nobody_is_in_two_places_at_once_and_every_track_is_told_once(
    tracks: list[TrackEvidence],
) -> None:
    found = filled(tracks, limit=1).recluster({})
    assert sorted(itertools.chain(*found.clusters, found.unassigned)) == [t.track_id for t in tracks]
    by_id = {track.track_id: track for track in tracks}
    for cluster in found.clusters:
        assert not any(seen_together(by_id[a], by_id[b]) for a, b in itertools.combinations(cluster, 2))


@settings(max_examples=20, deadline=None)
@given(crowds, st.integers(0, 2**16 - 1))
def test_beyond_the_limit_what_came_and_went_leaves_no_trace(tracks: list[TrackEvidence], gone: int) -> None:
    staying = [t for k, t in enumerate(tracks) if not gone >> k & 1]
    clusterer = filled(tracks, limit=1)
    clusterer.recluster({})
    for k, track in enumerate(tracks):
        if gone >> k & 1:
            clusterer.remove(track.track_id)
    assert clusterer.recluster({}) == filled(staying, limit=1).recluster({})


def test_beyond_the_limit_clothes_help_where_faces_leave_a_doubt() -> None:
    for worn, people in [(None, 2), (clothes(1, 2), 1)]:
        clusterer = TrackClusterer(SOFT, limit=1)
        clusterer.insert(evidence("a", beside(1.0), clothing=worn))
        clusterer.insert(evidence("b", beside(0.4), clothing=worn))
        assert len(clusterer.recluster({}).clusters) == people


def test_however_many_sources_there_are_people_are_found_in_them() -> None:
    """What speaks against one person across so many is more than one likeness among few could speak for."""
    few = LikelihoodSettings(limit=2.0)
    tracks = [evidence(f"{k % 2}-{k}", unit(*np.eye(2)[k % 2]), source_id=f"i-{k}") for k in range(40)]
    found = filled(tracks, limit=1, settings=few).recluster({})
    assert [len(cluster) for cluster in found.clusters] == [20, 20]


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
        clusterer = filled(tracks, threshold=threshold, limit=limit)
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
def test_more_sources_elsewhere_part_nobody_who_was_together(limit: int) -> None:
    """Ten times as many sources ask 1.7 more of a pair: of those that come then, not of those that were."""
    settings = LikelihoodSettings(stay=0.0, stay_sources=0)

    def strangers(count: int) -> list[TrackEvidence]:
        return [of(1 + k % 30, k, source_id=f"v-{k}") for k in range(count)]

    def is_one(clusterer: TrackClusterer, settled: dict[str, str]) -> bool:
        found = clusterer.recluster(settled)
        return len({cluster for cluster in found.clusters if {"a", "b"} & set(cluster)}) == 1

    pair = [evidence("a", unit(1.0), source_id="a"), evidence("b", beside(0.45, axis=31), source_id="b")]
    few = filled([*pair, *strangers(40)], threshold=0.9, limit=limit, settings=settings)
    assert is_one(few, {})
    settled = {
        track_id: f"p{k}" for k, cluster in enumerate(few.recluster({}).clusters) for track_id in cluster
    }
    many = filled([*pair, *strangers(420)], threshold=0.9, limit=limit, settings=settings)
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
