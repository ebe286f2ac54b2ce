"""A re-cluster runs beside the cluster worker: nothing waits for it, and what comes meanwhile is kept."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from cluster_bench import Bench, start_worker, until
from decider import Decider, held, owner
from synthetic import CALIBRATION, Cast, a_source

from storage.connection import RedisHandle
from storage.decision_record import Decision, DecisionKind, Side
from storage.identity_record import ChangeKind
from storage.recluster_record import ReclusterRecord
from storage.requests import DecisionRequest, ForgetRequest, LookAgainRequest, ReclusterRequest
from storage.source_record import SegmentDone
from workers.clustering.cancellation import checkpoint
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition


@dataclass(eq=False)
class Gate:
    """Holds re-clusters up until it is opened.

    Attributes:
        begun: Tracks that each re-cluster was begun with.
        told: What they come to; where nothing is told, what they find.
    """

    begun: list[set[str]] = field(default_factory=list)
    told: list[Partition] = field(default_factory=list)
    opened: threading.Event = field(default_factory=threading.Event)

    def clusterer(self) -> TrackClusterer:
        return Held(self)


class Held(TrackClusterer):
    def __init__(self, gate: Gate) -> None:
        super().__init__(CALIBRATION)
        self.gate = gate

    def recluster(
        self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
    ) -> Partition:
        self.gate.begun.append(set(self._tracks))
        while not self.gate.opened.wait(0.005):
            checkpoint()
        return self.gate.told.pop(0) if self.gate.told else super().recluster(settled, named, *began_s)


@dataclass(eq=False)
class Beside:
    """A bench with a worker whose re-cluster is held up."""

    bench: Bench
    gate: Gate

    def wish(self, reason: str = "test", *, begun: int = 1) -> bytes:
        """Send a request; returns its id once so many re-clusters have begun."""
        entry_id = self.bench.queue.send([ReclusterRequest(reason)])
        assert entry_id is not None
        until(lambda: len(self.gate.begun) >= begun)
        return entry_id

    def open(self, entry_id: bytes) -> None:
        """Let it go on, and wait for its effect."""
        self.gate.opened.set()
        until(lambda: bool(self.bench.failed) or self.bench.queue.is_taken_in(entry_id))


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def beside(bench: Bench, gate: Gate) -> Iterator[Beside]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(bench.running(gate.clusterer))
        # A test that fails must not wait for what it holds up itself.
        stack.callback(gate.opened.set)
        yield Beside(bench, gate)
    bench.assert_consistent()


def records(bench: Bench) -> list[ReclusterRecord]:
    """What re-clusters did, the first one first."""
    return bench.store.reclusters(None)[::-1]


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "re-cluster"]


# What comes meanwhile -------------------------------------------------------------------------------------


def test_tracks_are_given_away_while_a_re_cluster_runs(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0), cast.track(1, 1))
    entry_id = beside.wish()
    bench.take_in(cast.track(0, 2), cast.track(2, 3), [SegmentDone("v-1", 0, 60, 300)])
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.2.0"}, "p2": {"v-1.1.1"}, "p3": {"v-1.3.2"}}
    assert bench.store.provisional() == set(cast.person_of)
    # Its effect is still to come, and the request is still there for whoever takes over.
    assert not bench.queue.is_taken_in(entry_id)
    assert records(bench) == []

    beside.open(entry_id)

    assert bench.people() == {"p1": {"v-1.0.0", "v-1.2.0"}, "p2": {"v-1.1.1"}, "p3": {"v-1.3.2"}}
    assert bench.store.provisional() == {"v-1.2.0", "v-1.3.2"}
    (record,) = records(bench)
    assert (record.tracks, record.people, record.unassigned) == (2, 2, 0)
    bench.take_in(recluster=True)
    assert bench.store.provisional() == set()
    # Two of the four were settled before; the others may have gone anywhere.
    assert bench.store.reclusters(1)[0].earlier == 2
    assert beside.gate.begun == [{"v-1.0.0", "v-1.1.1"}, set(cast.person_of)]


def test_who_came_meanwhile_follows_a_person_who_is_merged(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0, frames=30), cast.track(1, 1))
    beside.gate.told.append(Partition((("v-1.0.0", "v-1.1.1"),), ()))
    entry_id = beside.wish()
    bench.take_in(cast.track(1, 2))
    assert owner(bench, "v-1.2.1") == "p2"
    beside.open(entry_id)
    assert bench.people() == {"p1": set(cast.person_of)}
    assert bench.store.provisional() == {"v-1.2.1"}
    moved = [(c.track_id, c.other_id, c.provisional) for c in bench.changes() if c.other_id == "p2"]
    assert moved == [("v-1.1.1", "p2", False), ("v-1.2.1", "p2", True)]
    gone = bench.store.person("p2")
    assert gone is not None
    assert gone.merged_into == "p1"


def test_who_came_meanwhile_keeps_somebody_of_whom_nothing_else_is_left(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0), cast.track(1, 1))
    beside.gate.told.append(Partition((("v-1.0.0",),), ("v-1.1.1",)))
    entry_id = beside.wish()
    bench.take_in(cast.track(1, 2))
    beside.open(entry_id)
    assert bench.people() == {"p1": {"v-1.0.0"}, "p2": {"v-1.2.1"}}
    assert ChangeKind.VANISHED not in {c.kind for c in bench.changes()}
    assert bench.store.reclusters(1)[0].unassigned == 1


def test_a_track_that_grew_meanwhile_goes_along_and_stays_provisional(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0, frames=30), cast.track(1, 1, samples=1, ended=False))
    beside.gate.told.append(Partition((("v-1.0.0", "v-1.1.1"),), ()))
    entry_id = beside.wish()
    bench.take_in(cast.track(1, 1, samples=3))
    beside.open(entry_id)
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.1.1"}}
    assert bench.store.provisional() == {"v-1.1.1"}


def test_who_grew_good_enough_meanwhile_to_be_somebody_stays_so(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0, samples=1, ended=False, founder=False))
    entry_id = beside.wish()
    bench.take_in(cast.track(0, 0, samples=3))
    assert bench.people() == {"p1": {"v-1.0.0"}}
    beside.open(entry_id)
    assert bench.people() == {"p1": {"v-1.0.0"}}
    assert bench.store.provisional() == {"v-1.0.0"}


def test_tracks_that_went_meanwhile_do_not_come_back(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0), cast.track(1, 1), cast.track(1, 2))
    entry_id = beside.wish()
    bench.take_in([SegmentDone("v-1", 0.0, 15.0, 10, track_ids=())])
    beside.open(entry_id)
    assert bench.people() == {"p2": {"v-1.2.1"}}
    assert bench.store.provisional() == set()
    assert bench.store.reclusters(1)[0].tracks == 1


def test_who_was_forgotten_meanwhile_stays_so_and_is_somebody_new_when_they_are_found_again(
    beside: Beside,
) -> None:
    bench, cast = beside.bench, Cast()
    his = [cast.track(1, 1), cast.track(1, 2)]
    bench.take_in(cast.track(0, 0, frames=60), *his)
    # It takes them all for one.
    beside.gate.told.append(Partition((tuple(sorted(cast.person_of)),), ()))
    entry_id = beside.wish()
    bench.take_in([ForgetRequest("p2")])
    assert bench.people() == {"p1": {"v-1.0.0"}}
    bench.take_in([LookAgainRequest("v-1")], his[0])
    beside.open(entry_id)
    assert bench.people() == {"p1": {"v-1.0.0"}, "p3": {"v-1.1.1"}}
    assert bench.store.provisional() == {"v-1.1.1"}
    left = bench.store.person("p2")
    assert left is not None
    assert left.forgotten
    assert "p2" not in {c.identity_id for c in bench.changes() if c.kind is not ChangeKind.FORGOTTEN}


def test_who_is_named_meanwhile_counts_as_named(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0), cast.track(1, 1))
    beside.gate.told.append(Partition((("v-1.0.0", "v-1.1.1"),), ()))
    entry_id = beside.wish()
    assert bench.log.rename("p2", "Ada")
    beside.open(entry_id)
    assert [(p.identity_id, p.name) for p in bench.store.people()] == [("p2", "Ada")]
    assert len(beside.gate.begun) == 1


# Decisions ------------------------------------------------------------------------------------------------


def test_what_is_decided_meanwhile_holds_and_the_re_cluster_begins_anew(
    beside: Beside, decide: Decider
) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(*(cast.track(k % 3, k) for k in range(6)))
    first = decide.merge("p1", "p2")
    entry_id = beside.wish()
    assert set(bench.people()) == {"p1", "p3"}
    # Carried out at once, beside it, although its outcome would be what it was before.
    decide.undo(first)
    assert set(bench.people()) == {"p1", "p2", "p3"}
    until(lambda: len(beside.gate.begun) == 2)
    beside.open(entry_id)
    assert bench.people() == {
        "p1": {"v-1.0.0", "v-1.3.0"},
        "p2": {"v-1.1.1", "v-1.4.1"},
        "p3": {"v-1.2.2", "v-1.5.2"},
    }
    assert len(records(bench)) == 1
    assert bench.store.provisional() == set()


def test_it_begins_anew_once_and_later_decisions_wait_for_it(beside: Beside, decide: Decider) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(*(cast.track(k % 4, k) for k in range(8)))
    entry_id = beside.wish()
    decide.merge("p1", "p2")
    until(lambda: len(beside.gate.begun) == 2)
    decide.wait = False
    last = decide.merge("p3", "p4")
    # Behind it in the queue, and taken in.
    bench.take_in(cast.track(5, 20))
    assert bench.log.applied() == last - 1
    assert set(bench.people()) == {"p1", "p3", "p4", "p5"}
    beside.open(entry_id)
    decide.settle(last)
    assert set(bench.people()) == {"p1", "p3", "p5"}
    assert len(beside.gate.begun) == 2
    assert held(bench)
    bench.assert_consistent()
    assert bench.client.xlen(bench.keys.samples) == 0
    # The next one is called off again by what is decided beside it.
    beside.gate.opened.clear()
    entry_id = beside.wish(begun=3)
    decide.wait = True
    decide.differs("p1", "p3")
    beside.open(entry_id)


def test_what_waits_for_it_is_carried_out_as_said_where_somebody_is_forgotten_meanwhile(
    beside: Beside, decide: Decider
) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(*(cast.track(k % 4, k) for k in range(14)))
    many, few = bench.members("p1"), bench.members("p3")
    entry_id = beside.wish()
    decide.differs("p1", "p2")
    until(lambda: len(beside.gate.begun) == 2)
    decide.wait = False
    # Most of somebody, who keeps the id for the rest.
    off = sorted(many)[1:]
    _, new = decide.split("p1", *off)
    last = decide.merge("p3", "p2")
    assert len(off) > 2
    bench.take_in([ForgetRequest("p4")])
    assert bench.log.applied() < last - 1
    beside.open(entry_id)
    decide.settle(last)
    assert bench.people() == {"p1": many - set(off), new: set(off), "p3": few | bench.members("p3")}
    assert len(bench.members("p3")) > len(few)


def test_what_waits_for_one_that_fails_is_carried_out(bench: Bench, gate: Gate) -> None:
    fails = threading.Event()

    class Failing(Held):
        def recluster(self, *words: Any) -> Partition:
            self.gate.begun.append(set(self._tracks))
            while not fails.is_set() or len(self.gate.begun) > 2:
                checkpoint()
                time.sleep(0.005)
            raise ValueError("no memory, say")

    with bench.running(lambda: Failing(gate), recluster_every_s=0.3):
        cast, decide = Cast(), Decider(bench)
        bench.take_in(*(cast.track(k % 4, k) for k in range(8)))
        # The worker's own, which nobody asked for again.
        until(lambda: len(gate.begun) == 1)
        decide.differs("p1", "p2")
        until(lambda: len(gate.begun) == 2)
        decide.wait = False
        last = decide.merge("p3", "p4")
        bench.take_in(cast.track(5, 20))
        assert bench.log.applied() == last - 1
        fails.set()
        decide.settle(last)
        assert set(bench.people()) == {"p1", "p2", "p3", "p5"}
        until(lambda: bench.client.xlen(bench.keys.samples) == 0)


def test_readers_never_see_a_decision_that_does_not_hold(bench: Bench, gate: Gate) -> None:
    cast = Cast()
    gate.opened.set()
    with bench.running(gate.clusterer):
        bench.take_in(cast.track(0, 0), cast.track(1, 1), cast.track(1, 2))
        gate.told.append(Partition((tuple(sorted(cast.person_of)),), ()))
        sides = Decider(bench, wait=False)
        before = {i: set(bench.members(i)) for i in bench.people()}
        bench.take_in(recluster=True)
        assert len(bench.people()) == 1
        gate.opened.clear()
        number = _differs(sides, before)
        sides.settle(number)
        # Only a re-cluster can tell who is who, and it has not come to its end.
        until(lambda: len(gate.begun) == 2)
        assert held(bench)
        assert sorted(map(len, bench.people().values())) == [1, 2]
        bench.assert_consistent()
        gate.opened.set()
        until(lambda: len(records(bench)) == 2)
    assert bench.store.reclusters(1)[0].reason == "what was decided"
    assert held(bench)


def _differs(decider: Decider, people: Mapping[str, set[str]]) -> int:
    """Say that two people differ, by somebody who knows them from before a re-cluster."""
    sides = tuple(Side(i, tuple(sorted(tracks))) for i, tracks in people.items())
    log = decider.bench.log
    return log.append(Decision(DecisionKind.DIFFERS, sides), log.read()[1], [])


# Requests -------------------------------------------------------------------------------------------------


def test_requests_that_come_meanwhile_make_one_more_re_cluster(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0))
    first = beside.wish("first")
    last = b""
    for k, reason in enumerate(["second", "third"]):
        bench.take_in(cast.track(k, k + 1))
        last = beside.wish(reason)
    bench.take_in(cast.track(2, 5))
    beside.open(first)
    beside.open(last)
    assert [record.reason for record in records(bench)] == ["first", "second, third"]
    # What was sent before a request is part of its effect.
    assert beside.gate.begun == [{"v-1.0.0"}, set(cast.person_of)]
    assert bench.store.provisional() == set()
    assert bench.client.xpending(bench.keys.samples, "cluster")["pending"] == 0


def test_a_request_waits_beside_many_others_and_nothing_is_taken_in_twice(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0))
    ids = [beside.wish(f"{k}") for k in range(12)]
    # Received by a worker that was paused, and never acknowledged: taken over, unlike what is kept.
    bench.queue.send(cast.track(1, 1))
    bench.client.xreadgroup("cluster", "paused", {bench.keys.samples: ">"}, count=1)
    until(lambda: bench.queue.waiting() == len(ids))
    assert owner(bench, "v-1.1.1") == "p2"
    beside.open(ids[-1])
    assert len(records(bench)) == 2


def test_people_of_a_source_with_a_new_date_are_told_anew_by_what_runs_beside(beside: Beside) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0))
    bench.store.register_source(a_source(recorded_at_s=1.7e9))
    entry_id = bench.queue.send([ReclusterRequest("another date", "v-1")])
    assert entry_id is not None
    beside.open(entry_id)
    assert [(p.wall_clock, p.first_seen_s) for p in bench.store.people()] == [(True, 1.7e9)]


# Ends -----------------------------------------------------------------------------------------------------


def test_one_that_fails_five_times_is_put_aside_and_others_go_on(bench: Bench) -> None:
    begun: list[str] = []

    class Broken(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            begun.append("re-cluster")
            raise ZeroDivisionError("as broken as can be")

    with bench.running(lambda: Broken(CALIBRATION)):
        bench.take_in(Cast().track(0, 0))
        bench.take_in([ReclusterRequest("test")], Cast().track(1, 1))
    # Once, and then five times with nothing beside it.
    assert len(begun) == 6
    (dead,) = bench.dead()
    assert dead[b"type"] == b"recluster"
    assert dead[b"dead_reason"].endswith(b"ZeroDivisionError: as broken as can be")
    assert len(bench.people()) == 2
    assert running() == []
    assert bench.client.xpending(bench.keys.samples, "cluster")["pending"] == 0


def test_a_worker_that_is_told_to_stop_does_not_wait_for_it(bench: Bench, gate: Gate) -> None:
    cast = Cast()
    with bench.running(gate.clusterer):
        bench.take_in(cast.track(0, 0))
        entry_id = Beside(bench, gate).wish()
        bench.take_in(cast.track(0, 1))
    # The gate is closed all the while.
    assert running() == []
    assert not bench.client.exists(bench.keys.leader)
    assert not bench.queue.is_taken_in(entry_id)
    assert bench.store.provisional() == set(cast.person_of)
    with bench.running():
        until(lambda: bench.queue.is_taken_in(entry_id))
    assert bench.store.provisional() == set()
    bench.assert_consistent()


def test_a_worker_that_lost_its_lease_calls_it_off_and_writes_nothing(bench: Bench, gate: Gate) -> None:
    cast = Cast()
    with bench.running(gate.clusterer) as lease:
        try:
            bench.take_in(cast.track(0, 0))
            entry_id = Beside(bench, gate).wish()
            bench.client.set(bench.keys.leader, b"somebody else", px=4000)
            until(lambda: running() == [])
            gate.opened.set()
            assert bench.client.get(bench.keys.leader) == b"somebody else"
            assert records(bench) == []
            bench.client.delete(bench.keys.leader)
            # Once it leads again, it begins again.
            until(lambda: bench.queue.is_taken_in(entry_id))
            assert bench.client.get(bench.keys.leader) == lease.token
        finally:
            gate.opened.set()
    assert len(gate.begun) == 2
    assert bench.store.provisional() == set()


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(bench: Bench, handle: RedisHandle) -> None:
    cast = Cast()
    process = start_worker(handle, bench, recluster_s=60.0)
    try:
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        bench.queue.send([ReclusterRequest("test")])
        until(lambda: bench.client.xpending(bench.keys.samples, "cluster")["pending"] == 1)
        # Of a later step: the re-cluster has begun.
        bench.take_in(cast.track(0, 2))
        assert owner(bench, "v-1.2.0") == "p1"
        assert bench.queue.waiting() == 1
    finally:
        process.kill()
        process.wait()
    until(lambda: not bench.client.exists(bench.keys.leader))
    with bench.running():
        until(lambda: bench.queue.waiting() == 0)
    assert bench.people() == {"p1": {"v-1.0.0", "v-1.2.0"}, "p2": {"v-1.1.1"}}
    assert bench.store.provisional() == set()
    assert len(records(bench)) == 1
    bench.assert_consistent()


def test_a_small_one_has_its_effect_at_once(bench: Bench) -> None:
    cast = Cast()

    def took_s(work: Callable[[], None]) -> float:
        began_s = time.monotonic()
        work()
        return time.monotonic() - began_s

    with bench.running():
        bench.take_in(cast.track(0, 0), cast.track(1, 1))
        # Longer than the worker sleeps without entries, one of them would have waited for that.
        assert min(took_s(lambda: bench.take_in(recluster=True)) for _ in range(5)) < 0.15


def test_decisions_that_come_again_while_one_runs_do_not_call_it_off(beside: Beside, decide: Decider) -> None:
    bench, cast = beside.bench, Cast()
    bench.take_in(cast.track(0, 0), cast.track(1, 1))
    number = decide.merge("p1", "p2")
    entry_id = beside.wish()
    bench.take_in([DecisionRequest(number)])
    beside.open(entry_id)
    assert len(beside.gate.begun) == 1
