"""What people said holds at every re-cluster, whatever the faces look like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kept_constraints import hold_in
from made_tracks import filled, fixed_groups, of

from workers.clustering.constraints import Constraints
from workers.clustering.evidence import TrackEvidence
from workers.clustering.partition import Partition


def owners_of(partition: Partition) -> dict[str, str]:
    return {t: f"new{k}" for k, cluster in enumerate(partition.clusters) for t in cluster}


def together(*tracks: TrackEvidence) -> TrackEvidence:
    """The first of the tracks, at the moments of the second as well."""
    first, second = tracks
    return replace(first, moments=np.union1d(first.moments, second.moments))


def test_tracks_that_people_put_together_are_one_person() -> None:
    tracks = [of(person, k) for person in range(3) for k in range(4)]
    clusterer = filled(tracks)
    clusterer.constrain(Constraints.of(together=[["0-0", "1-1"]]))
    found = clusterer.recluster({})
    assert {frozenset(c) for c in found.clusters} >= {frozenset(f"2-{k}" for k in range(4))}
    owners = owners_of(found)
    assert owners["0-0"] == owners["1-1"]
    # And no longer, when they say so no longer.
    clusterer.constrain(Constraints.of())
    assert clusterer.recluster({}) == filled(tracks).recluster({})


def test_tracks_that_people_hold_apart_are_two_though_all_alike() -> None:
    clusterer = filled(of(0, k) for k in range(6))
    clusterer.constrain(Constraints.of(apart=[(["0-0", "0-1"], ["0-4"])]))
    owners = owners_of(clusterer.recluster({}))
    assert owners["0-4"] not in (owners["0-0"], owners["0-1"])
    assert len(set(owners.values())) == 2


def test_a_face_and_its_mirror_image_may_be_one_person() -> None:
    first, second, other = of(0, 0), of(0, 1), of(1, 0)
    mirrored = together(second, first)
    clusterer = filled([first, together(mirrored, other), together(other, first)])
    assert len(clusterer.recluster({}).clusters) == 3
    clusterer.constrain(Constraints.of(together=[["0-0", "0-1"]]))
    assert {frozenset(c) for c in clusterer.recluster({}).clusters} == {
        frozenset({"0-0", "0-1"}),
        frozenset({"1-0"}),
    }


def test_a_mirror_image_says_nothing_of_how_alike_people_of_a_source_look() -> None:
    first = of(0, 0)
    mirrored = [together(of(0, k), first) for k in range(1, 6)]
    rest = [of(person, 9) for person in (1, 2)]
    plain = filled([first, *(of(0, k) for k in range(1, 6)), *rest])
    plain.constrain(Constraints.of(together=[[f"0-{k}" for k in range(6)]]))
    clusterer = filled([first, *mirrored, *rest])
    clusterer.constrain(Constraints.of(together=[[f"0-{k}" for k in range(6)]]))
    assert clusterer.recluster({}) == plain.recluster({})


def test_a_poor_track_that_people_split_off_is_somebody() -> None:
    clusterer = filled([of(0, 0), of(0, 1, founder=False)])
    clusterer.constrain(Constraints.of(together=[["0-1"]], apart=[(["0-0"], ["0-1"])]))
    assert clusterer.recluster({}) == Partition((("0-0",), ("0-1",)), ())


def test_a_track_that_comes_back_goes_where_people_put_it() -> None:
    clusterer = filled([of(0, 0), of(1, 0), of(0, 1)])
    groups = {"0-0": "p1", "1-0": "p2"}
    assert clusterer.nearest("0-1", fixed_groups(groups)) == "p1"
    clusterer.constrain(Constraints.of(together=[["0-1", "1-0", "gone"]]))
    assert clusterer.nearest("0-1", fixed_groups(groups)) == "p2"
    clusterer.constrain(Constraints.of(apart=[(["0-1"], ["0-0", "gone"])]))
    assert clusterer.nearest("0-1", fixed_groups(groups)) is None
    # Somebody who is named but not there has no say.
    assert clusterer.nearest("0-1", fixed_groups({**groups, "gone": "p3"})) is None


def test_tracks_that_are_gone_count_for_nothing() -> None:
    tracks = [of(k % 3, k) for k in range(9)]
    clusterer = filled(tracks)
    clusterer.constrain(Constraints.of([["x", "y"]], [(["x"], ["z", "0-0"])]))
    assert clusterer.recluster({}) == filled(tracks).recluster({})


TRACKS = [of(person, k, founder=k % 3 > 0) for person in range(3) for k in range(5)]
# Each is seen with one of the next person.
CROWDED = [together(track, TRACKS[(k + 5) % 15]) if k % 2 else track for k, track in enumerate(TRACKS)]
IDS = [track.track_id for track in TRACKS]
some = st.sets(st.sampled_from(IDS), min_size=1, max_size=4)


# Two groups that were seen together, of which either has a track of one person.
@example(together=[{"0-2", "2-0"}, {"0-0", "0-1", "1-0"}], apart=[], groups={}, limit=3)
@example(together=[{"0-2", "2-0"}, {"0-0", "0-1", "1-0"}], apart=[], groups={}, limit=100)
@settings(max_examples=150)
@given(
    together=st.lists(some, max_size=3),
    apart=st.lists(st.tuples(some, some), max_size=3),
    groups=st.dictionaries(st.sampled_from(IDS), st.sampled_from(["p1", "p2", "p3", "p4"])),
    limit=st.sampled_from([3, 6, 100]),
)
def test_what_people_said_holds_also_beyond_the_limit(
    together: list[set[str]],
    apart: list[tuple[set[str], set[str]]],
    groups: dict[str, str],
    limit: int,
) -> None:
    constraints = Constraints.of(together, apart)
    if not constraints.consistent:
        return
    clusterer = filled(CROWDED, limit=limit)
    clusterer.constrain(constraints)
    found = clusterer.recluster(groups)
    owners = owners_of(found)
    assert hold_in(constraints, owners)
    # Everything is told once, and what was put together is somebody.
    assert sorted([*owners, *found.unassigned]) == sorted(IDS)
    for group in constraints.together:
        assert group.isdisjoint(found.unassigned)
    # Who was seen together stays apart, unless people put them together.
    by_id = {track.track_id: track for track in CROWDED}
    for a, b in [(a, b) for a in IDS for b in IDS if a < b and b not in constraints.with_(a)]:
        if owners.get(a, a) == owners.get(b, b):
            assert not np.intersect1d(by_id[a].moments, by_id[b].moments).size
