import os
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from collection_contents import crop, everything, fill

from storage.catalogue import SCAN_COUNT, Catalogue
from storage.collection_stats import measure
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.erasure import erase_history, erase_keys
from storage.errors import CollectionBusyError, LeaseLostError, RedisFullError
from storage.hold import hold_collection
from storage.keys import Keys
from storage.lease import Lease


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisHandle]:
    """A server that no other test uses."""
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        yield handle


def holders_of(data: bytes, folder: Path) -> list[Path]:
    """Files that hold some bytes."""
    return [path for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]


# Which there are.


def test_collections_are_found_by_their_facts_and_sorted(own: RedisHandle) -> None:
    catalogue = Catalogue(own.client)
    assert catalogue.names() == []
    fill(own.client, Keys("zoo"))
    fill(own.client, Keys("a.b-C_9"))
    # Of somebody else, and what no name can be.
    own.client.hset("fs:{x}y}:meta", "schema", 1)
    own.client.hset("fs:{ }:meta", "schema", 1)
    own.client.set("fs:{text}:meta", "1")
    own.client.hset("fs:{zoo}:source:x}:meta", "schema", 1)

    assert catalogue.names() == ["a.b-C_9", "zoo"]
    assert [info.name for info in catalogue.infos()] == ["a.b-C_9", "zoo"]


def test_a_collection_tells_what_it_is(client: redis.Redis, keys: Keys) -> None:
    before_s = time.time()
    fill(client, keys)

    info = Catalogue(client).find(keys)

    assert info is not None
    assert (info.name, info.people, info.tracks, info.sources) == (keys.collection, 1, 4, 2)
    assert (info.pack, info.licence, info.commercial_use) == ("open", "CC0-1.0", True)
    assert (info.model_id, info.schema, info.leftover) == ("dlib@1", "1", False)
    assert info.created_at_s == pytest.approx(before_s, abs=60)
    assert info.created_at is not None
    assert info.created_at.timestamp() == pytest.approx(info.created_at_s)


def test_hundreds_of_collections_are_counted(own: RedisHandle) -> None:
    for number in range(450):
        keys = Keys(f"c{number:03d}")
        own.client.hset(keys.meta, "schema", 1)
        own.client.sadd(keys.tracks, *range(number + 1))

    infos = Catalogue(own.client).infos()

    assert [(info.name, info.tracks) for info in infos] == [(f"c{n:03d}", n + 1) for n in range(450)]


def test_a_damaged_date_does_not_hide_a_collection(client: redis.Redis, keys: Keys) -> None:
    client.hset(keys.meta, mapping={"schema": 1, "created_at_s": "yesterday", "pack": b"\xff"})

    info = Catalogue(client).find(keys)

    assert info is not None
    assert info.created_at is None


def test_what_is_not_there_is_not_found_and_keys_without_facts_are_left_over(
    client: redis.Redis, keys: Keys
) -> None:
    catalogue = Catalogue(client)
    # Whoever looks may hold it.
    client.set(keys.leader, "me")
    assert catalogue.find(keys) is None
    client.set(keys.next_identity, 7)
    info = catalogue.find(keys)
    assert info is not None
    assert info.leftover
    assert keys.collection not in catalogue.names()


# How much is in one.


def test_everything_is_counted(client: redis.Redis, keys: Keys) -> None:
    fill(client, keys)
    info = Catalogue(client).find(keys)
    assert info is not None

    stats = measure(client, keys, info)

    assert (stats.named, stats.unassigned) == (1, 1)
    assert (stats.faces, stats.samples) == (12, 3)
    assert (stats.videos, stats.videos_complete, stats.photos, stats.photos_complete) == (1, 0, 1, 0)
    assert stats.looked_at_s == 60
    assert (stats.events, stats.logged_faces, stats.waiting, stats.put_aside) == (2, 1, 3, 1)


def test_memory_is_estimated_from_some_keys(client: redis.Redis, keys: Keys) -> None:
    fill(client, keys, tracks=1500)
    info = Catalogue(client).find(keys)
    assert info is not None
    exact = sum(
        client.memory_usage(key, samples=0) or 0
        for key in client.scan_iter(f"fs:{{{keys.collection}}}:*", SCAN_COUNT)
    )

    estimate = measure(client, keys, info).memory_bytes

    assert estimate == pytest.approx(exact, rel=0.1)


# Holding one.


def test_a_collection_that_is_held_has_no_other_leader(client: redis.Redis, keys: Keys) -> None:
    other = Lease(client, keys.leader)
    with hold_collection(client, keys) as hold:
        assert not other.acquire()
        hold.check()
    assert other.acquire()


@pytest.mark.parametrize("pausing", [False, True])
def test_a_collection_that_somebody_leads_is_busy(client: redis.Redis, keys: Keys, pausing: bool) -> None:
    leader = Lease(client, keys.leader, ttl_s=60)
    assert leader.acquire()

    with (
        pytest.raises(CollectionBusyError, match=f"processing into collection '{keys.collection}'"),
        hold_collection(client, keys, wait_s=0.2, pausing=pausing),
    ):
        pytest.fail("held by two")

    assert client.get(keys.leader) == leader.token
    # Asked for only where others are to give way, and no longer than that is meant.
    assert leader.is_wanted() is pausing
    assert client.pttl(keys.leader_wanted) <= 2000


def test_who_waits_gets_the_collection_when_its_leader_is_done(client: redis.Redis, keys: Keys) -> None:
    leader = Lease(client, keys.leader, ttl_s=60)
    assert leader.acquire()
    done = threading.Timer(0.3, leader.release)
    done.start()
    with hold_collection(client, keys):
        assert client.get(keys.leader) != leader.token
    done.join()


def test_a_hold_that_was_lost_writes_nothing(client: redis.Redis, keys: Keys) -> None:
    client.set(keys.next_identity, 1)
    with hold_collection(client, keys) as hold:
        client.set(keys.leader, "somebody else")
        with pytest.raises(LeaseLostError, match="Run the command again"):
            hold.check()
        with pytest.raises(LeaseLostError):
            erase_keys(client, hold)
        with pytest.raises(LeaseLostError), hold.step() as pipe:
            pipe.execute_command("SET", keys.next_identity, 2)
    assert client.get(keys.next_identity) == b"1"
    assert client.get(keys.leader) == b"somebody else"


# Erasing one.


def test_erasing_leaves_other_collections_and_keys_alone(client: redis.Redis, keys: Keys) -> None:
    # Names that are alike, and a key of which a pattern could be made.
    others = [Keys(f"{keys.collection}-2"), Keys(f"{keys.collection}.")]
    for each in (keys, *others):
        fill(client, each)
    client.set(f"fs:{keys.collection}:meta", "not ours")
    before = [everything(client, other) for other in others]

    with hold_collection(client, keys) as hold:
        assert erase_keys(client, hold, [keys.meta]) > 10
        assert everything(client, keys).keys() == {b"meta", b"leader"}
        assert erase_keys(client, hold) == 1
        assert everything(client, keys).keys() == {b"leader"}

    assert everything(client, keys) == {}
    assert [everything(client, other) for other in others] == before
    assert client.delete(f"fs:{keys.collection}:meta") == 1


def test_a_large_collection_is_erased_in_steps(client: redis.Redis, keys: Keys) -> None:
    with client.pipeline() as pipe:
        for number in range(3000):
            pipe.hset(keys.track(f"v-1.{number}.0"), "faces", number)
        pipe.execute()
    with hold_collection(client, keys) as hold:
        assert erase_keys(client, hold) == 3000
    assert everything(client, keys) == {}


def test_files_of_the_embedded_server_hold_nothing_of_what_was_erased(
    own: RedisHandle, tmp_path: Path
) -> None:
    gone, stays = Keys("gone"), Keys("stays")
    for keys in (gone, stays):
        fill(own.client, keys)
    own.client.hset(gone.sample("x"), "crop_jpeg", crop("gone"))
    own.client.hset(stays.sample("x"), "crop_jpeg", crop("stays"))
    # Of a server that was killed during a rewrite.
    (tmp_path / "data" / "redis" / "temp-rewriteaof-bg-1.aof").write_bytes(crop("gone"))
    (tmp_path / "data" / "redis" / "appendonlydir" / "appendonly.aof.99.base.aof").write_bytes(crop("gone"))
    kept = everything(own.client, stays)
    assert len(holders_of(crop("gone"), tmp_path)) == 3

    with hold_collection(own.client, gone) as hold:
        erase_keys(own.client, hold)
    assert erase_history(own)

    assert holders_of(crop("gone"), tmp_path) == []
    assert len(holders_of(crop("stays"), tmp_path)) == 1
    assert everything(own.client, stays) == kept


def test_a_rewrite_that_is_under_way_is_not_taken_for_ours(own: RedisHandle, tmp_path: Path) -> None:
    own.client.set("large", os.urandom(30_000_000))
    own.client.set("crop", crop("gone"))
    own.client.bgrewriteaof()
    own.client.delete("crop")

    assert erase_history(own)

    assert holders_of(crop("gone"), tmp_path) == []


def test_what_was_erased_does_not_come_back_after_a_restart(tmp_path: Path) -> None:
    keys = Keys("default")
    for _ in range(2):
        with open_redis(None, DataFolder(tmp_path / "data")) as handle:
            fill(handle.client, keys)
            handle.client.set("stays", 1)
            with hold_collection(handle.client, keys) as hold:
                erase_keys(handle.client, hold)
            assert erase_history(handle)
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        assert handle.client.keys() == [b"stays"]


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="can't limit another process here")
def test_a_rewrite_that_fails_is_reported_and_loses_nothing(own: RedisHandle, tmp_path: Path) -> None:
    own.client.set("large", os.urandom(1_000_000))
    own.client.set("crop", crop("gone"))
    own.client.delete("crop")
    server = psutil.Process(own.client.info("server")["process_id"])
    # As on a full disk, for files that begin now.
    server.rlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    with pytest.raises(RedisFullError, match="still holds what was deleted"):
        erase_history(own)

    assert own.client.strlen("large") == 1_000_000
    server.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert erase_history(own)
    assert holders_of(crop("gone"), tmp_path) == []


def test_files_of_a_server_of_ones_own_are_left_alone(own: RedisHandle, tmp_path: Path) -> None:
    own.client.set("crop", crop("gone"))
    own.client.delete("crop")
    with open_redis(f"unix://{own.socket_path}", None) as handle:
        assert not erase_history(handle)
    assert len(holders_of(crop("gone"), tmp_path)) == 1
