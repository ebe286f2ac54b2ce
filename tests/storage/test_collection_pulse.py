"""What is read of a collection at each scrape."""

from __future__ import annotations

import time

import pytest
import redis
from records import a_recluster, a_sample

from storage.collection_pulse import CollectionPulse, read_pulse
from storage.effects import Effects
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue


def test_of_an_empty_collection_there_is_nothing(client: redis.Redis, keys: Keys) -> None:
    assert read_pulse(client, keys) == CollectionPulse(dead_added=0)


def test_tells_of_queue_people_and_dead_letters(client: redis.Redis, keys: Keys) -> None:
    store, queue, lease = (
        IdentityStore(client, keys),
        SampleQueue(client, keys),
        Lease(client, keys.leader, 60),
    )
    assert lease.acquire()
    queue.prepare()
    client.xadd(keys.samples, {"type": "banana"}, id=f"{int(time.time() * 1000) - 90_000}-0")
    client.xadd(keys.samples, {"type": "banana"})
    taken = queue.receive("one", count=2)
    queue.send([a_sample()])
    store.commit(Effects(unreadable=taken[1:], reclustered=a_recluster()), lease)
    store.commit(Effects(identities=[Identity("p1", tracks=1), Identity("p2", tracks=1)]), lease)
    client.hset(keys.names, "p1", "Ada")

    found = read_pulse(client, keys)
    assert (found.people, found.named, found.tracks) == (2, 1, 0)
    assert (found.waiting, found.pending, found.led) == (2, 1, True)
    assert found.oldest_s == pytest.approx(90, abs=30)
    assert (found.dead, found.dead_added) == (1, 1)
    assert found.reclustered == a_recluster()
    # What was dropped was there all the same.
    client.xtrim(keys.dead, maxlen=0, approximate=False)
    found = read_pulse(client, keys)
    assert (found.dead, found.dead_added) == (0, 1)


def test_a_key_of_another_kind_is_an_error(client: redis.Redis, keys: Keys) -> None:
    client.set(keys.samples, "no stream")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        read_pulse(client, keys)
