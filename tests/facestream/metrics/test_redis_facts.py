"""What is read from Redis at a scrape, whatever state it is in."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest
from own_server import OwnServer

from facestream.metrics.redis_facts import PATIENCE_S, RedisFacts
from storage.camera_store import CameraStore
from storage.connection import RedisHandle, open_redis
from storage.keys import Keys

KEYS = Keys("default")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with OwnServer(tmp_path_factory.mktemp("own"), "--save", "3600 100000") as running:
        yield running


@pytest.fixture
def handle(server: OwnServer) -> Iterator[RedisHandle]:
    with open_redis(server.url, None) as opened:
        yield opened


@pytest.fixture
def facts(handle: RedisHandle) -> Iterator[RedisFacts]:
    with contextlib.closing(RedisFacts(handle, KEYS, CameraStore(handle.client, KEYS))) as made:
        yield made


def told(facts: RedisFacts) -> dict[str, float]:
    return {sample.name: sample.value for family in facts.families() for sample in family.samples}


def test_a_server_that_answers_is_up_and_one_that_hangs_is_not(server: OwnServer, facts: RedisFacts) -> None:
    found = told(facts)
    assert found["facestream_redis_up"] == 1
    assert found["facestream_tracks"] == 0
    with server.frozen():
        time.sleep(1.1)
        began_s = time.monotonic()
        assert told(facts) == {"facestream_redis_up": 0}
        assert time.monotonic() - began_s < PATIENCE_S + 5


def test_a_server_that_answers_is_up_also_where_the_collection_can_not_be_read(
    handle: RedisHandle, facts: RedisFacts
) -> None:
    handle.client.set(KEYS.samples, "no stream")
    assert told(facts) == {"facestream_redis_up": 1}


def test_what_nobody_thought_of_is_told_once_and_costs_no_more_than_what_it_is_about(
    handle: RedisHandle, facts: RedisFacts, caplog: pytest.LogCaptureFixture
) -> None:
    handle.client.sadd(KEYS.cameras, b"\xff")
    for _ in range(2):
        assert told(facts) == {"facestream_redis_up": 1}
        time.sleep(1.1)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
