"""What a re-cluster does to people, in a cluster worker at work."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

import pytest
from cluster_bench import Bench, as_partition, ids_by_person, truth, until
from synthetic import CALIBRATION, Cast, a_source

from storage.identity_record import ChangeKind
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_re_cluster_merges_two_people_and_publishes_it(bench: Bench, at_once: bool) -> None:
    cast = Cast()
    # The same face, known from the track it continues, that looks like nobody seen before.
    first, second = cast.track(0, 0, frames=30), cast.track(1, 1, continues="v-1.0.0")
    with bench.running():
        bench.take_in(first, second, recluster=True, at_once=at_once)
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.1.1"}}
    gone = bench.store.person("p2")
    assert gone is not None
    assert (gone.merged_into, gone.tracks) == ("p1", 0)
    assert bench.members("p2") == set()
    merged = [c for c in bench.changes() if c.kind is ChangeKind.MERGED]
    assert [(c.identity_id, c.other_id) for c in merged] == [("p2", "p1")]
    moved = [c for c in bench.changes() if c.kind is ChangeKind.ASSIGNED and c.other_id]
    assert [(c.identity_id, c.track_id, c.other_id) for c in moved] == [("p1", "v-1.1.1", "p2")]
    bench.assert_consistent()


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_re_cluster_splits_a_person_and_publishes_it(bench: Bench, at_once: bool) -> None:
    cast = Cast()

    class Apart(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            return Partition((("v-1.0.0", "v-1.1.0"), ("v-1.2.0",)), ())

    with bench.running(lambda: Apart(CALIBRATION)):
        bench.take_in(*(cast.track(0, k) for k in range(3)), recluster=True, at_once=at_once)
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.1.0"}, "p2": {"v-1.2.0"}}
    split = [c for c in bench.changes() if c.kind is ChangeKind.SPLIT]
    assert [(c.identity_id, c.track_id, c.other_id) for c in split] == [("p2", "v-1.2.0", "p1")]
    bench.assert_consistent()


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_track_that_a_re_cluster_gives_to_nobody_leaves_its_person(bench: Bench, at_once: bool) -> None:
    cast = Cast()

    class Stern(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            return Partition((("v-1.0.0",),), ("v-1.1.0",))

    with bench.running(lambda: Stern(CALIBRATION)):
        bench.take_in(cast.track(0, 0), cast.track(0, 1), recluster=True, at_once=at_once)
    assert bench.people() == {"p1": {"v-1.0.0"}}
    bench.assert_consistent()


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_person_of_whom_nothing_is_left_vanishes(bench: Bench, at_once: bool) -> None:
    class Sceptic(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            return Partition((), ("v-1.0.0",))

    with bench.running(lambda: Sceptic(CALIBRATION)):
        bench.take_in(Cast().track(0, 0), recluster=True, at_once=at_once)
    assert bench.people() == {}
    gone = bench.store.person("p1")
    assert gone is not None
    assert (gone.tracks, gone.merged_into) == (0, None)
    assert [c.identity_id for c in bench.changes() if c.kind is ChangeKind.VANISHED] == ["p1"]


def test_ids_stay_over_several_re_clusters(bench: Bench) -> None:
    cast = Cast()
    known: dict[int, set[str]] = {}
    with bench.running():
        for turn in range(4):
            tracks = [cast.track(person, turn * 10 + person) for person in range(3 + turn)]
            bench.take_in(*tracks, recluster=True, at_once=True)
            now = ids_by_person(bench, cast)
            assert {person: now[person] for person in known} == known
            assert all(len(ids) == 1 for ids in now.values())
            known = now
    assert len(known) == 6
    assert as_partition(bench.people()) == truth(cast)


def test_tracks_of_cameras_are_regrouped_without_a_request(bench: Bench) -> None:
    cast = Cast()
    with bench.running(recluster_every_s=0.05):
        bench.take_in(*(cast.track(k % 2, k) for k in range(4)))
        until(lambda: not bench.store.provisional())
        done = bench.store.reclusters(10)
        assert done
        assert {record.reason for record in done} == {"new tracks"}
        # Nothing new, nothing to do.
        time.sleep(0.5)
        assert len(bench.store.reclusters(10)) == len(done)
        bench.take_in(cast.track(0, 5))
        until(lambda: not bench.store.provisional())
        assert len(bench.store.reclusters(10)) > len(done)
    assert as_partition(bench.people()) == truth(cast)


def test_tracks_are_not_regrouped_more_often_than_that(bench: Bench) -> None:
    cast = Cast()
    with bench.running(recluster_every_s=3600.0):
        bench.take_in(*(cast.track(k % 2, k) for k in range(4)))
        time.sleep(0.5)
        assert bench.store.reclusters(10) == []
        bench.take_in(recluster=True)
        assert len(bench.store.reclusters(10)) == 1


def test_cameras_know_who_comes_back_and_who_is_on_another_one(bench: Bench) -> None:
    cast = Cast()
    # Days after the cameras were registered, at different times: their media times have nothing in common.
    door, hall = 172_800.0, 259_200.0
    for source_id, epoch_s in (("c-door", 1.7e9), ("c-hall", 1.7e9 - 86_400)):
        bench.store.register_source(a_source(source_id, kind="camera", recorded_at_s=epoch_s))
    with bench.running(recluster_every_s=0.2):
        bench.take_in(
            cast.track(0, 0, source_id="c-door", start_s=door),
            cast.track(1, 1, source_id="c-door", start_s=door + 1),
            # The same two are seen by the other camera at that very moment, in its own time and in that of
            # the first one: neither says anything about who they are.
            cast.track(0, 2, source_id="c-hall", start_s=hall),
            cast.track(1, 3, source_id="c-hall", start_s=door),
        )
        at_once = bench.people()
        bench.take_in(cast.track(0, 4, source_id="c-door", start_s=door + 900))
        assert as_partition(bench.people()) == truth(cast)
        assert len(at_once) == 2
        until(lambda: not bench.store.provisional())
    people = bench.people()
    assert as_partition(people) == truth(cast)
    # Nobody's id has changed by it.
    assert {person: theirs & at_once[person] for person, theirs in people.items()} == at_once
    first = next(p for p in bench.store.people() if len(bench.members(p.identity_id)) == 3)
    assert first.wall_clock
    assert first.first_seen_s == pytest.approx(1.7e9 + door)
    assert first.last_seen_s == pytest.approx(1.7e9 + door + 900 + 1.8)
    assert [s.source_id for s in first.sightings] == ["c-door", "c-door", "c-hall"]


def test_two_on_one_camera_at_the_same_moment_are_two_and_on_two_cameras_may_be_one(bench: Bench) -> None:
    cast = Cast()
    for source_id in ("c-door", "c-hall"):
        bench.store.register_source(a_source(source_id, kind="camera", recorded_at_s=1.7e9))
    with bench.running():
        bench.take_in(
            # A mirror, say: the same looks, at the same time.
            cast.track(0, 0, source_id="c-door", start_s=5.0),
            cast.track(0, 1, source_id="c-door", start_s=5.0),
            cast.track(0, 2, source_id="c-hall", start_s=5.0),
            recluster=True,
        )
    sources = sorted(sorted(t.split(".")[0] for t in tracks) for tracks in bench.people().values())
    assert sources == [["c-door"], ["c-door", "c-hall"]]


def test_a_re_cluster_without_news_changes_nothing(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 3, k) for k in range(9)), recluster=True, at_once=True)
        people, changes = bench.store.people(), bench.changes()
        bench.take_in([], recluster=True)
    assert (bench.store.people(), bench.changes()) == (people, changes)


def test_two_halves_in_two_runs_give_the_same_ids_to_the_same_people(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 4, k) for k in range(12)), recluster=True, at_once=True)
    before = ids_by_person(bench, cast)
    bench.store.register_source(a_source("v-2"))
    with bench.running():
        tracks = [cast.track(k % 5, k, source_id="v-2") for k in range(15)]
        bench.take_in(*tracks, recluster=True, at_once=True)
    after = ids_by_person(bench, cast)
    assert {person: after[person] for person in before} == before
    assert as_partition(bench.people()) == truth(cast)
    bench.assert_consistent()


def test_the_same_run_again_adds_nothing(bench: Bench) -> None:
    cast = Cast()
    for _ in range(2):
        with bench.running():
            bench.take_in(*(cast.track(k % 3, k) for k in range(9)), recluster=True, at_once=True)
        people, changes = bench.store.people(), bench.changes()
    assert len(people) == 3
    # Three people are new, and nine tracks are given to them.
    assert len(changes) == 12
    assert len(bench.store.track_ids()) == 9
