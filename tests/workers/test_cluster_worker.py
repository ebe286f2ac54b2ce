import threading
from dataclasses import replace

import numpy as np
import pytest
from cluster_bench import Bench, as_partition, truth
from synthetic import CALIBRATION, DIMENSION, Cast, a_source

from storage.identity_record import ChangeKind
from storage.requests import ForgetRequest, ReclusterRequest
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.clusterer import Clusterer, TrackClusterer
from workers.clustering.density_clusterer import DensityClusterer
from workers.clustering.method import Method
from workers.errors import ClusterWorkerError

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
