"""A collection with something of every kind in it, and what a server holds of it."""

from collections.abc import Callable
from typing import Any

import redis
from records import a_camera, a_sample, a_source, a_track, unit

from storage.camera_store import CameraStore
from storage.catalogue import SCAN_COUNT, key_prefix
from storage.decision_log import DecisionLog
from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.requests import ReclusterRequest
from storage.sample_queue import SampleQueue
from storage.sighting_record import Sighting
from storage.source_record import SegmentDone

ABOUT = {"pack": "open", "licence": "CC0-1.0", "commercial_use": "1"}

_READERS: dict[bytes, Callable[[redis.Redis, bytes], Any]] = {
    b"hash": lambda client, key: client.hgetall(key),
    b"set": lambda client, key: client.smembers(key),
    b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    b"string": lambda client, key: client.get(key),
    b"stream": lambda client, key: client.xrange(key),
}


def fill(client: redis.Redis, keys: Keys, tracks: int = 3) -> None:
    """A person with some tracks, one track of nobody, entries that wait, were put aside and were logged."""
    store, queue = IdentityStore(client, keys), SampleQueue(client, keys)
    lease = Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    store.claim_model("dlib@1", ABOUT)
    source = store.register_source(a_source())
    store.register_source(a_source("i-1", kind="photo", path="/photos/b.jpg"))
    queue.prepare()
    client.xadd(keys.samples, {"type": "banana"})
    # Gone again: the newest id is not that of the last entry.
    client.xdel(keys.samples, client.xadd(keys.samples, {"type": "banana"}))
    identity_id = store.new_identity_id()
    ids = [f"v-1.{number}.0" for number in range(tracks)]
    effects = Effects(
        samples=[
            a_sample(f"{i}.7", track_id=i, vector=unit(k), crop_jpeg=crop(i)) for k, i in enumerate(ids)
        ],
        tracks=[a_track(i) for i in (*ids, "v-1.999.0")],
        assignments=dict.fromkeys(ids, identity_id),
        provisional={ids[0]: True},
        sources={"v-1": source.with_segment(SegmentDone("v-1", 0, 60, 7))},
        identities=[
            Identity(
                identity_id,
                tracks=tracks,
                faces=3 * tracks,
                sightings=(Sighting("v-1", 0, 1), Sighting("v-1", 4.125, 1e9)),
                thumbnails=(f"{ids[0]}.7",),
            )
        ],
        members_added={identity_id: set(ids)},
        templates=dict.fromkeys(ids, b"\x00\xff" * 128),
        changes=[IdentityChange(ChangeKind.CREATED, identity_id, ids[0])],
        unreadable=queue.receive("one"),
    )
    store.commit(effects, lease)
    DecisionLog(client, keys).rename(identity_id, "Ada Løvelace\n♥")
    queue.send(
        [a_sample("w.1", crop_jpeg=crop("w.1")), a_track("w"), ReclusterRequest("end")], faces=[a_sample()]
    )
    CameraStore(client, keys).add(a_camera())
    lease.release()


def crop(name: str) -> bytes:
    """Bytes that occur nowhere else."""
    return b"\xff\xd8picture of " + name.encode() + b"\xff\x00\xfe" * 20


def everything(client: redis.Redis, keys: Keys) -> dict[bytes, Any]:
    """What each key of a collection holds, by its name without the collection's."""
    prefix = key_prefix(keys).encode()
    return {
        key.removeprefix(prefix): _READERS[client.type(key)](client, key)
        for key in client.scan_iter(prefix + b"*", SCAN_COUNT)
    }
