from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.matching import Inheritance, inherit


def by_age(*identities: str, named: Sequence[str] = ()) -> dict[str, tuple[bool, int]]:
    """Seniority of identities, the oldest first."""
    return {identity: (identity in named, age) for age, identity in enumerate(identities)}


def matched(
    clusters: Sequence[str],
    before: Mapping[str, str],
    *,
    named: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
) -> Inheritance:
    """Clusters and identities as strings of one-letter tracks; identities in order of their age."""
    current = {track: identity for identity, tracks in before.items() for track in tracks}
    equal = dict.fromkeys([*current, *"".join(clusters)], 1.0)
    return inherit(clusters, current, {**equal, **(weights or {})}, by_age(*before, named=named))


def test_the_same_clusters_keep_their_ids() -> None:
    assert matched(["de", "abc"], {"p1": "abc", "p2": "de"}) == Inheritance(("p2", "p1"), {}, ())


def test_a_new_cluster_has_nothing_to_inherit() -> None:
    assert matched(["ab", "xy"], {"p1": "ab"}) == Inheritance(("p1", None), {}, ())


def test_the_larger_part_of_a_divided_person_keeps_the_id() -> None:
    assert matched(["ab", "cde"], {"p1": "abcde"}).heirs == (None, "p1")


def test_the_larger_of_two_merged_people_goes_on() -> None:
    found = matched(["abcde"], {"p1": "ab", "p2": "cde"})
    assert found == Inheritance(("p2",), {"p1": "p2"}, ())


def test_weight_counts_and_not_number() -> None:
    found = matched(["abcde"], {"p1": "ab", "p2": "cde"}, weights={"a": 5.0})
    assert found.heirs == ("p1",)


def test_the_older_of_equals_goes_on() -> None:
    before = {"p1": "ab", "p2": "cd"}
    assert matched(["abcd"], before) == Inheritance(("p1",), {"p2": "p1"}, ())
    # Whatever their names sort like.
    assert matched(["abcd"], {"p9": "ab", "p10": "cd"}).heirs == ("p9",)


def test_the_older_of_equals_goes_on_where_others_have_a_say_too() -> None:
    # Whichever of the clusters takes p3, three tracks keep their ids; p1 is older than p2.
    assert matched(["bwx", "acyz"], {"p1": "a", "p2": "bc", "p3": "wxyz"}).heirs == ("p3", "p1")


def test_a_named_person_goes_on_before_an_older_one() -> None:
    before = {"p1": "ab", "p2": "cd", "p3": "ef"}
    assert matched(["abcdef"], before, named=["p3"]).heirs == ("p3",)
    assert matched(["abcdef"], before, named=["p3", "p2"]).heirs == ("p2",)


def test_a_name_does_not_outweigh_more_faces() -> None:
    assert matched(["abcde"], {"p1": "abc", "p2": "de"}, named=["p2"]).heirs == ("p1",)


def test_of_two_equal_parts_only_one_inherits() -> None:
    assert sorted(matched(["ab", "cd"], {"p1": "abcd"}).heirs, key=str) == [None, "p1"]


def test_ids_are_exchanged_for_the_most_common_faces_in_all() -> None:
    # The first cluster has three tracks of p1, but if it takes p2 with two, the second may keep three of p1.
    found = matched(["abcxy", "def"], {"p1": "abcdef", "p2": "xy"})
    assert found.heirs == ("p2", "p1")


def test_an_identity_without_tracks_vanishes() -> None:
    assert matched(["ab"], {"p1": "ab", "p2": "cd"}) == Inheritance(("p1",), {}, ("p2",))
    assert matched([], {"p1": "ab", "p2": "cd"}) == Inheritance((), {}, ("p1", "p2"))


def test_a_merged_identity_points_to_who_has_most_of_its_tracks() -> None:
    found = matched(["abcx", "defyz"], {"p1": "abc", "p2": "def", "p3": "xyz"})
    assert found.heirs == ("p1", "p2")
    assert found.merged == {"p3": "p2"}


def test_in_the_beginning_everyone_is_new() -> None:
    assert matched(["ab", "c"], {}) == Inheritance((None, None), {}, ())
    assert matched([], {}) == Inheritance((), {}, ())


def test_ten_thousand_people_take_little_memory() -> None:
    ids = [f"p{k}" for k in range(10_000)]
    tracks = [f"t{k}" for k in range(10_000)]
    # Most stay by themselves; the first two have exchanged a track.
    clusters = [[tracks[1], tracks[0]], *([track] for track in tracks[2:])]
    tracemalloc.start()
    try:
        found = inherit(
            clusters, dict(zip(tracks, ids, strict=True)), dict.fromkeys(tracks, 1.0), by_age(*ids)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == Inheritance((ids[0], *ids[2:]), {ids[1]: ids[0]}, ())
    # A table of all clusters and all people would take 800 MB.
    assert peak < 50e6


Situation = tuple[list[list[str]], dict[str, str], dict[str, float], dict[str, tuple[bool, int]]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Up to ten tracks, each in at most one cluster and one identity."""
    tracks = [f"t{k}" for k in range(draw(st.integers(0, 10)))]
    clusters: dict[int, list[str]] = {}
    current: dict[str, str] = {}
    for track in tracks:
        cluster, identity = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
        if cluster:
            clusters.setdefault(cluster, []).append(track)
        if identity:
            current[track] = f"p{identity}"
    weights = {track: draw(st.sampled_from([1.0, 2.0, 3.0])) for track in tracks}
    ages = draw(st.permutations(range(4)))
    seniority = {f"p{k + 1}": (draw(st.booleans()), age) for k, age in enumerate(ages)}
    return list(clusters.values()), current, weights, seniority


@settings(max_examples=60, deadline=None)
@given(situations())
def test_every_identity_has_one_fate(situation: Situation) -> None:
    clusters, current, weights, seniority = situation
    found = inherit(clusters, current, weights, seniority)
    heirs = [identity for identity in found.heirs if identity is not None]
    assert len(found.heirs) == len(clusters)
    assert sorted([*heirs, *found.merged, *found.vanished]) == sorted(set(current.values()))
    assert set(found.merged.values()) <= set(heirs)
    for members, identity in zip(clusters, found.heirs, strict=True):
        if identity is not None:
            assert identity in {current.get(track) for track in members}
    placed = {track for members in clusters for track in members}
    for identity in found.vanished:
        assert not placed & {track for track, owner in current.items() if owner == identity}


@settings(max_examples=40, deadline=None)
@given(situations())
def test_no_other_way_keeps_more_faces_with_their_ids(situation: Situation) -> None:
    clusters, current, weights, seniority = situation

    def kept(heirs: Sequence[str | None]) -> float:
        return sum(
            weights[track]
            for members, identity in zip(clusters, heirs, strict=True)
            for track in members
            if identity is not None and current.get(track) == identity
        )

    # Every cluster with one identity or none: nobody twice.
    candidates = [*sorted(set(current.values())), *[None] * len(clusters)]
    best = max(kept(heirs) for heirs in itertools.permutations(candidates, len(clusters)))
    assert kept(inherit(clusters, current, weights, seniority).heirs) == pytest.approx(best)


@settings(max_examples=80, deadline=None)
@given(situations())
def test_no_senior_identity_gives_way_to_a_junior_with_as_many_faces(situation: Situation) -> None:
    clusters, current, weights, seniority = situation
    found = inherit(clusters, current, weights, seniority)

    def rank(identity: str) -> tuple[bool, int]:
        named, age = seniority[identity]
        return not named, age

    for members, heir in zip(clusters, found.heirs, strict=True):
        shared: dict[str, float] = {}
        for track in members:
            if track in current:
                shared[current[track]] = shared.get(current[track], 0.0) + weights[track]
        for identity in {*found.merged, *found.vanished} & set(shared):
            assert heir is not None
            if shared[identity] == shared.get(heir):
                assert rank(heir) < rank(identity)


@settings(max_examples=30, deadline=None)
@given(situations())
def test_the_order_in_which_tracks_are_told_does_not_matter(situation: Situation) -> None:
    clusters, current, weights, seniority = situation
    turned = (
        [members[::-1] for members in clusters],
        dict(reversed(current.items())),
        dict(reversed(weights.items())),
        dict(reversed(seniority.items())),
    )
    assert inherit(*turned) == inherit(*situation)
