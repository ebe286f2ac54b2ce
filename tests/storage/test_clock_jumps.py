"""Clocks that are set an hour forward or back: the server's, and that of a worker's own host."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
import redis
from records import a_source

from storage.camera_leases import CameraLeases
from storage.effects import Effects
from storage.erasure_record import ErasureRecord
from storage.identity_record import ChangeKind, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import LONGEST_S, Lease

HOUR_MS = 3_600_000


@pytest.fixture
def key() -> str:
    return f"lease-{uuid4().hex}"


def test_a_dead_holder_of_before_the_servers_clock_was_set_back_holds_nobody_up_for_an_hour(
    client: redis.Redis, key: str
) -> None:
    dead, heir = Lease(client, key), Lease(client, key)
    assert dead.acquire()
    # Expiries are moments of the server's clock: set back by an hour, they are an hour further away.
    client.pexpire(key, dead.ttl_ms + HOUR_MS)
    assert not heir.acquire()
    assert 0 < client.pttl(key) <= LONGEST_S * 1000
    assert client.get(key) == dead.token


def test_a_living_holder_goes_on_when_the_servers_clock_is_set_back(client: redis.Redis, key: str) -> None:
    holder, other = Lease(client, key), Lease(client, key)
    assert holder.acquire()
    client.pexpire(key, holder.ttl_ms + HOUR_MS)
    assert not other.acquire()
    assert holder.renew()
    assert 0 < client.pttl(key) <= holder.ttl_ms


def test_waiting_for_a_lease_shortens_none_that_is_as_it_should_be(client: redis.Redis, key: str) -> None:
    holder, other = Lease(client, key), Lease(client, key)
    assert holder.acquire()
    # As long as the longest step of a change of models may take.
    assert holder.renew(60.0)
    with client.pipeline() as pipe:
        pipe.watch(key)
        assert not other.acquire()
        pipe.multi()
        pipe.get(key)
        # Nor is it touched, which would void the holder's step.
        assert pipe.execute() == [holder.token]
    assert client.pttl(key) > 50_000


def test_when_the_servers_clock_is_set_forward_a_lease_ends_and_one_gets_it(
    client: redis.Redis, key: str
) -> None:
    holder, other = Lease(client, key), Lease(client, key)
    assert holder.acquire()
    client.pexpire(key, -HOUR_MS)
    assert not holder.renew()
    assert other.acquire()
    assert not holder.acquire()


def test_cameras_of_a_worker_that_died_before_the_servers_clock_was_set_back_are_free_soon(
    client: redis.Redis, keys: Keys
) -> None:
    dead, heir = CameraLeases(client, keys, "dead"), CameraLeases(client, keys, "heir")
    assert dead.claim("door") is not None
    dead.renew([])
    assert heir.renew([])[1] == {"dead", "heir"}
    client.pexpire(keys.camera_lease("door"), HOUR_MS)
    client.zincrby(keys.workers, 3600, "dead")
    # It counts for nothing in the shares any more, and its cameras will be free.
    assert heir.renew([])[1] == {"heir"}
    assert heir.holders(["door"]) == {"door": "dead"}
    assert 0 < client.pttl(keys.camera_lease("door")) <= LONGEST_S * 1000


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_what_was_erased_is_owed_to_the_files_whatever_the_clock_of_the_host_does(
    client: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    store, lease = IdentityStore(client, keys), Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    store.register_source(a_source())
    now_s = time.time()
    store.commit(Effects(erasures=[ErasureRecord("person", 1, 1)]), lease)
    assert store.owes_rewrite()
    store.note_rewritten(now_s + 1)
    assert not store.owes_rewrite()
    monkeypatch.setattr(time, "time", lambda: now_s + jump_s)
    store.commit(Effects(erasures=[ErasureRecord("person", 1, 1)]), lease)
    assert store.owes_rewrite()
    store.note_rewritten(now_s + jump_s + 1)
    assert not store.owes_rewrite()


def test_events_keep_their_order_when_the_clock_of_the_host_is_set_back(
    client: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, lease = IdentityStore(client, keys), Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    now_s = time.time()
    for number, jump_s in enumerate((0.0, 3600.0, -3600.0)):
        monkeypatch.setattr(time, "time", lambda j=jump_s: now_s + j)
        store.commit(Effects(changes=[IdentityChange(ChangeKind.CREATED, f"p{number}")]), lease)
    told = client.xrange(keys.changes)
    assert [raw[b"identity_id"] for _, raw in told] == [b"p0", b"p1", b"p2"]
    # When it was told is what the host thought it was.
    assert [float(raw[b"published_at_s"]) - now_s for _, raw in told] == pytest.approx(
        [0.0, 3600.0, -3600.0], abs=0.01
    )
