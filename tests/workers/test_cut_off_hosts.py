"""Senders, cluster workers and the server on hosts of their own, some of them cut off for a while."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster_bench import Bench, new_bench, until
from network_hosts import Network, move_to, network
from own_server import DURABLE, OwnServer
from preloaded import Preloaded
from synthetic import CALIBRATION, MODEL_ID, Cast

from facestream.clusters.background import Background
from storage import connection, outage
from storage.connection import open_redis
from storage.errors import RedisUnavailableError
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from workers.cluster_worker import ClusterWorker
from workers.clustering.clusterer import TrackClusterer

PORT = 6379
TRACKS, ACTS = 30, 3
SENDERS, CLUSTER_WORKERS = ("w0", "w1"), ("c0", "c1")


def on_host(space: str) -> None:
    """What lasts for seconds in earnest lasts for less here."""
    connection.SOCKET_TIMEOUT_S = connection.CONNECT_TIMEOUT_S = 0.5  # type: ignore[misc]
    connection._RETRIES, outage._FIRST_WAIT_S, outage._LONGEST_WAIT_S = 0, 0.1, 0.2
    move_to(space)


def send(ready: Callable[[], None], space: str, url: str, keys: Keys, acts: list[range], stage: Path) -> None:
    """Send tracks one after the other, each until it is confirmed; in acts that begin when told to."""
    on_host(space)
    cast, never = Cast(), threading.Event()
    with open_redis(url, None, keys) as handle:
        queue = SampleQueue(handle.client, keys, model_id=MODEL_ID)
        ready()
        for act, numbers in enumerate(acts):
            until((stage / str(act)).exists)
            for number in numbers:
                entries, sent = cast.track(number % 2, number), False
                while not sent:
                    try:
                        with handle.errors():
                            sent = queue.send(entries) is not None
                    except RedisUnavailableError as error:
                        outage.wait_for_server(handle, error, never)
                time.sleep(0.05)


def cluster(ready: Callable[[], None], space: str, url: str, keys: Keys, name: str) -> None:
    """Lead or stand by until killed."""
    on_host(space)
    with open_redis(url, None, keys) as handle:
        store, queue = IdentityStore(handle.client, keys), SampleQueue(handle.client, keys)
        lease = Lease(handle.client, keys.leader, 1.0, name)
        worker = ClusterWorker(
            store, queue, lease, MODEL_ID, lambda: TrackClusterer(CALIBRATION), CALIBRATION
        )
        with Background(worker, handle, lasting=True) as background:
            ready()
            while True:
                background.check()
                time.sleep(0.1)


@pytest.fixture
def hosts() -> Iterator[Network]:
    with network() as made:
        yield made


def leader(bench: Bench) -> str:
    """The host that leads, once one does."""
    while True:
        token = bench.client.get(bench.keys.leader)
        if isinstance(token, bytes):
            return token.decode().partition("/")[0]
        time.sleep(0.01)


def test_hosts_that_are_cut_off_and_come_back_lose_and_double_nothing(
    hosts: Network, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with contextlib.ExitStack() as stack:
        address = hosts.add("store")
        by = ("ip", "netns", "exec", hosts.space("store"))
        reached = ("--bind", address, "--protected-mode", "no")
        server = OwnServer(Path(tmp_path_factory.mktemp("own")), *DURABLE, *reached, port=PORT, by=by)
        stack.callback(server.kill)
        for host in (*SENDERS, *CLUSTER_WORKERS):
            hosts.add(host)
        url = f"redis://{address}:{PORT}"
        # The test itself looks in by the socket, which is no part of the network.
        handle = stack.enter_context(open_redis(server.url, None))
        bench = new_bench(handle)

        def start(work: Callable[..., None], host: str, *arguments: object) -> Preloaded:
            process = Preloaded(work, hosts.space(host), url, bench.keys, *arguments)
            stack.callback(process.kill)
            return process

        def found() -> set[str]:
            return set(bench.store.track_ids())

        # Each sends a third of its half in each act.
        numbers = [range(start, TRACKS, len(SENDERS) * ACTS) for start in range(len(SENDERS) * ACTS)]
        everything = [
            [{f"v-1.{n}.{n % 2}" for n in numbers[place * ACTS + act]} for act in range(ACTS)]
            for place in range(len(SENDERS))
        ]
        workers = [start(cluster, host, host) for host in CLUSTER_WORKERS]
        senders = [
            start(send, host, numbers[place * ACTS :][:ACTS], tmp_path) for place, host in enumerate(SENDERS)
        ]
        (tmp_path / "0").touch()
        until(lambda: found() == everything[0][0] | everything[1][0])

        # One of those who send, and of those who group the one that leads.
        first = leader(bench)
        (other,) = set(CLUSTER_WORKERS) - {first}
        with hosts.cut_off(first, SENDERS[0]):
            (tmp_path / "1").touch()
            until(lambda: leader(bench) == other)
            until(lambda: found() >= everything[1][1])
            assert found().isdisjoint(everything[0][1])
        until(lambda: found() >= everything[0][1])
        # Now the server, from all of them.
        (tmp_path / "2").touch()
        with hosts.cut_off("store"):
            time.sleep(1.5)
        assert [sender.wait(60) for sender in senders] == [0, 0]
        until(lambda: bench.client.xlen(bench.keys.samples) == 0)

        assert [worker.poll() for worker in workers] == [None, None]
        assert {frozenset(members) for members in bench.people().values()} == {
            frozenset(f"v-1.{number}.{person}" for number in range(person, TRACKS, 2)) for person in (0, 1)
        }
        bench.assert_consistent()
        assert bench.dead() == []
