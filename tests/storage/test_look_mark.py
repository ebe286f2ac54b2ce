from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys
from storage.look_mark import LookMark


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("marks"))) as handle:
        yield handle.client


@pytest.fixture
def keys() -> Keys:
    return Keys(f"test-{uuid4().hex}")


def die_at(client: redis.Redis, keys: Keys, *frames: int) -> list[int]:
    """Look at frames as a process that dies over the last one; returns those it left out."""
    mark = LookMark(client, keys, "v-1").__enter__()
    left_out = [frame for frame in frames if mark.is_deadly(frame)]
    for frame in frames:
        if frame not in left_out:
            mark.at(frame)
    # This very process lives on, so that it must not have been this one.
    left = json.loads(client.hget(keys.looking, "v-1"))
    client.hset(keys.looking, "v-1", json.dumps({**left, "process": f"{socket.gethostname()}|1|1"}))
    return left_out


def test_a_frame_over_which_two_died_that_were_watched_is_left_out(client: redis.Redis, keys: Keys) -> None:
    for _ in range(3):
        assert die_at(client, keys, 0, 5, 10) == []
    assert die_at(client, keys, 0, 5, 10, 15) == [10]
    # The next one died elsewhere, which is remembered as well.
    assert die_at(client, keys, 0, 5, 10, 15) == [10]
    assert die_at(client, keys, 0, 5, 10, 15, 20) == [10, 15]


def test_deaths_at_random_moments_cost_no_frame(client: redis.Redis, keys: Keys) -> None:
    for last in range(50):
        assert die_at(client, keys, *range(last + 1)) == []


@pytest.mark.parametrize("error", [None, ValueError("a fault that is told")])
def test_who_comes_to_an_end_leaves_no_mark(client: redis.Redis, keys: Keys, error: Exception | None) -> None:
    die_at(client, keys, 0, 5)
    die_at(client, keys, 0, 5)
    with (
        contextlib.nullcontext()
        if error is None
        else pytest.raises(ValueError, match="a fault that is told"),
        LookMark(client, keys, "v-1") as mark,
    ):
        mark.at(0)
        assert client.hlen(keys.looking) == 1
        if error:
            raise error
    assert not client.exists(keys.looking)


def test_processes_that_look_at_one_source_at_the_same_time_are_no_deaths(
    client: redis.Redis, keys: Keys
) -> None:
    with LookMark(client, keys, "v-1") as first:
        for _ in range(3):
            with LookMark(client, keys, "v-1") as second:
                second.at(500)
                with LookMark(client, keys, "v-1") as third:
                    third.at(500)
                    assert not third.careful
                    assert not third.is_deadly(500)
        assert not first.careful


def test_among_them_the_death_of_one_is_told(client: redis.Redis, keys: Keys) -> None:
    die_at(client, keys, 0, 5)
    die_at(client, keys, 0, 5)
    with LookMark(client, keys, "v-1") as first:
        die_at(client, keys, 0, 5)
        with LookMark(client, keys, "v-1") as second:
            assert second.careful
            assert not second.is_deadly(0)
            assert second.is_deadly(5)
            first.at(7)
        # The mark is that of the first one again, who lives, and goes with it.
        assert client.hlen(keys.looking) == 1
    assert not client.exists(keys.looking)


def test_whoever_ends_leaves_the_mark_of_who_came_later(client: redis.Redis, keys: Keys) -> None:
    first, second = (LookMark(client, keys, "v-1") for _ in range(2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None)
    assert client.hlen(keys.looking) == 1
    second.__exit__(None)
    assert not client.exists(keys.looking)


def test_without_a_death_no_frame_is_written_down(client: redis.Redis, keys: Keys) -> None:
    with LookMark(client, keys, "v-1") as mark:
        before = client.hget(keys.looking, "v-1")
        mark.at(100)
        assert client.hget(keys.looking, "v-1") == before


@pytest.mark.parametrize("value", ["", "nonsense", "[]", '{"at": []}', '{"at": 1, "died": 5}', "null"])
def test_a_mark_that_can_not_be_read_is_one(client: redis.Redis, keys: Keys, value: str) -> None:
    client.hset(keys.looking, "v-1", value)
    with LookMark(client, keys, "v-1") as mark:
        assert not mark.is_deadly(1)
        mark.at(7)
        assert b'"at": 7' in client.hget(keys.looking, "v-1")
