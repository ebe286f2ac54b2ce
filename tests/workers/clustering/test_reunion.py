from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from made_tracks import SOFT, beside, evidence, unit

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence
from workers.clustering.reunion import reunited
from workers.clustering.ties import Ties

NOBODY = np.zeros((0, 2), np.intp)


def reunion(
    labels: Sequence[int],
    *groups: Sequence[int],
    weights: Sequence[float] | None = None,
    apart: Sequence[tuple[int, int]] = (),
    sides: Sequence[tuple[Sequence[int], Sequence[int]]] = (),
    nodes: Sequence[int] | None = None,
    before: Sequence[int] | None = None,
) -> list[int]:
    count = len(labels)
    ties = Ties(groups, NOBODY, np.array(apart, np.intp).reshape(-1, 2), tuple(sides))
    return reunited(
        np.array(labels),
        np.arange(count) if nodes is None else np.array(nodes),
        ties,
        np.ones(count, np.float32) if weights is None else np.array(weights, np.float32),
        -1 - np.arange(count) if before is None else np.array(before),
    ).tolist()


# How parts come together ---------------------------------------------------------------------------------


def test_without_groups_nothing_changes() -> None:
    assert reunion([0, 1, 1, 2]) == [0, 1, 1, 2]


def test_whoever_joined_a_part_for_its_sake_comes_along() -> None:
    #       0--------  1-----  others
    assert reunion([0, 0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 4]) == [0, 0, 0, 0, 0, 0, 1]


def test_a_part_that_joined_somebody_else_leaves_them() -> None:
    assert reunion([0, 0, 0, 1, 1, 1], [0, 1, 2, 3]) == [0, 0, 0, 0, 1, 1]
    # Who weighs more decides, not who are more.
    assert reunion([0, 0, 0, 1, 1, 1], [0, 1, 2, 3], weights=[1, 1, 1, 2, 1, 1]) == [0, 0, 0, 0, 0, 0]


def test_whoever_was_of_that_person_before_speaks_for_the_part() -> None:
    labels, group = [0, 0, 0, 1, 1, 1, 1], [0, 1, 2, 3]
    assert reunion(labels, group) == [0, 0, 0, 0, 1, 1, 1]
    assert reunion(labels, group, before=[7, 7, 7, 7, 7, -1, -2]) == [0] * 7
    assert reunion(labels, group, before=[7, 7, 7, 7, 8, 8, 8]) == [0, 0, 0, 0, 1, 1, 1]


def test_who_must_be_apart_from_the_rest_does_not_come_along() -> None:
    labels, group = [0, 0, 0, 0, 1, 1, 1], [0, 1, 2, 4, 5]
    assert reunion(labels, group) == [0] * 7
    assert reunion(labels, group, apart=[(3, 6)]) == [0, 0, 0, 0, 0, 0, 1]
    assert reunion(labels, group, sides=[([6], [3])]) == [0, 0, 0, 0, 0, 0, 1]


def test_two_groups_are_one_person_only_where_most_of_both_is() -> None:
    # A part of the second has joined the first; its home is elsewhere.
    assert reunion([0, 0, 0, 0, 1, 1], [0, 1, 2], [3, 4, 5]) == [0, 0, 0, 1, 1, 1]
    assert reunion([0, 0, 0, 0, 0, 1], [0, 1, 2], [3, 4, 5]) == [0] * 6


def test_a_part_is_no_bridge_between_two_groups() -> None:
    # Each has a part in the cluster of three, where none is at home.
    labels = [0, 0, 1, 1, 2, 2, 2]
    assert reunion(labels, [0, 1, 4], [2, 3, 5]) == [0, 0, 1, 1, 0, 1, 2]


def test_what_continues_a_track_goes_with_it() -> None:
    assert reunion([0, 0, 1, 1, 1, 1, 1], [0, 1, 2], nodes=[0, 1, 2, 2, 4, 5, 6]) == [0, 0, 0, 0, 1, 1, 1]


def test_whoever_must_be_apart_from_what_comes_goes_elsewhere() -> None:
    # 1 continues 0, and was seen with 3, which is in the cluster where the group is at home.
    labels, nodes, group = [0, 0, 1, 1, 1], [0, 0, 2, 3, 3], [0, 2]
    weights = [1, 1, 5, 1, 1]
    assert reunion(labels, group, nodes=nodes, weights=weights) == [0] * 5
    assert reunion(labels, group, nodes=nodes, weights=weights, apart=[(1, 3)]) == [0, 0, 0, 1, 1]
    assert reunion(labels, group, nodes=nodes, weights=weights, sides=[([3], [1])]) == [0, 0, 0, 1, 1]


def test_what_continues_two_groups_makes_no_one_of_those_that_must_be_apart() -> None:
    labels, groups, nodes = [0, 0, 0, 1, 2], ([0, 3], [1, 4]), [0, 0, 0, 3, 4]
    assert reunion(labels, *groups, nodes=nodes) == [0] * 5
    assert reunion(labels, *groups, nodes=nodes, apart=[(3, 4)]) == [0, 1, 0, 0, 1]


def drawn_groups(data: st.DataObject, count: int) -> list[list[int]]:
    places = data.draw(st.permutations(range(count)))
    cuts = sorted(data.draw(st.sets(st.integers(0, count), max_size=4)))
    return [sorted(places[a:b]) for a, b in itertools.pairwise(cuts) if b - a > 1]


def drawn_apart(data: st.DataObject, labels: list[int], groups: list[list[int]]) -> set[tuple[int, int]]:
    """Closed over groups, as those of `Ties.of` are, and kept to by the clusters that are reunited."""
    whole_of, places = {k: group for group in groups for k in group}, st.integers(0, len(labels) - 1)
    loose = data.draw(st.lists(st.tuples(places, places), max_size=6))
    closed = [
        [(x, y) for x in whole_of.get(a, [a]) for y in whole_of.get(b, [b])]
        for a, b in loose
        if whole_of.get(a, [a]) != whole_of.get(b, [b])
    ]
    return {pair for pairs in closed if all(labels[x] != labels[y] for x, y in pairs) for pair in pairs}


@given(st.data())
def test_nobody_who_must_be_apart_is_brought_together_whatever_continues_whom(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 12))
    labels = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    # Those of a node are of one cluster.
    halves = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    names = [(label, half) for label, half in zip(labels, halves, strict=True)]
    nodes = [names.index(name) for name in names]
    groups = drawn_groups(data, count)
    apart = drawn_apart(data, labels, groups)
    found = reunion(labels, *groups, nodes=nodes, apart=sorted(apart))
    for group in groups:
        assert len({found[k] for k in group}) == 1
    assert all(found[a] != found[b] for a, b in apart)


@given(st.data())
def test_groups_are_whole_and_nobody_who_must_be_apart_is_brought_together(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 14))
    groups = drawn_groups(data, count)
    labels = data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    apart = drawn_apart(data, labels, groups)
    found = reunion(labels, *groups, apart=sorted(apart))
    for group in groups:
        assert len({found[k] for k in group}) == 1
    assert sorted(set(found)) == list(range(len(set(found))))
    free = sorted(set(range(count)) - {k for group in groups for k in group})
    # Those that nobody spoke of stay with each other, unless a part takes them all along.
    for a in free:
        for b in free:
            if labels[a] == labels[b]:
                assert found[a] == found[b]
    assert all(found[a] != found[b] for a, b in apart)


# What that changes ---------------------------------------------------------------------------------------


def tracks(name: str, vector: np.ndarray, count: int) -> list[TrackEvidence]:
    return [evidence(f"{name}{k}", vector) for k in range(count)]


def clusters(
    some: Sequence[TrackEvidence], together: Sequence[str], limit: int = 12_000
) -> set[frozenset[str]]:
    clusterer = TrackClusterer(SOFT, limit=limit)
    for track in some:
        clusterer.insert(track)
    clusterer.constrain(Constraints.of(together=[together] if together else []))
    return {frozenset(cluster) for cluster in clusterer.recluster({}).clusters}


def test_a_person_of_two_looks_takes_in_who_is_like_one_of_them() -> None:
    front, side = unit(1), unit(0, 1)
    known = [*tracks("front", front, 6), *tracks("side", side, 6)]
    new = evidence("new", beside(0.9, 5))
    said = [track.track_id for track in known]
    # As like the one as if nobody had said anything, and unlike the other.
    for limit in (1, 12_000):
        assert frozenset({*said[:6], "new"}) in clusters([*known, new], [], limit)
        assert clusters([*known, new], said, limit) == {frozenset({*said, "new"})}


def test_a_poor_track_that_was_given_to_somebody_brings_in_nobody() -> None:
    known, others = tracks("ada", unit(1), 6), tracks("bob", unit(0, 1), 6)
    said = [*(track.track_id for track in known), "bob5"]
    for limit in (1, 12_000):
        assert clusters([*known, *others], said, limit) == {
            frozenset(said),
            frozenset(f"bob{k}" for k in range(5)),
        }


def test_who_was_seen_beside_what_continues_a_track_is_not_merged_along_with_it() -> None:
    a = evidence("a", unit(1), moments=range(2))
    c = evidence("c", unit(1), moments=range(4, 6), continues="a")
    z = evidence("z", unit(0, 1), moments=range(4, 16))
    b = evidence("b", unit(0, 1), moments=range(100, 112))
    for limit in (1, 12_000):
        assert clusters([a, b, c, z], [], limit) == {frozenset("ac"), frozenset("bz")}
        assert clusters([a, b, c, z], ["a", "b"], limit) == {frozenset("abc"), frozenset("z")}
