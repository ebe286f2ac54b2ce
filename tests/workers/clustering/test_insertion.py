"""Who a track is given to as it comes."""

from __future__ import annotations

import pytest
from made_tracks import beside, evidence, filled, fixed_groups, groups_of, of, soft

from workers.clustering.groups import Groups


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
