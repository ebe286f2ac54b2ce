"""A cluster worker on a real Redis Cluster: its collection is moved, its node dies, and nothing is lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster_bench import new_bench
from own_cluster import OwnCluster, ask, until, url_of
from own_server import DURABLE
from synthetic import Cast

from facestream.background import Background
from storage import outage
from storage.connection import RedisHandle, open_redis
from storage.errors import RedisUnavailableError, RedisUnreachableError
from storage.keys import Keys


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCluster]:
    with contextlib.ExitStack() as stack:
        made = OwnCluster(tmp_path_factory.mktemp("rc"), *DURABLE)
        stack.callback(made.end)
        yield made


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lasts for seconds in earnest lasts for less here."""
    monkeypatch.setattr("storage.connection._RETRIES", 1)
    monkeypatch.setattr(outage, "_FIRST_WAIT_S", 0.1)


def lasting(handle: RedisHandle, work: Callable[[], bool]) -> bool:
    """Whether it is done; not while the server is away."""
    with contextlib.suppress(RedisUnavailableError), handle.errors():
        return work()
    return False


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

            stop = threading.Event()

            def move() -> None:
                while not stop.is_set():
                    cluster.move(keys.meta, elsewhere)
                    cluster.move(keys.meta, home)

            mover = threading.Thread(target=move)
            mover.start()
            try:
                for number in range(2, 12):
                    entries, sent = cast.track(number % 2, number), list[bytes]()

                    def send(entries=entries, sent=sent) -> bool:  # type: ignore[no-untyped-def]
                        sent.append(bench.queue.send(entries) or b"")
                        return True

                    until(lambda send=send: lasting(handle, send))
                    background.wait_until(
                        lambda last=sent[-1]: lasting(handle, lambda: bench.queue.is_taken_in(last)), 60.0
                    )
            finally:
                stop.set()
                mover.join()

            replica = cluster.add_replica(Path(tmp_path_factory.mktemp("rr")) / "r", home)
            until(lambda: ask(home, "WAIT", 1, 1000) == 1)
            home.kill()
            until(lambda: lasting(handle, lambda: bool(outage.check_writable(handle) or True)))
            assert b"role:master" in ask(replica, "INFO", "replication")
            bench.take_in(cast.track(1, 13), recluster=True)
            background.check()
        assert {frozenset(members) for members in bench.people().values()} == {
            frozenset(f"v-1.{number}.{number % 2}" for number in range(0, 12, 2)),
            frozenset(f"v-1.{number}.1" for number in (*range(1, 12, 2), 13)),
        }
        bench.assert_consistent()
        assert bench.dead() == []

        replica.kill()
        with pytest.raises(RedisUnreachableError, match=f"127.0.0.1:{replica.port} can't be reached"):
            with handle.errors():
                handle.client.hgetall(keys.meta)
        cluster.nodes = [node for node in cluster.nodes if node not in (home, replica)]
        until(lambda: b"cluster_state:fail" in ask(elsewhere, "CLUSTER", "INFO"))
        with pytest.raises(RedisUnreachableError, match="is a Redis Cluster, and"):
            open_redis(url_of(elsewhere), None, keys)
