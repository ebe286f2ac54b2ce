"""What `doctor` says of the queue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from facestream.checkup.queue import check_queue
from facestream.checkup.server import check_server
from facestream.configuration.settings import Place
from storage.collection_pulse import CollectionPulse
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import LookAgainRequest
from storage.sample_queue import SampleQueue

KEYS = Keys("default")


@pytest.fixture
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("own"))) as opened:
        yield opened


def found(handle: RedisHandle) -> list[tuple[str, str, str]]:
    checked = check_server(Place(None, f"unix://{handle.socket_path}"))
    return [(f.name, f.status, f.detail) for f in checked if f.name in ("queue", "dead letters")]


def test_what_waits_while_no_cluster_worker_is_in_charge_is_a_warning(handle: RedisHandle) -> None:
    queue = SampleQueue(handle.client, KEYS)
    queue.prepare()
    assert found(handle) == []
    queue.send([LookAgainRequest("v-1")] * 3)
    ((name, status, detail),) = found(handle)
    assert (name, status) == ("queue", "warning")
    assert detail.startswith("3 entries wait, and no cluster worker is in charge")
    assert Lease(handle.client, KEYS.leader, 60).acquire()
    assert found(handle) == []


def test_dead_letters_are_a_warning(handle: RedisHandle) -> None:
    handle.client.xadd(KEYS.dead, {"reason": "test"})
    ((name, status, detail),) = found(handle)
    assert (name, status) == ("dead letters", "warning")
    assert detail == "1 entry of the queue could not be taken in and was put aside"


def test_where_all_is_well_nothing_is_said() -> None:
    assert list(check_queue(CollectionPulse(waiting=5, led=True))) == []
