"""The cluster worker in its thread, with a real server and real models."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from own_server import OwnServer
from server_door import Door

from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker
from facestream.wiring import make_pack, make_queue
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from storage.requests import ReclusterRequest
from workers.cluster_worker import ClusterWorker
from workers.errors import ClusterWorkerError
from workers.models.pack import Pack

WAIT_S = 60.0


@pytest.fixture(scope="module")
def pack(cache_dir: Path) -> Iterator[Pack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
        yield make_pack("open")


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("fs"))) as opened:
        yield opened


@pytest.fixture
def keys() -> Keys:
    return Keys(f"test-{uuid4().hex}")


@pytest.fixture
def worker(handle: RedisHandle, keys: Keys, pack: Pack) -> ClusterWorker:
    return make_cluster_worker(handle, keys, pack.manifest, pack.calibration)


def thread_names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_work_that_is_sent_is_done_and_the_thread_is_gone_afterwards(
    handle: RedisHandle, keys: Keys, worker: ClusterWorker
) -> None:
    queue = make_queue(handle, keys)
    queue.prepare()
    with Background(worker, handle) as background:
        assert "cluster worker" in thread_names()
        entry_id = queue.send([ReclusterRequest("test")])
        assert entry_id is not None
        background.wait_until(lambda: queue.is_taken_in(entry_id), WAIT_S)
        background.check()
    assert "cluster worker" not in thread_names()
    assert not handle.client.exists(keys.leader)


def test_the_thread_is_gone_after_an_error_of_ours(handle: RedisHandle, worker: ClusterWorker) -> None:
    with pytest.raises(ZeroDivisionError), Background(worker, handle):
        _ = 1 / 0
    assert "cluster worker" not in thread_names()


def test_what_the_worker_fails_with_is_raised_where_it_is_checked(
    handle: RedisHandle, keys: Keys, worker: ClusterWorker
) -> None:
    # Somebody wrote where nobody should.
    handle.client.set(keys.samples, "no stream")
    background = Background(worker, handle)
    with (
        pytest.raises(ClusterWorkerError, match=r"the cluster worker failed: .*WRONGTYPE") as caught,
        background,
    ):
        background.wait_until(lambda: False, WAIT_S)
    assert caught.value.__cause__ is not None
    with pytest.raises(ClusterWorkerError, match="WRONGTYPE"):
        background.check()
    assert "cluster worker" not in thread_names()


def test_waiting_ends_when_it_takes_too_long(handle: RedisHandle, worker: ClusterWorker) -> None:
    with (
        Background(worker, handle) as background,
        pytest.raises(ClusterWorkerError, match=r"did not finish within 0\.1 s"),
    ):
        background.wait_until(lambda: False, 0.1)


def test_a_lasting_worker_outlasts_a_server_that_goes_away(
    handle: RedisHandle, keys: Keys, pack: Pack, tmp_path: Path
) -> None:
    door = Door(handle, tmp_path)
    worker = make_cluster_worker(door.handle, keys, pack.manifest, pack.calibration)
    queue = make_queue(handle, keys)
    queue.prepare()
    with Background(worker, door.handle, lasting=True) as background:
        background.wait_until(lambda: bool(handle.client.exists(keys.leader)), WAIT_S)
        door.shut()
        entry_id = queue.send([ReclusterRequest("test")])
        assert entry_id is not None
        door.open()
        background.wait_until(lambda: queue.is_taken_in(entry_id), WAIT_S)


def test_the_end_of_a_lasting_worker_waits_for_no_server_that_hangs(
    keys: Keys, pack: Pack, tmp_path: Path
) -> None:
    with OwnServer(tmp_path / "own") as server, open_redis(server.url, None) as own:
        worker = make_cluster_worker(own, keys, pack.manifest, pack.calibration)
        with Background(worker, own, lasting=True) as background, server.frozen():
            began_s = time.monotonic()
            background.__exit__(None, None, None)
            took_s = time.monotonic() - began_s
    # 44 s, as long as the client tries, and then once more for the lease.
    assert took_s < 15
    assert "cluster worker" not in thread_names()
