"""No re-cluster loses a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.matching import Inheritance
from workers.clustering.partition import Partition
from workers.membership import Membership
from workers.named_people import inherit_with_names

TRACKS = [f"t{number}" for number in range(9)]
PEOPLE = [f"p{number}" for number in range(1, 6)]


def first_takes_the_rest(cluster: Collection[str], homes: Sequence[Collection[str]]) -> list[tuple[str, ...]]:
    rest = set(cluster).difference(*homes)
    return [tuple(sorted({*home, *(rest if k == 0 else ())})) for k, home in enumerate(homes)]


def inherited(
    partition: Partition, owners: Mapping[str, str], names: Mapping[str, str], **weights: float
) -> tuple[Partition, Inheritance]:
    membership = Membership({}, lambda: pytest.fail("nobody new is needed here"))
    for track_id, identity_id in owners.items():
        membership.load_track(track_id, identity_id)
    return inherit_with_names(
        partition, membership, dict.fromkeys(TRACKS, 1.0) | weights, names, first_takes_the_rest
    )


def test_without_a_name_at_stake_nothing_is_divided() -> None:
    whole = Partition((("t0", "t1", "t2", "t3"),), ("t4",), wide=1)
    owners = {"t0": "p1", "t1": "p2", "t2": "p3", "t4": "p4"}
    for names in ({}, {"p3": "Ada"}, {"p1": "Ada", "p2": "Ada"}):
        partition, inheritance = inherited(whole, owners, names)
        assert partition == whole
        assert len(inheritance.merged) == 2


def test_each_name_gets_a_part_with_all_that_its_people_had_there() -> None:
    partition, inheritance = inherited(
        Partition((("t0", "t1", "t2", "t3", "t4"),), ()),
        {"t0": "p1", "t1": "p2", "t2": "p3", "t4": "p1"},
        {"p1": "Ada", "p2": "Bob", "p3": "Ada"},
    )
    assert partition.clusters == (("t0", "t2", "t3", "t4"), ("t1",))
    assert (inheritance.heirs, inheritance.merged) == (("p1", "p2"), {"p3": "p1"})


def test_a_track_of_somebody_named_may_go_to_another_one() -> None:
    # Both go on, so that what one had wrongly is no reason to divide anything.
    whole = Partition((("t0", "t1"), ("t2", "t3")), ())
    owners = {"t0": "p1", "t1": "p1", "t2": "p1", "t3": "p2"}
    partition, inheritance = inherited(whole, owners, {"p1": "Ada", "p2": "Bob"}, t3=2.0)
    assert partition == whole
    assert inheritance.heirs == ("p1", "p2")


def test_nobody_named_loses_most_of_their_tracks_to_another_name() -> None:
    # As where another way to group people puts many into one.
    partition, inheritance = inherited(
        Partition((("t0", "t1", "t2", "t3", "t4"), ("t5",)), ()),
        {"t0": "p1", "t1": "p1", "t2": "p1", "t3": "p2", "t4": "p2", "t5": "p2"},
        {"p1": "Ada", "p2": "Bob"},
    )
    assert partition.clusters == (("t0", "t1", "t2"), ("t3", "t4"), ("t5",))
    assert inheritance.heirs == ("p1", "p2", None)


def test_one_heavy_track_takes_nobody_from_their_own_cluster() -> None:
    whole = Partition((("t0", "t1"), ("t2", "t3", "t4")), ())
    owners = {"t0": "p1", "t1": "p2", "t2": "p2", "t3": "p2", "t4": "p2"}
    partition, inheritance = inherited(whole, owners, {"p1": "Ada", "p2": "Bob"}, t0=20.0, t1=10.0)
    assert partition == whole
    assert inheritance.heirs == ("p1", "p2")


def test_a_named_person_keeps_what_would_be_nobody_s() -> None:
    partition, inheritance = inherited(
        Partition((("t3",),), ("t0", "t1", "t2")),
        {"t0": "p1", "t1": "p2", "t2": "p1", "t3": "p3"},
        {"p1": "Ada"},
    )
    assert partition == Partition((("t0", "t2"), ("t3",)), ("t1",))
    assert (inheritance.heirs, inheritance.vanished) == (("p1", "p3"), ("p2",))


@given(st.data())
def test_no_name_is_ever_lost(data: st.DataObject) -> None:
    groups: dict[int, list[str]] = {}
    for track_id in TRACKS:
        groups.setdefault(data.draw(st.integers(0, 3)), []).append(track_id)
    unassigned = tuple(groups.pop(0, ()))
    before = Partition(tuple(tuple(group) for group in groups.values()), unassigned)
    owners = data.draw(st.dictionaries(st.sampled_from(TRACKS), st.sampled_from(PEOPLE)))
    bearers = sorted(set(owners.values()))
    names = data.draw(
        st.dictionaries(st.sampled_from(bearers or PEOPLE), st.sampled_from(["Ada", "Bob", "Cy"]))
    )
    weights = {track_id: float(data.draw(st.integers(1, 5))) for track_id in TRACKS}

    partition, inheritance = inherited(before, owners, names, **weights)

    # Who goes on has their name, or takes over that of those who don't.
    called: dict[str, set[str]] = {}
    for identity_id in names.keys() & set(bearers):
        heir = inheritance.merged.get(identity_id, identity_id)
        assert heir in inheritance.heirs
        called.setdefault(heir, set()).add(names[identity_id])
    assert all(len(theirs) == 1 for theirs in called.values())
    # Nobody loses most of what they have to somebody of another name.
    for identity_id, name in names.items():
        own = [
            (heir, sum(owners.get(t) == identity_id for t in group))
            for group, heir in zip(partition.clusters, inheritance.heirs, strict=True)
        ]
        total = list(owners.values()).count(identity_id)
        assert all(2 * count <= total for heir, count in own if names.get(heir or "", name) != name)
    # Clusters are divided, and never united.
    placed = [track_id for group in (*partition.clusters, partition.unassigned) for track_id in group]
    assert sorted(placed) == TRACKS
    assert all(
        any(set(part) <= set(whole) for whole in (*before.clusters, unassigned))
        for part in partition.clusters
    )
