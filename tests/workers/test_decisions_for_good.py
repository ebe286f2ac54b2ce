"""What people decided outlives a thousand re-clusters, restarts and kills."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Collection, Mapping

from cluster_bench import Bench, new_bench, start_worker, until
from decider import Decider, held, tracks_of
from synthetic import CALIBRATION, Cast

from storage.connection import RedisHandle
from storage.decision_record import DecisionKind, Side
from storage.errors import OvertakenError
from storage.requests import ReclusterRequest
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition
from workers.rulings import constraints_of, in_force


def test_decisions_outlive_a_thousand_re_clusters_and_restarts(bench: Bench, decide: Decider) -> None:
    cast = Cast()
    turns: list[int] = []

    class Counting(TrackClusterer):
        def recluster(
            self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
        ) -> Partition:
            turns.append(1)
            return super().recluster(settled, named, *began_s)

    with bench.running():
        bench.take_in(*(cast.track(k % 4, k) for k in range(12)), recluster=True, at_once=True)
        bench.log.rename("p4", "Ada")
        decide.merge("p1", "p2")
        _, out = decide.split("p1", "v-1.5.1")
        _, new = decide.split("p3", "v-1.2.2")
        decide.differs("p4", "p3")
        decide.make(DecisionKind.COVER, Side("p4", ("v-1.7.3",)))
        people, events = bench.store.people(), bench.changes()
    for restart in range(1, 5):
        with bench.running(lambda: Counting(CALIBRATION)):
            while len(turns) < restart * 250:
                bench.queue.send([ReclusterRequest("again")])
                until(lambda: bench.queue.waiting() == 0)
        assert bench.store.people() == people
        assert bench.changes() == events
    assert set(bench.people()) == {"p1", "p3", "p4", new, out}
    assert bench.members(out) == {"v-1.5.1"}
    assert bench.members(new) == {"v-1.2.2"}
    assert bench.store.person("p4").thumbnails[0] == "v-1.7.3.1"  # type: ignore[union-attr]
    assert held(bench)


def test_decisions_at_any_moment_hold_whatever_is_killed(handle: RedisHandle) -> None:
    bench = new_bench(handle)
    cast = Cast()
    # Seeded, so that a failure comes again.
    chance = random.Random(11)
    entries = [entry for k in range(160) for entry in cast.track(k % 8, k)]
    bench.queue.prepare()
    stop = threading.Event()
    failures: list[BaseException] = []
    kept = Decider(bench, wait=False)

    def send() -> None:
        try:
            for start in range(0, len(entries), 9):
                bench.queue.send([*entries[start : start + 9], ReclusterRequest("on its way")])
                time.sleep(0.02)
        except BaseException as error:
            failures.append(error)

    def decide() -> None:
        made = 0
        try:
            while made < 40 and not stop.is_set():
                # People as they are seen at this moment, by somebody who may be overtaken.
                with contextlib.suppress(OvertakenError, AssertionError, ValueError, IndexError):
                    _decide_something(kept, chance)
                    made += 1
                time.sleep(0.03)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for work in (send, decide)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            process = start_worker(handle, bench)
            until(lambda: bool(bench.client.exists(bench.keys.leader)))
            # Without people there is nothing to decide, however long it takes until the first are found.
            until(lambda: len(bench.people()) > 1)
            time.sleep(chance.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
            process.wait()
            until(lambda: not bench.client.exists(bench.keys.leader))
        threads[0].join()
        # On a busy machine, little has been decided by now.
        until(lambda: _kinds(bench) >= {DecisionKind.MERGE, DecisionKind.SPLIT} and bench.log.read()[1] > 5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    with bench.running():
        bench.take_in(recluster=True)
    log, size = bench.log.read()
    assert len(log) == size
    assert constraints_of(log).consistent
    assert held(bench)
    assert bench.log.applied() == size
    assert len(bench.store.track_ids()) == 160
    assert bench.dead() == []
    bench.assert_consistent()
    # And who starts from what is stored comes to the same.
    people = bench.store.people()
    with bench.running():
        bench.take_in(recluster=True)
    assert bench.store.people() == people


def _kinds(bench: Bench) -> set[DecisionKind]:
    return {decision.kind for decision in bench.log.read()[0]}


def _decide_something(decide: Decider, chance: random.Random) -> None:
    """One decision about people as they are; fails with an assertion where it contradicts an earlier one."""
    people = sorted(decide.bench.people())
    counting = in_force(decide.bench.log.read()[0])
    match chance.randrange(4):
        case 0:
            decide.merge(*chance.sample(people, 2))
        case 1:
            who = chance.choice(people)
            tracks = tracks_of(decide.bench, who)
            decide.split(who, *chance.sample(tracks, chance.randrange(1, len(tracks))))
        case 2:
            decide.differs(*chance.sample(people, 2))
        case _:
            decide.undo(chance.choice([d.number for d in counting]))
