"""A cluster worker on a real Redis Cluster: its collection is moved, its node dies, and nothing is lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from cluster_bench import new_bench
from own_cluster import OwnCluster, ask, until, url_of
from own_server import DURABLE, OwnServer
from synthetic import Cast

from facestream.clusters.background import Background
from storage import outage
from storage.connection import RedisHandle, open_redis
from storage.errors import RedisUnavailableError, RedisUnreachableError
from storage.keys import Keys

T = TypeVar("T")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCluster]:
    with contextlib.ExitStack() as stack:
        made = OwnCluster(tmp_path_factory.mktemp("rc"), *DURABLE, "--repl-diskless-sync-delay", "0")
        stack.callback(made.end)
        yield made


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lasts for seconds in earnest lasts for less here."""
    monkeypatch.setattr("storage.connection._RETRIES", 1)
    monkeypatch.setattr(outage, "_FIRST_WAIT_S", 0.1)


def persistently(handle: RedisHandle, work: Callable[[], T]) -> T:
    """What comes of it once the server is there."""
    done: list[T] = []

    def attempt() -> bool:
        with contextlib.suppress(RedisUnavailableError), handle.errors():
            done.append(work())
        return bool(done)

    until(attempt)
    return done[0]


@contextlib.contextmanager
def moved_to_and_fro(cluster: OwnCluster, keys: Keys, elsewhere: OwnServer) -> Iterator[None]:
    """As long as it lasts, a collection goes to another node and comes back, again and again."""
    home, stop = cluster.owner(keys.meta), threading.Event()

    def move() -> None:
        while not stop.wait(0.05):
            cluster.move(keys.meta, elsewhere)
            cluster.move(keys.meta, home)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        stop.set()
        mover.join()


def test_nothing_is_lost_when_a_collection_is_moved_and_when_a_replica_takes_over(
    cluster: OwnCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys, cast = Keys("site"), Cast()
    home = cluster.owner(keys.meta)
    elsewhere = next(node for node in cluster.nodes if node is not home)
    with open_redis(url_of(elsewhere), None, keys) as handle:
        bench = new_bench(handle, keys)
        worker, _ = bench.worker(ttl_s=1.0)
        with Background(worker, handle, lasting=True) as background:
            bench.take_in(cast.track(0, 0), cast.track(1, 1))

            with moved_to_and_fro(cluster, keys, elsewhere):
                for number in range(2, 8):
                    last = persistently(handle, partial(bench.queue.send, cast.track(number % 2, number)))
                    assert last is not None
                    until(lambda last=last: persistently(handle, partial(bench.queue.is_taken_in, last)))
                    background.check()

            replica = cluster.add_replica(Path(tmp_path_factory.mktemp("rr")) / "r", home)
            until(lambda: ask(home, "WAIT", 1, 1000) == 1)
            with open_redis(url_of(replica), None, keys) as other:
                outage.check_writable(other)
            home.kill()
            persistently(handle, lambda: outage.check_writable(handle))
            assert b"role:master" in ask(replica, "INFO", "replication")
            bench.take_in(cast.track(1, 9), recluster=True)
            background.check()
        assert {frozenset(members) for members in bench.people().values()} == {
            frozenset(f"v-1.{number}.{number % 2}" for number in range(0, 8, 2)),
            frozenset(f"v-1.{number}.1" for number in (*range(1, 8, 2), 9)),
        }
        bench.assert_consistent()
        assert bench.dead() == []

        replica.kill()
        gone = f"its node 127.0.0.1:{replica.port} can't be reached"
        with pytest.raises(RedisUnreachableError, match=gone), handle.errors():
            handle.client.hgetall(keys.meta)
        until(lambda: b"cluster_state:fail" in ask(elsewhere, "CLUSTER", "INFO"))
        with pytest.raises(RedisUnreachableError, match="is a Redis Cluster, and"):
            open_redis(url_of(elsewhere), None, keys)
