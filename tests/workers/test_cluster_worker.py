import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from cluster_bench import Bench, new_bench, start_worker, until
from preloaded import Preloaded
from synthetic import CALIBRATION, DIMENSION, Cast, a_source

from storage.connection import RedisHandle
from storage.identity_record import ChangeKind
from storage.requests import ForgetRequest, ReclusterRequest
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.clusterer import Clusterer, Partition, TrackClusterer
from workers.clustering.density_clusterer import DensityClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.method import Method
from workers.errors import ClusterWorkerError


def as_partition(people: dict[str, set[str]]) -> set[frozenset[str]]:
    return {frozenset(members) for members in people.values()}


def truth(cast: Cast) -> set[frozenset[str]]:
    return {
        frozenset(t for t, p in cast.person_of.items() if p == person) for person in cast.person_of.values()
    }


def ids_by_person(bench: Bench, cast: Cast) -> dict[int, set[str]]:
    """Which identities the tracks of each made-up person are given to."""
    found: dict[int, set[str]] = {}
    for identity_id, members in bench.people().items():
        for track_id in members:
            found.setdefault(cast.person_of[track_id], set()).add(identity_id)
    return found


# People ---------------------------------------------------------------------------------------------------


def test_samples_and_tracks_in_people_out(bench: Bench) -> None:
    cast = Cast()
    tracks = [cast.track(k % 4, k) for k in range(20)]
    with bench.running():
        bench.take_in(*tracks, recluster=True, at_once=True)
    assert as_partition(bench.people()) == truth(cast)
    assert len(bench.people()) == 4
    for person in bench.store.people():
        assert (person.tracks, person.faces, len(person.sightings)) == (5, 50, 5)
        # 1.8 s from the first to the last of ten faces, and one sampling period more.
        assert person.seconds == pytest.approx(5 * 2.0)
        assert len(person.thumbnails) == 5
        assert None not in list(bench.store.crops(person.thumbnails))
    bench.assert_consistent()


def test_a_single_track_is_a_person_at_once(bench: Bench) -> None:
    cast = Cast()
    seen: list[int] = []
    with bench.running(on_people=seen.append):
        bench.take_in(cast.track(0, 0))
        assert list(bench.people()) == ["p1"]
        bench.take_in(cast.track(0, 1), cast.track(1, 2))
    assert as_partition(bench.people()) == truth(cast)
    assert seen[-1] == 2
    kinds = [(c.kind, c.identity_id, c.track_id) for c in bench.changes()]
    assert kinds == [
        (ChangeKind.CREATED, "p1", "v-1.0.0"),
        (ChangeKind.ASSIGNED, "p1", "v-1.0.0"),
        (ChangeKind.ASSIGNED, "p1", "v-1.1.0"),
        (ChangeKind.CREATED, "p2", "v-1.2.1"),
        (ChangeKind.ASSIGNED, "p2", "v-1.2.1"),
    ]
    assert bench.changes()[0].thumbnail == "v-1.0.0.1"


def test_two_faces_that_are_seen_together_are_two_people(bench: Bench) -> None:
    cast = Cast()
    twin = cast.track(0, 0)
    other = cast.track(0, 1, start_s=0.0)
    with bench.running():
        bench.take_in(twin, other, recluster=True)
    assert sorted(len(members) for members in bench.people().values()) == [1, 1]


def test_a_poor_track_founds_nobody_and_joins_who_comes_later(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0, founder=False), recluster=True)
        assert bench.people() == {}
        assert len(bench.store.track_ids()) == 1
        bench.take_in(cast.track(0, 1), recluster=True)
    assert as_partition(bench.people()) == truth(cast)
    bench.assert_consistent()


def test_a_track_without_samples_is_kept_and_given_to_nobody(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in([cast.track(0, 0)[-1]], cast.track(0, 1), recluster=True)
    assert bench.store.track_ids() == ["v-1.0.0", "v-1.1.0"]
    assert bench.people() == {"p1": {"v-1.1.0"}}


def test_a_track_that_grew_replaces_what_was_known_of_it(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0, samples=1, frames=3, ended=False))
        assert [p.faces for p in bench.store.people()] == [3]
        bench.take_in(cast.track(0, 0, samples=3, frames=30), recluster=True)
    (person,) = bench.store.people()
    assert (person.tracks, person.faces) == (1, 30)
    assert person.thumbnails[0] == "v-1.0.0.2"
    assert set(person.thumbnails) == {f"v-1.0.0.{k}" for k in range(3)}
    bench.assert_consistent()


def test_segments_are_written_to_their_source(bench: Bench) -> None:
    with bench.running():
        bench.take_in(
            [SegmentDone("v-1", 0, 60, 300), SegmentDone("v-1", 60, 90, 150, True), SegmentDone("v-?", 0, 1)],
            at_once=True,
        )
        bench.take_in([SegmentDone("v-1", 60, 90, 150, True)])
    source = bench.store.source("v-1")
    assert source is not None
    assert (source.ranges, source.sampled, source.complete) == (((0, 90),), 450, True)
    assert bench.store.source("v-?") is None


def test_what_a_later_run_tells_of_a_source_counts(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0))
        assert [p.wall_clock for p in bench.store.people()] == [False]
        bench.store.register_source(a_source(recorded_at_s=1_000_000.0))
        bench.take_in(cast.track(0, 1))
    (person,) = bench.store.people()
    assert (person.wall_clock, person.first_seen_s) == (True, 1_000_000.0)


# Re-clustering --------------------------------------------------------------------------------------------


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
        def recluster(self, settled: Mapping[str, str]) -> Partition:
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
        def recluster(self, settled: Mapping[str, str]) -> Partition:
            return Partition((("v-1.0.0",),), ("v-1.1.0",))

    with bench.running(lambda: Stern(CALIBRATION)):
        bench.take_in(cast.track(0, 0), cast.track(0, 1), recluster=True, at_once=at_once)
    assert bench.people() == {"p1": {"v-1.0.0"}}
    bench.assert_consistent()


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_person_of_whom_nothing_is_left_vanishes(bench: Bench, at_once: bool) -> None:
    class Sceptic(TrackClusterer):
        def recluster(self, settled: Mapping[str, str]) -> Partition:
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


# Names ----------------------------------------------------------------------------------------------------


class Merging(TrackClusterer):
    """Takes all tracks for one person, once asked to group them."""

    def recluster(self, settled: Mapping[str, str]) -> Partition:
        return Partition((tuple(sorted(self._tracks)),), ())


def merging() -> TrackClusterer:
    return Merging(CALIBRATION)


@pytest.mark.parametrize("named", ["p1", "p2"])
@pytest.mark.parametrize("longer", ["p1", "p2"])
@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_a_name_outlives_a_merge_whoever_goes_on(
    bench: Bench, named: str, longer: str, at_once: bool
) -> None:
    cast = Cast()
    first, second = (cast.track(k, k, frames=30 if longer == f"p{k + 1}" else 10) for k in range(2))
    with bench.running(merging):
        bench.take_in(first, second)
        assert bench.log.rename(named, "Ada")
        more = [cast.track(1, 2)] if at_once else []
        bench.take_in(*more, recluster=True, at_once=at_once)
        (person,) = bench.store.people()
        assert (person.identity_id, person.name) == (longer, "Ada")
    gone = bench.store.person("p1" if longer == "p2" else "p2")
    assert gone is not None
    assert gone.merged_into == longer
    assert bench.store.names() == {longer: "Ada"}
    # Whoever is called something else now is told of, and nobody else.
    renamed = [c.identity_id for c in bench.changes() if c.kind is ChangeKind.RENAMED]
    assert renamed == ([named] if named == longer else [named, longer])
    bench.assert_consistent()
    with bench.running(merging):
        bench.take_in(recluster=True)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [(longer, "Ada")]


def test_of_two_who_were_seen_for_as_long_the_named_one_goes_on(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        # After the worker has read who there is.
        bench.log.rename("p2", "Ada")
        bench.take_in(recluster=True)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [("p2", "Ada")]


def names_of(bench: Bench) -> dict[str, str]:
    return {person.identity_id: person.name for person in bench.store.people()}


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_two_of_different_names_stay_two_however_alike_they_look(bench: Bench, at_once: bool) -> None:
    cast = Cast()
    more = [cast.track(1, 2), cast.track(0, 3), cast.track(1, 4)]
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1, frames=30))
        bench.log.rename("p1", "Ada")
        bench.log.rename("p2", "Countess of Lovelace")
        bench.take_in(*more, recluster=True, at_once=at_once)
        # Each has what it had, and what is nearer to it.
        people = {"p1": {"v-1.0.0", "v-1.3.0"}, "p2": {"v-1.1.1", "v-1.2.1", "v-1.4.1"}}
        assert bench.people() == people
        told = bench.changes()
        bench.take_in(recluster=True)
    with bench.running(merging):
        bench.take_in(recluster=True)
    assert bench.people() == people
    assert names_of(bench) == {"p1": "Ada", "p2": "Countess of Lovelace"}
    assert bench.changes() == told
    # Who is two in the record, too.
    assert bench.store.reclusters(1)[0].people == 2
    bench.assert_consistent()


@pytest.mark.parametrize("named", ["p1", "p2"])
def test_a_name_that_is_given_while_a_re_cluster_has_its_effect_is_not_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    cast, ignored = Cast(), bench.store.ignored

    def name_meanwhile() -> set[str]:
        # What is read after the names.
        if named not in bench.store.names():
            bench.log.rename(named, "Bob")
        return ignored()

    monkeypatch.setattr(bench.store, "ignored", name_meanwhile)
    other = "p2" if named == "p1" else "p1"
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        bench.log.rename(other, "Ada")
        bench.take_in(cast.track(1, 2), recluster=True)
    assert names_of(bench) == {named: "Bob", other: "Ada"}
    assert bench.queue.waiting() == 0
    bench.assert_consistent()


def test_two_of_one_name_may_turn_out_to_be_one(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0), cast.track(1, 1, frames=30))
        for identity_id in ("p1", "p2"):
            bench.log.rename(identity_id, "Ada")
        bench.take_in(recluster=True)
    assert names_of(bench) == {"p2": "Ada"}


def test_of_three_two_names_go_on(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0, frames=30), cast.track(1, 1), cast.track(2, 2))
        for number, name in ((2, "Ada"), (3, "Adda")):
            bench.log.rename(f"p{number}", name)
        bench.take_in(recluster=True)
    assert sorted(names_of(bench).values()) == ["Ada", "Adda"]
    bench.assert_consistent()


def test_a_named_person_stays_however_poor_the_tracks_that_are_left(bench: Bench) -> None:
    class Sceptic(TrackClusterer):
        def recluster(self, settled: Mapping[str, str]) -> Partition:
            return Partition((), ("v-1.0.0", "v-1.1.1"))

    cast = Cast()
    with bench.running(lambda: Sceptic(CALIBRATION)):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        bench.log.rename("p1", "Ada")
        bench.take_in(recluster=True)
    assert bench.people() == {"p1": {"v-1.0.0"}}
    assert names_of(bench) == {"p1": "Ada"}


def test_a_name_that_was_taken_away_goes_nowhere(bench: Bench) -> None:
    cast = Cast()
    with bench.running(merging):
        bench.take_in(cast.track(0, 0, frames=30), cast.track(1, 1))
        bench.log.rename("p2", "Ada")
        bench.log.rename("p2", "")
        bench.take_in(recluster=True)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [("p1", "")]
    assert bench.store.names() == {}


# What searches and lists read -----------------------------------------------------------------------------


def test_what_is_missing_for_searches_and_lists_is_made_anew_by_the_next_worker(bench: Bench) -> None:
    cast = Cast()
    bench.store.register_source(a_source("v-2", recorded_at_s=1.7e9))
    with bench.running():
        tracks = [cast.track(k % 3, k, source_id=f"v-{k % 2 + 1}") for k in range(12)]
        bench.take_in(*tracks, cast.track(9, 20, founder=False), recluster=True, at_once=True)
    bench.log.rename("p2", "Ada")
    bench.assert_consistent()
    keys = bench.keys
    derived = (keys.templates, keys.assignments, keys.people, keys.names)
    whole = {key: bench.client.hgetall(key) for key in derived}
    assert [len(whole[key]) for key in derived] == [13, 12, 3, 1]
    before, changes = bench.store.people(), bench.changes()

    def assert_made_anew() -> None:
        with bench.running():
            bench.take_in([SegmentDone("v-1", 0, 1)])
        assert {key: bench.client.hgetall(key) for key in derived} == whole
        assert (bench.store.people(), bench.changes()) == (before, changes)
        bench.assert_consistent()

    # As a version that did not know of them left it.
    bench.client.delete(*derived)
    assert bench.store.people() == before
    assert_made_anew()
    # Some of each, and one that says something else.
    bench.client.hdel(keys.templates, "v-1.0.0", "v-1.20.9")
    bench.client.hdel(keys.assignments, "v-2.1.1")
    bench.client.hset(keys.assignments, "v-1.0.0", "p7")
    bench.client.hdel(keys.people, "p2")
    assert_made_anew()


def test_a_template_is_that_of_the_newest_samples(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0, samples=1, ended=False))
        first = bench.store.templates(DIMENSION)
        bench.take_in(cast.track(0, 0, samples=4), cast.track(1, 1))
    table = bench.store.templates(DIMENSION)
    assert dict(zip(table.track_ids, [table.identity_ids[k] for k in table.owners], strict=True)) == {
        "v-1.0.0": "p1",
        "v-1.1.1": "p2",
    }
    at = table.track_ids.index("v-1.0.0")
    assert first.vectors[0] == pytest.approx(cast.vector(0, 0), abs=1e-3)
    mean = np.average([cast.vector(0, k) for k in range(4)], axis=0, weights=[0.5, 0.6, 0.7, 0.8])
    assert table.vectors[at] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-3)
    assert (table.sizes_px[at], table.photo[at]) == (pytest.approx(100.0), False)


def test_tracks_of_nobody_are_not_searched_in(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0, founder=False), recluster=True)
    assert bench.store.template_ids() == {"v-1.0.0"}
    assert bench.store.templates(DIMENSION).track_ids == ()


# Trouble --------------------------------------------------------------------------------------------------


def test_entries_that_can_not_be_read_go_to_the_dead_stream(bench: Bench) -> None:
    cast = Cast()
    sample, *_, track = cast.track(1, 1)
    assert isinstance(sample, FaceSample)
    assert isinstance(track, TrackRecord)
    bench.queue.prepare()
    bench.client.xadd(bench.keys.samples, {"type": "banana"})
    bench.client.xadd(bench.keys.samples, {"type": "sample", **sample.encode(), "vector": b"\x00"})
    bench.queue.send(
        [
            replace(sample, vector=np.ones(7, np.float32)),
            replace(sample, model_id="another@1"),
            replace(track, clothing=np.ones(5, np.uint8)),
        ]
    )
    with bench.running():
        bench.take_in(cast.track(0, 0), recluster=True)
    reasons = [raw[b"dead_reason"].decode() for raw in bench.dead()]
    for reason, word in zip(reasons, ["banana", "vector", "7 numbers", "another@1", "clothing"], strict=True):
        assert word in reason
    assert bench.client.xlen(bench.keys.samples) == 0
    assert bench.client.xpending(bench.keys.samples, "cluster")["pending"] == 0
    assert bench.people() == {"p1": {"v-1.0.0"}}


def test_a_worker_starts_although_samples_of_a_track_are_gone(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(0, 1))
    bench.client.delete(bench.keys.sample("v-1.0.0.0"), bench.keys.sample("v-1.0.0.1"))
    with bench.running():
        bench.take_in(cast.track(0, 2), recluster=True)
    assert {"v-1.1.0", "v-1.2.0"} <= bench.people()["p1"]


def test_a_track_without_anything_to_compare_stays_with_its_person(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(0, 1), cast.track(1, 2))
    gone = [f"{track_id}.{k}" for track_id in ("v-1.0.0", "v-1.2.1") for k in range(2)]
    bench.client.delete(*map(bench.keys.sample, gone))
    with bench.running():
        bench.take_in(cast.track(0, 3), recluster=True)
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.1.0", "v-1.3.0"}, "p2": {"v-1.2.1"}}
    assert [(p.tracks, p.seconds) for p in bench.store.people()] == [(3, pytest.approx(6.0)), (1, 2.0)]
    # Whom nobody can compare can be forgotten all the same.
    with bench.running():
        bench.take_in([ForgetRequest("p2")])
    assert bench.people().keys() == {"p1"}
    assert "v-1.2.1" not in bench.store.track_ids()


def test_a_vector_of_another_model_is_not_compared(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(0, 1))
    for k in range(2):
        bench.client.hset(bench.keys.sample(f"v-1.1.0.{k}"), "model_id", "another@1")
        # It would be somebody else.
        bench.client.hset(
            bench.keys.sample(f"v-1.1.0.{k}"), "vector", cast.vector(5, k).astype("<f2").tobytes()
        )
    with bench.running():
        bench.take_in(cast.track(5, 2), recluster=True)
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.1.0"}, "p2": {"v-1.2.5"}}


@pytest.mark.parametrize("field", ["model_id", "changing_to"])
def test_a_worker_does_not_lead_a_collection_that_got_other_models(bench: Bench, field: str) -> None:
    worker, _ = bench.worker()
    bench.client.hset(bench.keys.meta, field, "another@1")
    with pytest.raises(ClusterWorkerError, match="was changed to other models while this waited"):
        worker.run(threading.Event())
    assert not bench.client.exists(bench.keys.leader)


def test_a_track_whose_samples_cancel_out_stops_nobody(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    cast = Cast()
    first, second, track = cast.track(0, 0)
    assert isinstance(first, FaceSample)
    assert isinstance(second, FaceSample)
    opposite = replace(second, vector=-first.vector, quality=first.quality)
    with bench.running():
        bench.take_in([first, opposite, track], cast.track(0, 1), recluster=True)
    with bench.running():
        bench.take_in(cast.track(0, 2))
    assert bench.people() == {"p1": {"v-1.1.0", "v-1.2.0"}}
    assert len(bench.store.track_ids()) == 3
    assert "v-1.0.0" in caplog.text


def test_a_step_may_take_longer_than_the_lease(bench: Bench) -> None:
    turns: list[int] = []

    class Slow(TrackClusterer):
        def nearest(self, track_id: str, groups: Mapping[str, str]) -> str | None:
            turns.append(1)
            time.sleep(3.0)
            return super().nearest(track_id, groups)

    # Long enough that a busy machine doesn't keep the lease from being renewed.
    with bench.running(lambda: Slow(CALIBRATION), ttl_s=2.0):
        bench.take_in(Cast().track(0, 0))
    assert len(turns) == 1


def test_a_worker_that_is_told_to_stop_does_not_read_the_whole_collection_first(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 3, k) for k in range(30)))
    stop = threading.Event()
    read: list[str] = []

    class Watched(TrackClusterer):
        def insert(self, track: TrackEvidence) -> None:
            read.append(track.track_id)
            if len(read) == 3:
                stop.set()
            super().insert(track)

    worker, lease = bench.worker(lambda: Watched(CALIBRATION))
    worker.run(stop)
    assert len(read) == 3
    # The next one need not wait, and finds everything.
    assert lease.acquire()
    lease.release()
    with bench.running():
        assert sum(map(len, bench.people().values())) == 30


def test_a_second_worker_stands_by_and_takes_over(bench: Bench) -> None:
    cast = Cast()
    with bench.running() as second:
        until(lambda: bench.client.get(bench.keys.leader) == second.token)
        with bench.running() as first:
            bench.take_in(cast.track(0, 0))
            assert bench.client.get(bench.keys.leader) == second.token != first.token
    # The other way round: the one that leads leaves first.
    with contextlib.ExitStack() as leader:
        first = leader.enter_context(bench.running())
        until(lambda: bench.client.get(bench.keys.leader) == first.token)
        with bench.running() as second:
            bench.take_in(cast.track(0, 1))
            leader.close()
            until(lambda: bench.client.get(bench.keys.leader) == second.token)
            bench.take_in(cast.track(0, 2), cast.track(1, 3))
    assert as_partition(bench.people()) == truth(cast)
    bench.assert_consistent()


def test_it_is_told_who_leads_and_who_stands_by(bench: Bench) -> None:
    first, second = [], []
    with contextlib.ExitStack() as leader:
        leader.enter_context(bench.running(on_lead=first.append))
        until(lambda: first == [True])
        with bench.running(on_lead=second.append):
            until(lambda: second == [False])
            leader.close()
            until(lambda: second == [False, True])
    assert first == [True]


def test_a_worker_that_lost_its_lease_writes_nothing_and_comes_back(bench: Bench) -> None:
    cast = Cast()
    with bench.running() as lease:
        bench.take_in(cast.track(0, 0))
        bench.client.set(bench.keys.leader, b"somebody else", px=300)
        last = bench.queue.send(cast.track(0, 1))
        assert last is not None
        time.sleep(0.15)
        assert bench.people() == {"p1": {"v-1.0.0"}}
        until(lambda: bench.queue.is_taken_in(last))
        assert bench.client.get(bench.keys.leader) == lease.token
    assert as_partition(bench.people()) == truth(cast)
    assert [c.kind for c in bench.changes()] == [ChangeKind.CREATED, ChangeKind.ASSIGNED, ChangeKind.ASSIGNED]


@pytest.fixture
def start_process(handle: RedisHandle) -> Iterator[Callable[[Bench], Preloaded]]:
    started: list[Preloaded] = []

    def start(bench: Bench) -> Preloaded:
        # So slow that it can be killed in the middle of a step.
        started.append(start_worker(handle, bench, track_s=0.008))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_killing_workers_loses_nothing_and_doubles_nothing(
    handle: RedisHandle, start_process: Callable[[Bench], Preloaded]
) -> None:
    cast = Cast()
    entries = [entry for k in range(240) for entry in cast.track(k % 8, k)]
    entries += [SegmentDone("v-1", 0, 2400, 12000, True), ReclusterRequest("end")]
    calm, harried = new_bench(handle), new_bench(handle)
    with calm.running():
        calm.take_in(entries, at_once=True)
    harried.queue.prepare()
    last = harried.queue.send(entries)
    assert last is not None
    left_pending = 0
    for kill_after_s in (0.03, 0.1, 0.35, 0.02):
        until(lambda: not harried.client.exists(harried.keys.leader))
        process = start_process(harried)
        until(lambda: bool(harried.client.exists(harried.keys.leader)))
        time.sleep(kill_after_s)
        process.kill()
        process.wait()
        left_pending += harried.client.xpending(harried.keys.samples, "cluster")["pending"]
        assert harried.client.xlen(harried.keys.samples) > 0, "killed too late to tell anything"
    assert left_pending > 0
    with harried.running():
        until(lambda: harried.queue.is_taken_in(last))
    harried.assert_consistent()
    assert as_partition(harried.people()) == as_partition(calm.people()) == truth(cast)
    assert harried.store.track_ids() == calm.store.track_ids()
    # A number that a killed worker took is skipped, so that the ids may differ; nothing else may.
    nameless = [[replace(p, identity_id="") for p in b.store.people()] for b in (harried, calm)]
    assert nameless[0] == nameless[1]
    assert harried.store.source("v-1") == calm.store.source("v-1")
    told = [(c.kind, c.track_id) for c in harried.changes()]
    assert sorted(told) == sorted((c.kind, c.track_id) for c in calm.changes())
    assert harried.dead() == []


def test_a_killed_worker_is_replaced_by_the_one_standing_by(
    bench: Bench, start_process: Callable[[Bench], Preloaded]
) -> None:
    cast = Cast()
    process = start_process(bench)
    until(lambda: bool(bench.client.exists(bench.keys.leader)))
    led = bench.client.get(bench.keys.leader)
    with bench.running() as heir:
        bench.take_in(cast.track(0, 0))
        assert bench.client.get(bench.keys.leader) == led != heir.token
        process.kill()
        bench.take_in(cast.track(0, 1), cast.track(1, 2))
        assert bench.client.get(bench.keys.leader) == heir.token
    assert as_partition(bench.people()) == truth(cast)


# Leftovers ------------------------------------------------------------------------------------------------


def samples_of(bench: Bench) -> set[str]:
    prefix = bench.keys.sample("")
    return {key.decode().removeprefix(prefix) for key in bench.client.scan_iter(f"{prefix}*")}


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_what_a_stopped_run_left_in_a_stretch_goes_when_the_stretch_is_done(
    bench: Bench, at_once: bool
) -> None:
    cast = Cast()
    before, left, shared, after = (cast.track(k % 2, k) for k in range(4))
    only_left = cast.track(5, 4, start_s=12.0)
    again = cast.track(0, 5, start_s=11.0)
    segment = SegmentDone("v-1", 10.0, 30.0, 100, track_ids=("v-1.2.0", "v-1.5.0"))
    with bench.running():
        bench.take_in(before, left, shared, after, only_left, again, [segment], at_once=at_once)
    # From 10 s to 30 s only what the segment names is left; before and after, everything is.
    kept = {"v-1.0.0", "v-1.2.0", "v-1.3.1", "v-1.5.0"}
    assert set(bench.store.track_ids()) == set(bench.store.track_ids("v-1")) == kept
    assert {sample_id.rpartition(".")[0] for sample_id in samples_of(bench)} == kept
    assert as_partition(bench.people()) == {
        frozenset({"v-1.0.0", "v-1.2.0", "v-1.5.0"}),
        frozenset({"v-1.3.1"}),
    }
    # The person who was seen only in what is gone is gone, too, and that is published.
    vanished = [c.identity_id for c in bench.changes() if c.kind is ChangeKind.VANISHED]
    assert len(vanished) == 1
    assert vanished[0] not in bench.people()
    bench.assert_consistent()
    with bench.running():
        bench.take_in(recluster=True)
    assert set(bench.store.track_ids()) == kept
    bench.assert_consistent()


def test_a_stretch_that_does_not_name_its_tracks_deletes_none(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), [SegmentDone("v-1", 0.0, 60.0, 100)])
    assert bench.store.track_ids() == ["v-1.0.0"]


def test_a_stretch_deletes_nothing_of_other_sources(bench: Bench) -> None:
    cast = Cast()
    bench.store.register_source(a_source("v-2"))
    with bench.running():
        bench.take_in(cast.track(0, 0, source_id="v-2"), [SegmentDone("v-1", 0.0, 60.0, 100, track_ids=())])
    assert bench.store.track_ids() == ["v-2.0.0"]


@pytest.mark.parametrize("at_once", [False, True], ids=["step by step", "in one step"])
def test_samples_that_gave_way_to_better_ones_are_deleted(bench: Bench, at_once: bool) -> None:
    cast = Cast()
    grown = cast.track(0, 0, samples=4)
    early = cast.track(0, 0, samples=1, ended=False)
    grown = [entry for entry in grown if getattr(entry, "sample_id", "") != "v-1.0.0.0"]
    assert isinstance(grown[-1], TrackRecord)
    grown[-1] = replace(grown[-1], sample_ids=grown[-1].sample_ids[1:])
    with bench.running():
        bench.take_in(early, grown, at_once=at_once)
    assert samples_of(bench) == {"v-1.0.0.1", "v-1.0.0.2", "v-1.0.0.3"}
    assert bench.people() == {"p1": {"v-1.0.0"}}


def test_people_of_a_source_with_a_new_date_are_told_anew(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), recluster=True)
        assert not any(person.wall_clock for person in bench.store.people())
        bench.store.register_source(a_source(recorded_at_s=1.7e9))
        bench.take_in([ReclusterRequest("another date", "v-1")])
    people = bench.store.people()
    assert [(person.wall_clock, person.first_seen_s) for person in people] == [
        (True, 1.7e9),
        (True, pytest.approx(1.7e9 + 10)),
    ]


# Methods --------------------------------------------------------------------------------------------------


def test_a_method_that_is_chosen_while_a_worker_leads_counts_from_the_next_re_cluster(bench: Bench) -> None:
    def clusterer() -> Clusterer:
        method = Method(bench.store.clustering())
        # Far enough for everybody to be one.
        return TrackClusterer(CALIBRATION) if method is Method.AVERAGE else DensityClusterer(method, 1.5, 1.5)

    cast = Cast()
    with bench.running(clusterer):
        bench.take_in(cast.track(0, 0), cast.track(0, 1), cast.track(1, 2), recluster=True)
        assert as_partition(bench.people()) == truth(cast)
        bench.store.choose_clustering("dbscan")
        bench.take_in(recluster=True)
        assert len(bench.people()) == 1
        bench.store.choose_clustering("average")
        bench.take_in(cast.track(1, 3), recluster=True)
        # What the other one had put together is no reason to stay.
        assert as_partition(bench.people()) == truth(cast)
    assert [done.clustering for done in bench.store.reclusters(None)] == ["average", "dbscan", "average"]
    bench.assert_consistent()
