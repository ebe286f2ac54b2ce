"""Encryption of a collection: turned on, rotated, turned off, stopped in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import redis
from records import a_sample, a_track, unit

from storage.archive import Tell
from storage.catalogue import SCAN_COUNT
from storage.data_keys import DataKeys, key_id, sealed_with
from storage.dead_letters import DeadLetters
from storage.effects import Effects
from storage.encryption import Encryption, begin_change, end_change, rewrite
from storage.errors import CollectionBusyError, DataKeyError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.model_switch import RenewedTrack, switch_models
from storage.sample_queue import SampleQueue
from storage.sample_record import FaceSample
from storage.staged_vectors import StagedVectors
from storage.template_record import encode_template

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
FIRST, SECOND = key_id(ONE), key_id(TWO)
BOTH = DataKeys(lambda: [ONE, TWO], "here")
IDS = [f"t{number}" for number in range(230)]


def samples_of(ids: list[str]) -> list[FaceSample]:
    return [
        a_sample(f"{i}.1", track_id=i, vector=unit(k), crop_jpeg=f"\xff\xd8 {i}".encode("latin-1"))
        for k, i in enumerate(ids)
    ]


def template_of(number: int) -> bytes:
    return encode_template(unit(number), 40.0, 2.0, photo=False)


def put(client: redis.Redis, keys: Keys, ids: list[str], data_keys: DataKeys = BOTH) -> None:
    """Tracks with a face and a template, as a cluster worker stores them; one of them is a dead letter."""
    store = IdentityStore(client, keys, data_keys=data_keys)
    queue = SampleQueue(client, keys, data_keys=data_keys)
    store.claim_model("dlib@1", {})
    queue.prepare()
    lease = Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    queue.send([samples_of(ids)[0]], faces=samples_of(ids)[:3])
    store.commit(
        Effects(
            samples=samples_of(ids),
            tracks=[a_track(i, sample_ids=(f"{i}.1",)) for i in ids],
            templates={i: template_of(k) for k, i in enumerate(ids)},
            assignments=dict.fromkeys(ids, "p1"),
            unreadable=queue.receive("one"),
        ),
        lease,
    )
    lease.release()


def stored(client: redis.Redis, keys: Keys) -> Iterator[bytes]:
    """All values that show faces."""
    for name in client.scan_iter(keys.sample("*"), SCAN_COUNT):
        yield from (value for value in client.hmget(name, ["vector", "crop_jpeg"]) if value)
    yield from client.hvals(keys.templates)
    for key in (keys.dead, keys.faces, keys.samples):
        for _, raw in client.xrange(key):
            yield from (raw[field] for field in (b"vector", b"crop_jpeg") if field in raw)


def seals(client: redis.Redis, keys: Keys) -> set[str]:
    """Ids of all keys that something is sealed with; empty for what stands open."""
    return {sealed_with(value) for value in stored(client, keys)}


def check_whole(client: redis.Redis, keys: Keys, data_keys: DataKeys = BOTH) -> None:
    """Everything reads as it was put in."""
    store = IdentityStore(client, keys, data_keys=data_keys)
    found = list(store.samples(f"{i}.1" for i in IDS))
    for sample, expected in zip(found, samples_of(IDS), strict=True):
        np.testing.assert_allclose(sample.vector, expected.vector, atol=1e-3)
        assert sample.crop_jpeg == expected.crop_jpeg
    assert list(store.crops(["t3.1", "none"])) == [b"\xff\xd8 t3", None]
    assert [bare.has_crop for bare in store.bare_samples(["t3.1"])] == [True]
    for table in (store.templates(128), *store.template_pages(128)):
        assert sorted(table.track_ids) == sorted(IDS)
        row = table.track_ids.index("t7")
        np.testing.assert_allclose(table.vectors[row], unit(7), atol=1e-3)
    assert store.templates_of(["t7"], 128).track_ids == ("t7",)


def change(client: redis.Redis, keys: Keys, name: str, data_keys: DataKeys = BOTH) -> None:
    with hold_collection(client, keys) as hold:
        if Encryption.of(client, keys).before is None:
            begin_change(client, hold, name)
        done = rewrite(client, hold, data_keys, lambda *_: None)
        assert done.damaged == 0
        end_change(hold)


class KilledError(Exception):
    """Stands for a kill."""


def stop_at(what: str, after: int) -> Tell:
    def tell(now: str, done: int, _total: int) -> None:
        if now == what and done >= after:
            raise KilledError

    return tell


def test_is_turned_on_rotated_and_turned_off_without_a_loss(client: redis.Redis, keys: Keys) -> None:
    put(client, keys, IDS)
    assert seals(client, keys) == {""}
    plain = sorted(stored(client, keys))
    logged = client.xlen(keys.faces)
    with hold_collection(client, keys) as hold:
        assert begin_change(client, hold, FIRST) == logged == 3
    # New values are sealed from the first moment on; old ones are read beside them.
    put(client, keys, IDS[:1])
    assert seals(client, keys) == {"", FIRST}
    check_whole(client, keys)

    for name in (FIRST, SECOND):
        change(client, keys, name)
        assert seals(client, keys) == {name}
        assert Encryption.of(client, keys) == Encryption(name, None)
        check_whole(client, keys)
    change(client, keys, "")
    assert seals(client, keys) == {""}
    assert not client.hexists(keys.meta, "data_key")
    assert set(stored(client, keys)) <= set(plain)
    check_whole(client, keys)


@pytest.mark.parametrize(
    ("what", "after"), [("rewriting faces", 0), ("rewriting faces", 200), ("rewriting templates", 0)]
)
def test_a_rotation_that_is_stopped_anywhere_is_gone_on_with(
    client: redis.Redis, keys: Keys, what: str, after: int
) -> None:
    put(client, keys, IDS)
    change(client, keys, FIRST)
    with hold_collection(client, keys) as hold:
        begin_change(client, hold, SECOND)
        with pytest.raises(KilledError):
            rewrite(client, hold, BOTH, stop_at(what, after))
    assert seals(client, keys) == {FIRST} | ({SECOND} if (what, after) != ("rewriting faces", 0) else set())
    assert Encryption.of(client, keys) == Encryption(SECOND, FIRST)
    check_whole(client, keys)
    with pytest.raises(DataKeyError, match=FIRST):
        IdentityStore(client, keys, data_keys=DataKeys(lambda: [TWO], "here")).check_key()

    change(client, keys, SECOND)

    assert seals(client, keys) == {SECOND}
    check_whole(client, keys, DataKeys(lambda: [TWO], "here"))


_KILLED = """
import os, signal, sys
import redis
from storage.data_keys import DataKeys, key_id
from storage.encryption import begin_change, rewrite
from storage.hold import hold_collection
from storage.keys import Keys
one, two = bytes(range(32)), bytes(range(32, 64))
client = redis.Redis(unix_socket_path=sys.argv[1])
def tell(what, done, total):
    if done >= 200:
        os.kill(os.getpid(), signal.SIGKILL)
with hold_collection(client, Keys(sys.argv[2])) as hold:
    begin_change(client, hold, key_id(two))
    rewrite(client, hold, DataKeys(lambda: [two, one], "here"), tell)
"""


def test_a_rotation_that_is_killed_is_gone_on_with(client: redis.Redis, keys: Keys) -> None:
    put(client, keys, IDS)
    change(client, keys, FIRST)
    socket_path = client.connection_pool.connection_kwargs["path"]
    words = [sys.executable, "-c", _KILLED, socket_path, keys.collection]
    assert subprocess.run(words, check=False, timeout=60).returncode == -signal.SIGKILL
    assert seals(client, keys) == {FIRST, SECOND}
    check_whole(client, keys)

    # As it is once its lease has run out.
    client.delete(keys.leader)
    change(client, keys, SECOND)

    assert seals(client, keys) == {SECOND}
    check_whole(client, keys, DataKeys(lambda: [TWO], "here"))


def test_dead_letters_open_with_the_new_key_and_those_dropped_meanwhile_stay_away(
    client: redis.Redis, keys: Keys
) -> None:
    put(client, keys, IDS[:1])
    client.xadd(keys.dead, {"type": "banana", "dead_reason": "none"})
    change(client, keys, FIRST)
    letters = DeadLetters(client, keys)
    assert letters.count() == 2
    (raw,) = [raw for _, raw in client.xrange(keys.dead) if b"vector" in raw]
    assert FaceSample.decode(raw, BOTH).crop_jpeg == b"\xff\xd8 t0"


def test_without_its_key_nothing_is_read_or_written(client: redis.Redis, keys: Keys) -> None:
    put(client, keys, IDS[:5])
    change(client, keys, FIRST)
    other = DataKeys(lambda: [TWO], "/run/secrets/faces")
    store = IdentityStore(client, keys, data_keys=other)
    queue = SampleQueue(client, keys, data_keys=other)
    attempts = [
        store.check_key,
        lambda: store.claim_model("dlib@1", {}),
        lambda: list(store.samples(["t1.1"])),
        lambda: list(store.bare_samples(["t1.1"])),
        lambda: list(store.crops(["t1.1"])),
        lambda: store.templates(128),
        lambda: queue.send([a_sample()]),
        lambda: queue.try_send([], faces=[a_sample()]),
    ]
    for attempt in attempts:
        with pytest.raises(DataKeyError, match=f"{FIRST}.*{SECOND}"):
            attempt()
    assert (client.xlen(keys.samples), client.xlen(keys.faces)) == (0, 0)
    lease = Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    with pytest.raises(DataKeyError):
        store.commit(Effects(samples=[a_sample("new")]), lease)
    assert not client.exists(keys.sample("new"))
    # An entry that only the key is missing for is no dead letter.
    SampleQueue(client, keys, data_keys=BOTH).send([a_sample("sent")])
    with pytest.raises(DataKeyError):
        queue.receive("one")
    lease.release()


def test_values_that_were_changed_or_swapped_are_left_out_and_others_are_read(
    client: redis.Redis, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    put(client, keys, IDS[:3])
    change(client, keys, FIRST)
    store = IdentityStore(client, keys, data_keys=BOTH)
    client.hset(keys.sample("t0.1"), "vector", client.hget(keys.sample("t1.1"), "vector"))
    client.hset(keys.sample("t0.1"), "crop_jpeg", client.hget(keys.sample("t1.1"), "crop_jpeg"))
    client.hset(keys.templates, "t0", client.hget(keys.templates, "t1"))

    assert [sample.sample_id for sample in store.samples(["t0.1", "t1.1"])] == ["t1.1"]
    assert list(store.crops(["t0.1", "t1.1"])) == [None, b"\xff\xd8 t1"]
    assert sorted(store.templates(128).track_ids) == ["t1", "t2"]
    assert "another place" in caplog.text
    with hold_collection(client, keys) as hold:
        begin_change(client, hold, SECOND)
        assert rewrite(client, hold, BOTH, lambda *_: None).damaged == 3


def test_a_change_waits_until_nothing_is_on_its_way(client: redis.Redis, keys: Keys) -> None:
    put(client, keys, IDS[:1])
    SampleQueue(client, keys).send([a_sample()])
    with hold_collection(client, keys) as hold, pytest.raises(CollectionBusyError):
        begin_change(client, hold, FIRST)
    client.delete(keys.samples)
    StagedVectors(client, keys).begin("other@1", {})
    with hold_collection(client, keys) as hold, pytest.raises(CollectionBusyError):
        begin_change(client, hold, FIRST)
    assert Encryption.of(client, keys) == Encryption("", None)


def test_vectors_of_another_model_are_sealed_as_well(client: redis.Redis, keys: Keys) -> None:
    put(client, keys, IDS[:2])
    change(client, keys, FIRST)
    staged = StagedVectors(client, keys, data_keys=BOTH)
    staged.begin("other@1", {})
    staged.add(["t0.1", "t1.1"], lambda samples: {sample.sample_id: unit(9) for sample in samples})

    assert {sealed_with(value) for value in client.hvals(keys.reembed_vectors)} == {FIRST}
    vectors = staged.vectors(["t0.1", "t1.1"])
    for vector in vectors.values():
        np.testing.assert_allclose(vector, unit(9), atol=1e-3)

    client.delete(keys.samples)
    tracks = [RenewedTrack(i, {f"{i}.1": vectors[f"{i}.1"]}, (), template_of(9)) for i in ("t0", "t1")]
    with hold_collection(client, keys) as hold:
        switch_models(client, hold, tracks, "other models", data_keys=BOTH)

    client.delete(keys.samples)
    assert seals(client, keys) == {FIRST}
    store = IdentityStore(client, keys, data_keys=BOTH)
    for sample in store.samples(["t0.1", "t1.1"]):
        np.testing.assert_allclose(sample.vector, unit(9), atol=1e-3)
    for vector in store.templates(128).vectors:
        np.testing.assert_allclose(vector, unit(9), atol=1e-3)
