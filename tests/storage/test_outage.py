"""A server that goes away: waited for, but not for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_door import Door

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.errors import RedisUnreachableError
from storage.outage import wait_for_server


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Door]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("redis"))) as server:
        found = Door(server, tmp_path)
        with found.handle:
            yield found


def gone(door: Door) -> RedisUnreachableError:
    with pytest.raises(RedisUnreachableError) as caught, door.handle.errors():
        door.handle.client.ping()
    return caught.value


def test_a_server_that_comes_back_is_waited_for(door: Door) -> None:
    door.shut()
    error = gone(door)
    timer = threading.Timer(0.7, door.open)
    timer.start()
    try:
        wait_for_server(door.handle, error, threading.Event(), 60.0)
    finally:
        timer.join()
    assert door.handle.client.ping()


def test_a_server_that_stays_away_ends_the_waiting_with_what_to_do(door: Door) -> None:
    door.shut()
    with pytest.raises(RedisUnreachableError, match="Start the server or mend the URL"):
        wait_for_server(door.handle, gone(door), threading.Event(), 0.2)


def test_who_is_told_to_stop_does_not_wait(door: Door) -> None:
    door.shut()
    stop = threading.Event()
    stop.set()
    began_s = time.monotonic()
    wait_for_server(door.handle, gone(door), stop, 600.0)
    assert time.monotonic() - began_s < 60
