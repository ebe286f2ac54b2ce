"""Who leads a collection, for how long, and what is left when somebody dies."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from cluster_bench import Bench, as_partition, new_bench, start_worker, truth, until
from preloaded import Preloaded, killed_in_the_end
from synthetic import CALIBRATION, Cast

from storage.connection import RedisHandle
from storage.hold import hold_collection
from storage.identity_record import ChangeKind
from storage.lease import Lease
from storage.requests import ReclusterRequest
from storage.source_record import SegmentDone
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.groups import Groups


def test_a_step_may_take_longer_than_the_lease(bench: Bench) -> None:
    turns: list[int] = []

    class Slow(TrackClusterer):
        def nearest(self, track_id: str, groups: Groups) -> str | None:
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


def test_whoever_wants_the_collection_to_stand_still_is_given_way_and_nothing_is_lost(bench: Bench) -> None:
    cast, told = Cast(), list[bool]()
    with bench.running(on_lead=told.append):
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        with hold_collection(bench.client, bench.keys, 20.0, pausing=True) as hold:
            last = bench.queue.send(cast.track(0, 2))
            assert last is not None
            # Longer than the wish to hold lasts, and than a leader's lease.
            time.sleep(6.0)
            assert not bench.client.exists(bench.keys.leader_wanted)
            assert not bench.queue.is_taken_in(last)
            hold.check()
        until(lambda: bench.queue.is_taken_in(last))
        assert told == [True, False, True]
        bench.take_in(recluster=True)
    assert as_partition(bench.people()) == truth(cast)
    bench.assert_consistent()


def test_while_somebody_wants_to_lead_who_stands_by_does_not_begin(bench: Bench) -> None:
    lease, told = Lease(bench.client, bench.keys.leader), list[bool]()
    lease.ask()
    with bench.running(on_lead=told.append):
        until(lambda: told == [False])
        lease.ask()
        time.sleep(1.0)
        assert told == [False]
        # Who asked is gone.
        until(lambda: told == [False, True])


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
    with killed_in_the_end() as started:

        def start(bench: Bench) -> Preloaded:
            # So slow that it can be killed in the middle of a step.
            started.append(start_worker(handle, bench, track_s=0.008))
            return started[-1]

        yield start


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
