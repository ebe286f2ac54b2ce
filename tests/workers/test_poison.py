"""Entries that make the cluster worker fail, or kill its process: put aside, and no others with them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping

import pytest
from cluster_bench import Bench, plain, until
from preloaded import Preloaded, killed_in_the_end
from synthetic import CALIBRATION, MODEL_ID, Cast

from storage.connection import RedisHandle, open_redis
from storage.delivery import Entry
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import DecisionRequest, EraseRequest, Extent, ReclusterRequest
from storage.sample_queue import GROUP, SampleQueue
from storage.source_record import SegmentDone
from workers.cluster_worker import ClusterWorker
from workers.clustering.cancellation import checkpoint
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.partition import Partition
from workers.erasing import Erasing
from workers.roster import Roster

POISON = "v-1.77.5"


class Poisoned(TrackClusterer):
    """Fails with one track."""

    def insert(self, evidence: TrackEvidence) -> None:
        if evidence.track_id == POISON:
            raise ZeroDivisionError("poison")
        super().insert(evidence)


class Deadly(TrackClusterer):
    """Kills its process with one track."""

    def insert(self, evidence: TrackEvidence) -> None:
        if evidence.track_id == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        super().insert(evidence)


def poisoned() -> TrackClusterer:
    return Poisoned(CALIBRATION)


def thousand(cast: Cast) -> list[Entry]:
    """Tracks of which one is poison, a thousand entries."""
    entries = [entry for k in range(333) for entry in cast.track(5 if k == 77 else k % 5, k)]
    return [*entries, SegmentDone("v-1", 0.0, 3330.0, 10_000)]


def failures(bench: Bench) -> dict[bytes, int]:
    """Attempts that failed, by pending entry."""
    rows = bench.client.xpending_range(bench.keys.samples, GROUP, "-", "+", 10_000)
    return {row["message_id"]: row["times_delivered"] - 1 for row in rows}


def assert_all_but_the_poison(bench: Bench, cast: Cast) -> None:
    (dead,) = bench.dead()
    assert (dead[b"type"], dead[b"track_id"]) == (b"track", POISON.encode())
    assert bench.queue.waiting() == 0
    assert failures(bench) == {}
    assert set(bench.store.track_ids()) == cast.person_of.keys() - {POISON}
    assert len(bench.people()) == 5
    assert bench.store.source("v-1").sampled == 10_000
    bench.assert_consistent()


def test_one_that_fails_in_a_thousand_is_put_aside_and_the_others_are_taken_in(bench: Bench) -> None:
    cast = Cast()
    last = bench.queue.send(thousand(cast))
    assert last is not None
    with bench.running(poisoned):
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert_all_but_the_poison(bench, cast)
    reason = bench.dead()[0][b"dead_reason"].decode()
    assert reason == "failed 5 times when it was taken in alone: ZeroDivisionError: poison"


def _work(ready: Callable[[], None], socket_path: str, keys: Keys) -> None:
    with open_redis(f"unix://{socket_path}", None) as opened:
        store, queue = IdentityStore(opened.client, keys), SampleQueue(opened.client, keys)
        lease = Lease(opened.client, keys.leader, ttl_s=0.4)
        ready()
        worker = ClusterWorker(store, queue, lease, MODEL_ID, lambda: Deadly(CALIBRATION), CALIBRATION)
        worker.run(threading.Event())


@pytest.fixture
def start(handle: RedisHandle, bench: Bench) -> Iterator[Callable[[], Preloaded]]:
    """Starts workers that die of the poison."""
    with killed_in_the_end() as started:

        def start_one() -> Preloaded:
            started.append(Preloaded(_work, str(handle.socket_path), bench.keys))
            return started[-1]

        yield start_one


def test_one_that_kills_its_worker_in_a_thousand_is_put_aside_and_the_others_are_taken_in(
    bench: Bench, start: Callable[[], Preloaded]
) -> None:
    cast = Cast()
    bench.queue.prepare()
    last = bench.queue.send(thousand(cast))
    assert last is not None
    counted: list[list[int]] = []
    while True:
        process = start()
        until(lambda p=process: p.poll() is not None or bench.queue.is_taken_in(last))
        if process.poll() is None:
            break
        assert process.poll() == -signal.SIGKILL
        counted.append([n for n in failures(bench).values() if n])
    # Dead of the step that it came with, then of it alone. None beside it is counted, ever.
    assert counted == [[], [1], [2], [3], [4], [5]]
    assert_all_but_the_poison(bench, cast)
    assert b"whoever took it in died of it" in bench.dead()[0][b"dead_reason"]


def test_what_fails_once_is_taken_in_and_counts_for_nothing(bench: Bench) -> None:
    left = [2]

    class Moody(TrackClusterer):
        def insert(self, evidence: TrackEvidence) -> None:
            if evidence.track_id == POISON and left[0]:
                left[0] -= 1
                raise MemoryError
            super().insert(evidence)

    cast = Cast()
    with bench.running(lambda: Moody(CALIBRATION)):
        bench.take_in(cast.track(0, 0), cast.track(5, 77), cast.track(1, 2), at_once=True)
    assert left == [0]
    assert bench.dead() == []
    assert set(bench.store.track_ids()) == cast.person_of.keys()
    bench.assert_consistent()


def test_what_was_put_aside_can_be_tried_again_when_the_fault_is_mended(bench: Bench) -> None:
    from storage.dead_letters import DeadLetters
    from storage.requests import RetryRequest

    cast = Cast()
    with bench.running(poisoned):
        bench.take_in(cast.track(5, 77))
    (dead,) = DeadLetters(bench.client, bench.keys).all()
    with bench.running():
        bench.take_in([RetryRequest(dead.entry_id)])
    assert bench.dead() == []
    assert bench.store.track_ids() == [POISON]


def test_an_erasure_that_fails_is_put_aside_and_said_and_others_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cast = Cast()
    whole = Roster.erase

    def failing(self: Roster, request: EraseRequest, *arguments: object) -> object:
        if request.extent is Extent.ALL:
            raise ZeroDivisionError("poison")
        return whole(self, request, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Roster, "erase", failing)
    with bench.running():
        bench.take_in(cast.track(0, 0), [EraseRequest(Extent.ALL)], cast.track(1, 1))
    assert [dead[b"type"] for dead in bench.dead()] == [b"erase"]
    assert len(bench.people()) == 2
    assert "what should have been erased was not" in caplog.text


def test_an_erasure_that_fails_after_a_long_look_at_the_streams_is_put_aside_as_well(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.look_ahead._ENTRIES_AT_ONCE", 1)
    cast = Cast()

    def failing(*_: object) -> object:
        raise ZeroDivisionError("poison")

    monkeypatch.setattr(Erasing, "_delete", failing)
    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1), [EraseRequest(Extent.ALL)], cast.track(2, 2))
    assert [dead[b"type"] for dead in bench.dead()] == [b"erase"]
    assert len(bench.people()) == 3


class Endless(TrackClusterer):
    """Comes to the end of no re-cluster that is not called off; notes how many tracks each began with."""

    def __init__(self, begun: list[int]) -> None:
        super().__init__(CALIBRATION)
        self.begun = begun

    def recluster(self, *_: object) -> Partition:
        self.begun.append(len(self))
        while True:
            checkpoint()


def asked_of_one_that_died(bench: Bench) -> bytes:
    """Ask for a re-cluster whose worker dies; returns the id of the request."""
    bench.queue.prepare()
    asked = bench.queue.send([ReclusterRequest("test")])
    assert asked is not None
    bench.queue.receive("killed")
    return asked


def test_a_worker_that_is_stopped_amid_an_attempt_counts_none(bench: Bench) -> None:
    begun: list[int] = []
    asked = asked_of_one_that_died(bench)
    with bench.running(lambda: Endless(begun)):
        until(lambda: bool(begun))
        assert failures(bench) == {asked: 1}
    assert failures(bench) == {asked: 0}
    with bench.running(plain):
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(asked))
    assert bench.dead() == []


def test_an_attempt_that_ends_with_the_lease_counts_as_none(bench: Bench) -> None:
    begun: list[int] = []
    asked = asked_of_one_that_died(bench)
    with bench.running(lambda: Endless(begun)):
        for attempt in range(1, 4):
            until(lambda attempt=attempt: len(begun) == attempt)
            assert failures(bench) == {asked: 1}
            # As where the server was away for longer than it lasts.
            bench.client.delete(bench.keys.leader)
        until(lambda: len(begun) == 4)
    assert failures(bench) == {asked: 0}


def test_requests_for_re_clusters_whose_worker_died_are_fulfilled_by_one(bench: Bench) -> None:
    bench.queue.prepare()
    last = bench.queue.send([*Cast().track(0, 0), *(ReclusterRequest(f"{k}") for k in range(5))])
    assert last is not None
    bench.queue.receive("killed")
    with bench.running():
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert len(bench.store.reclusters(None)) == 1
    assert failures(bench) == {}


def test_nothing_is_taken_in_beside_a_re_cluster_whose_worker_died(bench: Bench) -> None:
    gate, begun = threading.Event(), threading.Event()

    class Held(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ):  # type: ignore[no-untyped-def]
            begun.set()
            gate.wait()
            return super().recluster(settled, named, *began_s)

    cast = Cast()
    bench.queue.prepare()
    bench.queue.send([*cast.track(0, 0), ReclusterRequest("test"), DecisionRequest(1)])
    bench.queue.receive("killed", count=4)
    with bench.running(lambda: Held(CALIBRATION)):
        until(begun.is_set)
        last = bench.queue.send(cast.track(1, 1))
        assert last is not None
        assert not threading.Event().wait(0.3)
        assert bench.store.track_ids() == ["v-1.0.0"]
        gate.set()
        until(lambda: bool(bench.failed) or bench.queue.is_taken_in(last))
    assert set(bench.store.track_ids()) == cast.person_of.keys()
