"""Whoever was forgotten, and is to be ignored when they return, is not taken in anew; others are."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
from cluster_bench import Bench, new_bench
from synthetic import Cast, a_source
from test_forgetting import Told, everything, samples_of, secrets_of, traces, without_track

from storage.connection import RedisHandle
from storage.delivery import Entry
from storage.effects import Effects
from storage.erasure_record import ErasureRecord
from storage.identity_record import ChangeKind
from storage.identity_store import IdentityStore
from storage.lease import Lease
from storage.requests import EraseRequest, Extent, ForgetRequest
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.returning import MOST_KEPT

ADA, BOB = "p7001", "p7002"
IGNORED = ForgetRequest(ADA, ignore_return=True)


@pytest.fixture
def bench(handle: RedisHandle) -> Bench:
    result = new_bench(handle)
    result.store.register_source(a_source("v-2"))
    result.client.set(result.keys.next_identity, 7_000)
    return result


def ada_forgotten(bench: Bench, cast: Cast, tracks: int = 2) -> None:
    bench.take_in(*(cast.track(0, k) for k in range(tracks)), cast.track(1, 90), recluster=True)
    bench.take_in([IGNORED])


def track_of(entries: list[Entry]) -> TrackRecord:
    track = entries[-1]
    assert isinstance(track, TrackRecord)
    return track


def returns_ignored(bench: Bench) -> int:
    return int(bench.store.meta().get("returns_ignored", 0))


def left_of(bench: Bench, *tracks: list[Entry]) -> set[str]:
    """Keys in which something of tracks is found."""
    return {key for key, _ in traces(everything(bench), secrets_of([], *tracks))}


def erasures(bench: Bench) -> list[ErasureRecord]:
    return [replace(record, at_s=0.0) for record in bench.store.erasures(None)]


def test_a_few_templates_stay_of_the_forgotten_and_nothing_else(bench: Bench) -> None:
    cast = Cast()
    hers = [cast.track(0, k) for k in range(8)]
    with bench.running():
        bench.take_in(*hers, cast.track(1, 90), recluster=True)
        known = bench.store.template_rows([track_of(entries).track_id for entries in hers])
        bench.take_in([IGNORED])
    rows = bench.client.hgetall(bench.keys.kept_out)
    assert rows.keys() == {ADA.encode()}
    size = len(next(iter(known.values())))
    kept = {rows[ADA.encode()][at : at + size] for at in range(0, MOST_KEPT * size, size)}
    assert len(kept) == MOST_KEPT == len(rows[ADA.encode()]) / size
    assert kept < set(known.values())
    # Beside them as little as of anybody who was forgotten.
    assert left_of(bench, *hers) == set()
    (found,) = bench.store.kept_out(32)
    assert (found.ids, len(found.templates.track_ids)) == ((ADA,), MOST_KEPT)
    assert erasures(bench) == [ErasureRecord("person", tracks=8, people=1)]


@pytest.mark.parametrize("restarted", [False, True], ids=["same worker", "another worker"])
@pytest.mark.parametrize("at_once", [False, True], ids=["entry by entry", "in one step"])
def test_who_returns_leaves_nothing_and_a_stranger_is_taken_in(
    bench: Bench, restarted: bool, at_once: bool, caplog: pytest.LogCaptureFixture
) -> None:
    cast = Cast()
    back, stranger = cast.track(0, 10, source_id="v-2"), cast.track(2, 11, source_id="v-2")
    caplog.set_level(logging.INFO)
    with bench.running():
        ada_forgotten(bench, cast)
        if not restarted:
            bench.queue.send([], faces=[samples_of(back)[0], without_track(back), samples_of(stranger)[0]])
            bench.take_in(back, stranger, at_once=at_once)
    if restarted:
        with bench.running():
            bench.queue.send([], faces=[samples_of(back)[0], without_track(back), samples_of(stranger)[0]])
            bench.take_in(back, stranger, at_once=at_once)
    assert left_of(bench, back) == set()
    assert bench.people() == {BOB: {"v-1.90.1"}, "p7003": {"v-2.11.2"}}
    assert bench.client.xlen(bench.keys.faces) == 1
    assert bench.store.unclaimed() == {}
    assert returns_ignored(bench) == 1
    assert bench.store.owes_rewrite()
    said = [record.getMessage() for record in caplog.records if "is left out" in record.getMessage()]
    assert said == ["a track in v-2 is left out: it is almost surely of somebody who was forgotten"]
    bench.assert_consistent()


def test_a_track_that_was_left_out_stays_so_however_it_grows_and_counts_once(bench: Bench) -> None:
    cast = Cast()
    back, grown = cast.track(0, 10, ended=False), cast.track(0, 10, samples=4, frames=30)
    # Its last faces look like nobody.
    others = cast.track(3, 10, samples=4)
    for sample, other in zip(samples_of(grown)[2:], samples_of(others)[2:], strict=True):
        sample.vector[:] = other.vector
    done = SegmentDone("v-1", 0.0, 200.0, track_ids=(track_of(grown).track_id,))
    with bench.running():
        ada_forgotten(bench, cast)
        bench.take_in(back, grown, [done])
        assert left_of(bench, back, grown) == set()
        assert returns_ignored(bench) == 1
        assert bench.people().keys() == {BOB}
        assert bench.store.unclaimed() == {}


def test_a_track_that_turns_out_to_be_theirs_goes_with_whom_it_had_made(bench: Bench) -> None:
    cast = Cast()
    poor, grown = cast.track(0, 10, samples=1, ended=False), cast.track(0, 10, samples=3, frames=30)
    away = np.zeros(32, np.float32)
    away[9] = 1
    samples_of(poor)[0].vector[:] = away
    with bench.running():
        ada_forgotten(bench, cast)
        bench.take_in(poor)
        assert bench.people() == {BOB: {"v-1.90.1"}, "p7003": {"v-1.10.0"}}
        # The first face has given way to better ones.
        bench.take_in(
            samples_of(grown)[1:], [replace(track_of(grown), sample_ids=track_of(grown).sample_ids[1:])]
        )
    assert left_of(bench, poor, grown) == set()
    assert bench.people() == {BOB: {"v-1.90.1"}}
    assert bench.store.person("p7003").forgotten  # type: ignore[union-attr]
    assert [c.kind for c in bench.changes() if c.identity_id == "p7003"] == [ChangeKind.FORGOTTEN]
    bench.assert_consistent()


def test_what_people_said_of_a_track_counts_more_than_how_it_looks(bench: Bench) -> None:
    cast = Cast()
    poor, grown = cast.track(0, 10, samples=1, ended=False), cast.track(0, 10, samples=3, frames=30)
    samples_of(poor)[0].vector[:] = 0
    samples_of(poor)[0].vector[9] = 1
    with bench.running():
        ada_forgotten(bench, cast)
        bench.take_in(poor)
        assert bench.log.rename("p7003", "Carol")
        bench.take_in(
            samples_of(grown)[1:], [replace(track_of(grown), sample_ids=track_of(grown).sample_ids[1:])]
        )
    assert bench.people() == {BOB: {"v-1.90.1"}, "p7003": {"v-1.10.0"}}


def test_who_is_in_the_collection_and_looks_alike_keeps_their_tracks(bench: Bench) -> None:
    cast = Cast()
    twin = [cast.track(0, 20, frames=20), cast.track(0, 21)]
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), recluster=True)
        bench.take_in([IGNORED])
        # Before the templates are there to tell her by, as of somebody who was enrolled.
        rows = bench.client.hgetall(bench.keys.kept_out)
        bench.take_in([ForgetRequest(ADA)], twin[0])
        assert bench.people().keys() == {BOB, "p7003"}
    bench.client.hset(bench.keys.kept_out, mapping=rows)
    with bench.running():
        bench.take_in(twin[1])
    assert bench.people()["p7003"] == {"v-1.20.0", "v-1.21.0"}
    assert returns_ignored(bench) == 0


@pytest.mark.parametrize(
    "request_",
    [ForgetRequest(ADA), ForgetRequest("p7003"), EraseRequest(Extent.ALL)],
    ids=["id", "older", "all"],
)
def test_forgetting_again_deletes_the_templates_and_they_are_somebody_new(
    bench: Bench, request_: ForgetRequest | EraseRequest
) -> None:
    cast = Cast()
    with bench.running(lambda: Told(cast, [{0, 2}])):
        bench.take_in(cast.track(0, 0), cast.track(1, 1), cast.track(2, 2), recluster=True)
        bench.take_in([IGNORED])
        assert bench.store.kept_out_ids() == [(ADA, "p7003")]
        before = bench.client.hgetall(bench.keys.kept_out)
        assert before
        # Asked for again like this, nothing changes.
        bench.take_in([replace(IGNORED)])
        assert bench.client.hgetall(bench.keys.kept_out) == before
        bench.take_in([request_])
        assert not bench.client.exists(bench.keys.kept_out)
        assert ErasureRecord("kept_out", people=1) in erasures(bench)
        bench.take_in(cast.track(0, 10))
    assert "v-1.10.0" in set().union(*bench.people().values())
    assert returns_ignored(bench) == 0


def test_retention_leaves_the_templates(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        ada_forgotten(bench, cast)
        for name in ("unnamed", "named", "sightings", "pictures", "streams"):
            bench.client.hset(bench.keys.retention, name, 0.001)
        bench.client.hset(bench.keys.retention, "files", 1)
        bench.take_in([EraseRequest(Extent.RETENTION)])
        bench.take_in([EraseRequest(Extent.SOURCE, source_ids=("v-1",))])
    assert bench.store.kept_out_ids() == [(ADA,)]


def test_of_somebody_without_anything_to_compare_nothing_is_kept(bench: Bench) -> None:
    cast = Cast()
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
    bench.client.hdel(bench.keys.templates, "v-1.0.0")
    bench.client.delete(*(bench.keys.sample(i) for i in track_of(cast.track(0, 0)).sample_ids))
    with bench.running():
        bench.take_in([IGNORED])
    assert bench.store.person(ADA).forgotten  # type: ignore[union-attr]
    assert not bench.client.exists(bench.keys.kept_out)


def test_whoever_is_named_as_a_track_turns_out_to_be_of_the_forgotten_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    poor, grown = cast.track(0, 10, samples=1, ended=False), cast.track(0, 10, samples=3, frames=30)
    samples_of(poor)[0].vector[:] = 0
    samples_of(poor)[0].vector[9] = 1
    seen = replace(track_of(grown), sample_ids=track_of(grown).sample_ids[1:])
    commit = IdentityStore.commit
    named: list[str] = []

    def named_in_between(store: IdentityStore, effects: Effects, lease: Lease) -> None:
        if effects.nameless and not named:
            named.extend(effects.nameless)
            assert bench.log.rename(named[0], "Carol")
        commit(store, effects, lease)

    monkeypatch.setattr(IdentityStore, "commit", named_in_between)
    with bench.running():
        ada_forgotten(bench, cast)
        bench.take_in(poor)
        bench.take_in([*samples_of(grown)[1:], seen], at_once=True)
    assert bench.people() == {BOB: {"v-1.90.1"}, named[0]: {"v-1.10.0"}}
    assert bench.store.names() == {named[0]: "Carol"}
    assert bench.dead() == []
    bench.assert_consistent()
