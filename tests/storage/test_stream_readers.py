"""Logs are kept for those who have still to read them: within bounds, and not for the silent."""

from __future__ import annotations

import time

import pytest
import redis

from storage.keys import Keys
from storage.stream_readers import StreamReaders
from storage.stream_trimming import StreamTrimming
from storage.webhook_record import WebhookState

WEEK_S = 7 * 86_400.0
DAY_MS = 86_400_000


@pytest.fixture
def readers(client: redis.Redis, keys: Keys) -> StreamReaders:
    return StreamReaders(client, keys)


def fill(client: redis.Redis, key: str, count: int, *, days_ago: float = 0.0) -> list[bytes]:
    began_ms = int(time.time() * 1000 - days_ago * DAY_MS) - count
    with client.pipeline(transaction=False) as pipe:
        for k in range(count):
            pipe.xadd(key, {"k": k}, id=f"{began_ms + k}-0")
        found: list[bytes] = pipe.execute()
    return found


def hook(client: redis.Redis, keys: Keys, cursor: str) -> None:
    client.sadd(keys.webhooks, "w1")
    client.hset(keys.webhook_state("w1"), mapping=dict(WebhookState(cursor).encode()))


def first(client: redis.Redis, key: str) -> bytes:
    entry_id: bytes = client.xrange(key, count=1)[0][0]
    return entry_id


def trim(client: redis.Redis, keys: Keys, silent_after_s: float = WEEK_S) -> None:
    StreamTrimming(client, keys, length=1000).trim(silent_after_s)


def test_without_readers_a_stream_is_cut_to_its_length(client: redis.Redis, keys: Keys) -> None:
    for key in (keys.changes, keys.faces):
        fill(client, key, 3000)
    trim(client, keys)
    for key in (keys.changes, keys.faces):
        # Redis cuts whole nodes.
        assert 1000 <= client.xlen(key) < 1200


def test_what_a_group_has_not_acknowledged_stays(client: redis.Redis, keys: Keys) -> None:
    ids = fill(client, keys.changes, 3000)
    client.xgroup_create(keys.changes, "theirs", "0")
    trim(client, keys)
    assert client.xlen(keys.changes) == 3000
    client.xreadgroup("theirs", "one", {keys.changes: ">"}, count=1500)
    # Handed out, and not acknowledged from the 701st on.
    client.xack(keys.changes, "theirs", *ids[:700])
    trim(client, keys)
    assert ids[500] < first(client, keys.changes) <= ids[700]
    client.xack(keys.changes, "theirs", *ids[700:1500])
    trim(client, keys)
    assert ids[1300] < first(client, keys.changes) <= ids[1500]


def test_one_that_is_ahead_of_the_cut_changes_nothing(client: redis.Redis, keys: Keys) -> None:
    fill(client, keys.faces, 3000)
    client.xgroup_create(keys.faces, "theirs", "$")
    trim(client, keys)
    assert 1000 <= client.xlen(keys.faces) < 1200


def test_what_a_webhook_has_not_been_told_stays(client: redis.Redis, keys: Keys) -> None:
    ids = fill(client, keys.changes, 3000)
    fill(client, keys.faces, 3000)
    hook(client, keys, ids[799].decode())
    trim(client, keys)
    assert ids[600] < first(client, keys.changes) <= ids[800]
    # It reads no faces.
    assert client.xlen(keys.faces) < 1200


def test_who_is_silent_for_long_holds_nothing_back(
    client: redis.Redis, keys: Keys, readers: StreamReaders
) -> None:
    fill(client, keys.changes, 3000, days_ago=8)
    hook(client, keys, "0-0")
    # Nobody ever read with it.
    client.xgroup_create(keys.changes, "theirs", "0")
    assert [(r.name, r.kind) for r in readers.all()] == [("theirs", "group"), ("w1", "webhook")]
    assert all(WEEK_S < r.silent_s < WEEK_S + 2 * 86_400 for r in readers.all())
    trim(client, keys, 9 * 86_400)
    assert client.xlen(keys.changes) == 3000
    trim(client, keys)
    assert client.xlen(keys.changes) < 1200


def test_who_reads_slowly_is_not_silent(client: redis.Redis, keys: Keys, readers: StreamReaders) -> None:
    fill(client, keys.changes, 1500, days_ago=8)
    client.xgroup_create(keys.changes, "theirs", "0")
    client.xreadgroup("theirs", "one", {keys.changes: ">"}, count=1)
    (reader,) = readers.all()
    assert reader.behind_s > WEEK_S
    assert reader.silent_s < 600
    trim(client, keys)
    assert client.xlen(keys.changes) == 1500


def test_who_has_read_everything_is_neither_behind_nor_silent(
    client: redis.Redis, keys: Keys, readers: StreamReaders
) -> None:
    ids = fill(client, keys.changes, 3, days_ago=30)
    hook(client, keys, ids[-1].decode())
    client.xgroup_create(keys.changes, "theirs", "$")
    assert [(r.behind_s, r.silent_s) for r in readers.all()] == [(0.0, 0.0)] * 2


def test_a_group_that_is_dropped_holds_nothing_back(
    client: redis.Redis, keys: Keys, readers: StreamReaders
) -> None:
    fill(client, keys.faces, 3000)
    client.xgroup_create(keys.faces, "theirs", "0")
    assert readers.drop_group("faces", "theirs")
    assert readers.all() == []
    trim(client, keys)
    assert client.xlen(keys.faces) < 1200
    assert not readers.drop_group("faces", "theirs")
    # There is no such stream yet.
    assert not readers.drop_group("changes", "theirs")


def test_groups_begin_with_what_comes_next(client: redis.Redis, keys: Keys, readers: StreamReaders) -> None:
    fill(client, keys.faces, 3)
    client.xgroup_create(keys.faces, "there", "0")
    readers.begin_groups([("changes", b"new"), ("faces", b"there"), ("faces", b"\xff")])
    assert readers.groups() == [("changes", b"new"), ("faces", b"there"), ("faces", b"\xff")]
    news = client.xadd(keys.changes, {"kind": "test"})
    ((_, ((entry_id, _),)),) = client.xreadgroup("new", "me", {keys.changes: ">"})
    assert entry_id == news
    assert not client.xreadgroup(b"\xff", "me", {keys.faces: ">"})
    # Its place is kept.
    assert len(client.xreadgroup("there", "me", {keys.faces: ">"})[0][1]) == 3


@pytest.mark.parametrize(
    "cursor", ["banana", "5--3", "5_0-1", "5-18446744073709551616", "99999999999999999999999-0", "\xff"]
)
def test_a_damaged_webhook_stops_nobody(
    client: redis.Redis, keys: Keys, readers: StreamReaders, cursor: str
) -> None:
    fill(client, keys.changes, 3000)
    hook(client, keys, cursor)
    assert readers.all() == []
    trim(client, keys)
    assert client.xlen(keys.changes) < 1200


@pytest.mark.parametrize("part", ["5-18446744073709551615", "18446744073709551615-18446744073709551615"])
def test_one_that_is_at_the_last_id_that_there_may_be_is_told_as_any(
    client: redis.Redis, keys: Keys, readers: StreamReaders, part: str
) -> None:
    fill(client, keys.changes, 3)
    hook(client, keys, part)
    client.xgroup_create(keys.changes, "group", part)
    assert [reader.kind for reader in readers.all()] == ["group", "webhook"]


def test_however_many_there_are_they_are_read_in_a_few_round_trips(
    client: redis.Redis, keys: Keys, readers: StreamReaders
) -> None:
    ids = fill(client, keys.changes, 5)
    fill(client, keys.faces, 5)
    for number in range(60):
        client.xgroup_create(keys.changes, f"g{number}", "0")
        client.xreadgroup(f"g{number}", "one", {keys.changes: ">"}, count=2)
        client.sadd(keys.webhooks, f"w{number}")
        client.hset(keys.webhook_state(f"w{number}"), mapping=dict(WebhookState(ids[1].decode()).encode()))
    before = client.info("stats")["total_reads_processed"]
    found = readers.all()
    # With that of the second question itself, and room for one that comes in pieces.
    assert client.info("stats")["total_reads_processed"] - before < 15
    assert len(found) == 120
    assert {reader.needs for reader in found if reader.kind == "group"} == {ids[0]}
    assert all(reader.behind_s > 0 for reader in found)
