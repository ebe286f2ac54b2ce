"""A server in trouble while a cluster worker that is to last leads: waited for, and nothing lost."""

from __future__ import annotations

import contextlib
import logging
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster_bench import Bench, new_bench, until
from own_server import DURABLE, Name, OwnServer
from synthetic import CALIBRATION, Cast

from facestream.clusters.background import Background
from storage import outage
from storage.connection import RedisHandle, open_redis
from storage.errors import (
    RedisFullError,
    RedisLoadingError,
    RedisReadOnlyError,
    RedisUnavailableError,
    RedisUnreachableError,
)
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.groups import Groups

Trouble = Callable[[OwnServer, RedisHandle], contextlib.AbstractContextManager[None]]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with OwnServer(tmp_path_factory.mktemp("own"), *DURABLE) as running:
        yield running


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lasts for seconds in earnest lasts for less here."""
    monkeypatch.setattr("storage.connection.SOCKET_TIMEOUT_S", 0.4)
    monkeypatch.setattr("storage.connection.CONNECT_TIMEOUT_S", 0.4)
    monkeypatch.setattr("storage.connection._RETRIES", 1)
    monkeypatch.setattr(outage, "_FIRST_WAIT_S", 0.1)


@contextlib.contextmanager
def killed(server: OwnServer, _: RedisHandle) -> Iterator[None]:
    server.kill()
    yield
    server.start()


@contextlib.contextmanager
def frozen(server: OwnServer, _: RedisHandle) -> Iterator[None]:
    with server.frozen():
        yield


@contextlib.contextmanager
def loading(server: OwnServer, handle: RedisHandle) -> Iterator[None]:
    pipe = handle.client.pipeline(transaction=False)
    for number in range(250):
        pipe.set(f"key{number}", random.Random(number).randbytes(1024))
    pipe.bgrewriteaof()
    pipe.execute()
    until(lambda: not handle.client.info("persistence")["aof_rewrite_in_progress"])
    server.kill()
    # The server's own options for tests of its loading: 10 ms for each key, and it answers after every
    # kilobyte of a snapshot. Of commands it would after 1024: on a busy machine that is waited for too long.
    server.start(
        *("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"), until=b"-LOADING"
    )
    yield


@contextlib.contextmanager
def full_memory(_: OwnServer, handle: RedisHandle) -> Iterator[None]:
    handle.client.config_set("maxmemory", 1)
    yield
    handle.client.config_set("maxmemory", 0)


@contextlib.contextmanager
def read_only(_: OwnServer, handle: RedisHandle) -> Iterator[None]:
    # Of a primary that is not there, so that it keeps what it has.
    handle.client.replicaof("127.0.0.1", 1)
    yield
    handle.client.replicaof("NO", "ONE")


@contextlib.contextmanager
def failing_snapshots(server: OwnServer, handle: RedisHandle) -> Iterator[None]:
    handle.client.config_set("save", "3600 100000")
    # Nothing can take the place of a folder with something in it.
    (server.folder / "dump.rdb" / "in the way").mkdir(parents=True)
    handle.client.bgsave()
    until(lambda: handle.client.info("persistence")["rdb_last_bgsave_status"] != "ok")
    yield
    shutil.rmtree(server.folder / "dump.rdb")
    handle.client.bgsave()
    until(lambda: handle.client.info("persistence")["rdb_last_bgsave_status"] == "ok")


@contextlib.contextmanager
def too_few_replicas(_: OwnServer, handle: RedisHandle) -> Iterator[None]:
    handle.client.config_set("min-replicas-to-write", 1)
    yield
    handle.client.config_set("min-replicas-to-write", 0)


def refused(bench: Bench, handle: RedisHandle) -> RedisUnavailableError:
    """What a sender is told meanwhile."""
    with pytest.raises(RedisUnavailableError) as caught, handle.errors():
        bench.queue.send(Cast().track(0, 9))
    return caught.value


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (killed, RedisUnreachableError),
        (frozen, RedisUnreachableError),
        (loading, RedisLoadingError),
        (full_memory, RedisFullError),
        (read_only, RedisReadOnlyError),
        (failing_snapshots, RedisFullError),
        (too_few_replicas, RedisFullError),
    ],
)
def test_a_worker_that_lasts_goes_on_after_the_trouble_and_nothing_is_lost(
    server: OwnServer, trouble: Trouble, kind: type[RedisUnavailableError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "storage.outage")
    cast = Cast()
    with open_redis(server.url, None) as handle:
        bench = new_bench(handle)
        met, at_work = threading.Event(), threading.Event()

        class Waiting(TrackClusterer):
            def nearest(self, track_id: str, groups: Groups) -> str | None:
                if not met.is_set():
                    at_work.set()
                    assert met.wait(60)
                return super().nearest(track_id, groups)

        worker, _ = bench.worker(lambda: Waiting(CALIBRATION), ttl_s=1.0)
        with Background(worker, handle, lasting=True) as background:
            met.set()
            bench.take_in(cast.track(0, 0))
            # The worker meets the trouble with work in its hands.
            met.clear()
            last = bench.queue.send([*cast.track(1, 1), *cast.track(0, 2)])
            until(lambda: at_work.is_set())
            with trouble(server, handle):
                error = refused(bench, handle)
                met.set()
                until(lambda: "It is tried again until it is back" in caplog.text)
            assert isinstance(error, kind)
            assert last is not None
            background.wait_until(lambda: handle_is_past(bench, handle, last), 60.0)
            bench.take_in(cast.track(1, 3), recluster=True)
            background.check()
        assert {frozenset(members) for members in bench.people().values()} == {
            frozenset({"v-1.0.0", "v-1.2.0"}),
            frozenset({"v-1.1.1", "v-1.3.1"}),
        }
        bench.assert_consistent()
        assert bench.dead() == []
    assert "has lost" not in caplog.text


def handle_is_past(bench: Bench, handle: RedisHandle, last: bytes) -> bool:
    """Whether the server is back, and what was sent before has had its effect."""
    with contextlib.suppress(RedisUnavailableError), handle.errors():
        return bench.queue.is_taken_in(last)
    return False


def test_those_who_wait_do_not_come_back_at_once_and_no_wait_is_long() -> None:
    waits = [outage.jittered(4.0) for _ in range(200)]
    assert 2.0 <= min(waits) < max(waits) <= 4.0
    assert len(set(waits)) > 100


def test_a_wait_for_writes_ends_with_what_else_is_wrong_by_then(server: OwnServer) -> None:
    with open_redis(server.url, None) as handle:
        handle.client.config_set("maxmemory", 1)
        with pytest.raises(RedisFullError) as caught, handle.errors():
            handle.client.set("name", "value")
        beats: list[float] = []
        with pytest.raises(RedisFullError, match="memory limit"):
            outage.wait_for_server(
                handle, caught.value, threading.Event(), 0.2, on_wait=lambda: beats.append(time.monotonic())
            )
        # It is alive as long as it waits.
        assert len(beats) > 1


def test_a_look_whether_writes_are_taken_leaves_nothing_behind(server: OwnServer) -> None:
    with open_redis(server.url, None) as handle:
        outage.check_writable(handle)
        assert handle.client.keys() == []


def test_the_name_of_a_primary_is_looked_up_again_when_it_has_become_a_replica(
    tmp_path_factory: pytest.TempPathFactory, server: OwnServer
) -> None:
    with OwnServer(tmp_path_factory.mktemp("heir")) as heir:
        name = Name(Path(tmp_path_factory.mktemp("name")) / "sock", server)
        with open_redis(name.url, None) as handle:
            handle.client.replicaof("127.0.0.1", 1)
            name.lead_to(heir)
            with pytest.raises(RedisReadOnlyError), handle.errors():
                handle.client.set("name", "value")
            handle.client.set("name", "value")
            assert handle.client.get("name") == b"value"
