"""DBSCAN and HDBSCAN of tracks, and what is known of who is whom whatever the density says."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kept_constraints import hold_in
from made_tracks import CAST, beside, evidence, fixed_groups, of, unit

from workers.clustering.constraints import Constraints
from workers.clustering.density_clusterer import DensityClusterer
from workers.clustering.evidence import TrackEvidence, seen_together
from workers.clustering.method import Method
from workers.clustering.partition import Partition

METHODS = (Method.DBSCAN, Method.HDBSCAN)
BOTH = pytest.mark.parametrize("method", METHODS)
methods = st.sampled_from(METHODS)

EPS = 0.3


def filled(method: Method, tracks: Iterable[TrackEvidence], **options: int) -> DensityClusterer:
    clusterer = DensityClusterer(method, EPS, 0.4, **options)
    for track in tracks:
        clusterer.insert(track)
    return clusterer


def owners_of(partition: Partition) -> dict[str, str]:
    return {t: f"new{k}" for k, cluster in enumerate(partition.clusters) for t in cluster}


def crowd(seed: int) -> list[TrackEvidence]:
    """Tracks so noisy, and so often seen together, that clusters chain and have to be parted."""
    random = np.random.default_rng(seed)
    tracks = []
    for k in range(16):
        start = int(random.integers(0, 60))
        tracks.append(
            evidence(
                f"t{k:02}",
                CAST.vector(int(random.integers(0, 4)), 1000 * seed + k, noise=random.choice([0.3, 0.9])),
                source_id=str(random.choice(["v-1", "v-2"])),
                moments=range(start, start + int(random.integers(1, 15))),
                founder=bool(random.random() < 0.7),
                continues=f"t{k - 1:02}" if random.random() < 0.15 else None,
            )
        )
    return tracks


crowds = st.integers(0, 10_000).map(crowd)


# People from density ------------------------------------------------------------------------------------


@BOTH
def test_tracks_become_people(method: Method) -> None:
    found = filled(method, [of(k % 4, k) for k in range(20)]).recluster({})
    expected = {frozenset(f"{person}-{k}" for k in range(person, 20, 4)) for person in range(4)}
    assert set(map(frozenset, found.clusters)) == expected
    assert (found.unassigned, found.wide) == ((), 0)


@BOTH
def test_nobody_is_found_among_no_tracks(method: Method) -> None:
    assert filled(method, []).recluster({}) == Partition((), ())


@BOTH
@pytest.mark.parametrize("tracks", [1, 2, 3, 30])
def test_a_single_person_is_one_person(method: Method, tracks: int) -> None:
    found = filled(method, [of(0, k) for k in range(tracks)]).recluster({})
    assert list(map(len, found.clusters)) == [tracks]


@BOTH
def test_one_person_whose_tracks_come_in_clumps_is_not_torn(method: Method) -> None:
    # Two clumps with less between them than between neighbours, and more than within each.
    clumps = [unit(1), beside(0.75)]
    tracks = [evidence(f"{k}{n}", clumps[k] + 0.01 * CAST.vector(9, n)) for k in (0, 1) for n in range(6)]
    assert len(filled(method, tracks).recluster({}).clusters) == 1


@BOTH
def test_lone_tracks_are_people_and_poor_ones_are_nobody(method: Method) -> None:
    tracks = [of(0, 0), of(1, 0), of(2, 0, founder=False), of(3, 0, founder=False), of(3, 1, founder=False)]
    found = filled(method, tracks).recluster({})
    assert found == Partition((("0-0",), ("1-0",)), ("2-0", "3-0", "3-1"))


@BOTH
def test_poor_tracks_join_the_nearest_person_and_link_nobody(method: Method) -> None:
    # Nearer to each other than eps only by way of the one between them.
    ends = [evidence("a", beside(1)), evidence("b", beside(0.5))]
    between = beside(0.9)
    good = filled(method, [*ends, evidence("m", between)]).recluster({})
    assert good.clusters == (("a", "b", "m"),)
    poor = filled(method, [*ends, evidence("m", between, founder=False)]).recluster({})
    assert poor.clusters == (("a", "m"), ("b",))


def test_hdbscan_parts_what_dbscan_chains() -> None:
    # Three people of many tracks, and two tracks between the first and each of the others.
    people = (("a", beside(1)), ("b", beside(0.063)), ("c", beside(0.063, axis=2)))
    tracks = [evidence(f"m{axis}", beside(0.732, axis)) for axis in (1, 2)]
    for name, centre in people:
        tracks += (evidence(f"{name}{n}", centre + 0.001 * CAST.vector(9, n)) for n in range(6))
    assert list(map(len, filled(Method.DBSCAN, tracks).recluster({}).clusters)) == [20]
    assert sorted(map(len, filled(Method.HDBSCAN, tracks).recluster({}).clusters)) == [6, 6, 8]


@BOTH
def test_a_chain_of_several_people_is_told_as_wide(method: Method) -> None:
    turned = [evidence(f"t{k}", unit(np.cos(0.6 * k), np.sin(0.6 * k))) for k in range(5)]
    assert filled(method, turned).recluster({}).wide == 1


@settings(max_examples=40)
@given(crowds, methods, st.randoms(use_true_random=False))
def test_the_same_tracks_in_any_order_give_the_same_people(
    tracks: list[TrackEvidence], method: Method, random: object
) -> None:
    shuffled = tracks.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert filled(method, shuffled).recluster({}) == filled(method, tracks).recluster({})


@settings(max_examples=40)
@given(crowds, methods, st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
def test_what_came_changed_and_went_leaves_no_trace(
    tracks: list[TrackEvidence], method: Method, gone: int, changed: int
) -> None:
    before = [
        replace(t, template=CAST.vector(5, k), founder=not t.founder) if changed >> k & 1 else t
        for k, t in enumerate(tracks)
    ]
    clusterer = filled(method, before)
    clusterer.recluster({})
    staying = []
    for k, track in enumerate(tracks):
        clusterer.remove("nobody")
        if gone >> k & 1:
            clusterer.remove(track.track_id)
        else:
            staying.append(track)
            clusterer.insert(track)
    assert len(clusterer) == len(staying)
    assert clusterer.recluster({}) == filled(method, staying).recluster({})


@settings(max_examples=40)
@given(crowds, methods, st.sampled_from([2, 100]), st.sampled_from([3, 100]))
def test_nobody_is_seen_in_two_places_at_once_and_every_track_is_told_once(
    tracks: list[TrackEvidence], method: Method, limit: int, exact_limit: int
) -> None:
    found = filled(method, tracks, limit=limit, exact_limit=exact_limit).recluster({})
    by_id = {track.track_id: track for track in tracks}
    for cluster in found.clusters:
        assert list(cluster) == sorted(cluster)
        assert any(by_id[t].founder for t in cluster)
        assert not any(seen_together(by_id[a], by_id[b]) for a, b in itertools.combinations(cluster, 2))
    told = [t for cluster in found.clusters for t in cluster] + list(found.unassigned)
    assert sorted(told) == sorted(by_id)
    assert not any(by_id[t].founder for t in found.unassigned)


@BOTH
def test_more_tracks_than_are_compared_exactly_give_the_same_people(method: Method) -> None:
    tracks = [of(k % 5, k) for k in range(60)]
    grown = filled(method, tracks[:20], exact_limit=30)
    grown.recluster({})
    for track in tracks[20:]:
        grown.insert(track)
    assert grown.recluster({}) == filled(method, tracks).recluster({})


@BOTH
def test_thousands_of_equal_tracks_are_one_person_unless_they_are_apart(method: Method) -> None:
    tracks = [
        evidence(f"t{k:04}", unit(1), source_id=f"v-{k // 40}", moments=range(10 * k, 10 * k + 10))
        for k in range(2000)
    ]
    tracks[1] = replace(tracks[1], moments=tracks[0].moments)
    found = filled(method, tracks).recluster({})
    assert sorted(map(len, found.clusters)) == [1, 1999]
    assert owners_of(found)["t0000"] != owners_of(found)["t0001"]


# What can't be a track -----------------------------------------------------------------------------------


def test_a_template_that_is_no_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        evidence("t", np.full(32, np.nan, np.float32))
    clusterer = filled(Method.DBSCAN, [of(0, 0)])
    with pytest.raises(ValueError, match=r"'0-0' has shape \(3,\), not \(32,\)"):
        clusterer.insert(evidence("0-0", np.ones(3, np.float32)))
    assert clusterer.recluster({}).clusters == (("0-0",),)


@pytest.mark.parametrize(("method", "eps"), [(Method.AVERAGE, 0.1), (Method.DBSCAN, 0), (Method.DBSCAN, 2)])
def test_what_is_no_method_or_no_distance_is_refused(method: Method, eps: float) -> None:
    with pytest.raises(ValueError, match=r"average is not|eps is"):
        DensityClusterer(method, eps, 0.3)


# Provisional people --------------------------------------------------------------------------------------


@BOTH
def test_a_new_track_goes_to_its_nearest_neighbour_who_may_be_the_same(method: Method) -> None:
    clusterer = filled(method, [of(0, 0), of(0, 1), of(1, 0)])
    groups = {"0-0": "p1", "0-1": "p1", "1-0": "p2"}
    clusterer.insert(of(0, 2))
    clusterer.insert(of(1, 2, founder=False))
    clusterer.insert(of(2, 2))
    assert clusterer.nearest("0-2", fixed_groups(groups)) == "p1"
    assert clusterer.nearest("1-2", fixed_groups(groups)) == "p2"
    assert clusterer.nearest("2-2", fixed_groups(groups)) is None
    # Whose group is its own doesn't count, nor does a group that holds who was seen with it.
    assert clusterer.nearest("2-2", fixed_groups({**groups, "2-2": "p3"})) is None
    clusterer.insert(replace(of(0, 2), moments=of(0, 0).moments))
    assert clusterer.nearest("0-2", fixed_groups(groups)) is None
    assert clusterer.nearest("0-2", fixed_groups({**groups, "0-0": "p4"})) == "p1"


@BOTH
def test_a_track_that_comes_back_goes_where_people_put_it(method: Method) -> None:
    clusterer = filled(method, [of(0, 0), of(1, 0), of(0, 1)])
    groups = {"0-0": "p1", "1-0": "p2"}
    clusterer.constrain(Constraints.of(together=[["0-1", "1-0", "gone"]]))
    assert clusterer.nearest("0-1", fixed_groups(groups)) == "p2"
    clusterer.constrain(Constraints.of(apart=[(["0-1"], ["0-0", "gone"])]))
    assert clusterer.nearest("0-1", fixed_groups(groups)) is None


# What people said ----------------------------------------------------------------------------------------


@BOTH
def test_people_put_together_are_one_with_all_who_are_like_them(method: Method) -> None:
    clusterer = filled(method, [of(person, k) for person in range(3) for k in range(4)])
    clusterer.constrain(Constraints.of(together=[["0-0", "1-1"]]))
    assert sorted(map(len, clusterer.recluster({}).clusters)) == [4, 8]
    clusterer.constrain(Constraints.of())
    assert sorted(map(len, clusterer.recluster({}).clusters)) == [4, 4, 4]


@BOTH
def test_what_continues_a_track_is_of_its_person_unless_they_were_seen_together(method: Method) -> None:
    first, stranger = of(0, 0), of(1, 0, continues="0-0")
    assert filled(method, [first, stranger]).recluster({}).clusters == (("0-0", "1-0"),)
    seen = replace(stranger, moments=first.moments)
    # And whoever is like the two of them stays two people.
    more = [of(0, 1), of(1, 1)]
    found = filled(method, [first, seen, *more]).recluster({})
    assert found.clusters == (("0-0", "0-1"), ("1-0", "1-1"))


@BOTH
def test_people_may_put_together_who_were_seen_together(method: Method) -> None:
    clusterer = filled(method, [of(0, 0, moments=range(10)), of(0, 1, moments=range(10))])
    assert len(clusterer.recluster({}).clusters) == 2
    clusterer.constrain(Constraints.of(together=[["0-0", "0-1"]]))
    assert len(clusterer.recluster({}).clusters) == 1


@BOTH
def test_a_poor_track_that_people_split_off_is_somebody(method: Method) -> None:
    clusterer = filled(method, [of(0, 0), of(0, 1, founder=False)])
    clusterer.constrain(Constraints.of(together=[["0-1"]], apart=[(["0-0"], ["0-1"])]))
    assert clusterer.recluster({}) == Partition((("0-0",), ("0-1",)), ())


IDS = [f"t{k:02}" for k in range(16)]
some = st.sets(st.sampled_from(IDS), min_size=1, max_size=4)


@settings(max_examples=80)
@given(
    tracks=crowds,
    method=methods,
    together=st.lists(some, max_size=3),
    apart=st.lists(st.tuples(some, some), max_size=3),
    limit=st.sampled_from([2, 6, 100]),
)
def test_what_people_said_holds(
    tracks: list[TrackEvidence],
    method: Method,
    together: list[set[str]],
    apart: list[tuple[set[str], set[str]]],
    limit: int,
) -> None:
    constraints = Constraints.of(together, apart)
    if not constraints.consistent:
        return
    clusterer = filled(method, tracks, limit=limit)
    clusterer.constrain(constraints)
    found = clusterer.recluster({})
    owners = owners_of(found)
    assert hold_in(constraints, owners)
    assert sorted([*owners, *found.unassigned]) == IDS
    for group in constraints.together:
        assert group.isdisjoint(found.unassigned)
    by_id = {track.track_id: track for track in tracks}
    for a, b in itertools.combinations(IDS, 2):
        if b not in constraints.with_(a) and owners.get(a, a) == owners.get(b, b):
            assert not seen_together(by_id[a], by_id[b])
