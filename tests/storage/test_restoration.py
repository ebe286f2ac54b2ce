"""Collections that come back from a backup, and restores that end before their time."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from backup_file import load, nothing, pieces_of, save
from collection_contents import ABOUT, everything, fill
from records import a_camera, a_sample, a_track

from storage.archive_reader import opened_archive
from storage.camera_leases import CameraLeases
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.catalogue import Catalogue
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.erasure import erase_keys
from storage.errors import CollectionBusyError, LeaseLostError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.keys import SCHEMA, Keys
from storage.lease import Lease
from storage.restoration import load_collection, stream_ends
from storage.sample_queue import SampleQueue
from storage.staged_vectors import StagedVectors

# There and back.


def test_what_a_change_of_models_has_got_ready_is_left_out(
    client: redis.Redis, keys: Keys, other: Keys, file: Path
) -> None:
    fill(client, keys)
    before = everything(client, keys)
    StagedVectors(client, keys).begin("arcface@1", {"pack": "arcface"})
    client.hset(keys.reembed_vectors, "v-1.0.0.7", b"vector")
    save(client, keys, file)
    load(client, other, file)
    assert everything(client, other).keys() == before.keys()


def test_who_has_which_camera_right_now_is_left_out(
    client: redis.Redis, keys: Keys, other: Keys, file: Path
) -> None:
    fill(client, keys)
    before = everything(client, keys)
    store, leases = CameraStore(client, keys), CameraLeases(client, keys, "host-1")
    # A camera may well be called so.
    for name in ("status", "lease", "door"):
        if name != "door":
            store.add(a_camera(name))
        store.write_statuses([CameraStatus(name, "host-1", "streaming", 1.8e9)])
        held = leases.claim(name)
        assert held is not None
        leases.renew([held])
    save(client, keys, file)
    load(client, other, file)
    added = {b"camera:status", b"camera:lease"}
    assert everything(client, other).keys() == before.keys() | added
    assert CameraStore(client, other).all() == store.all()


def test_a_collection_that_is_restored_is_the_same(
    client: redis.Redis, keys: Keys, other: Keys, file: Path
) -> None:
    fill(client, keys)
    before = everything(client, keys)
    assert len(before) > 15

    save(client, keys, file)
    load(client, other, file)

    assert everything(client, other) == before
    # And the one that it was made of is what it was.
    assert everything(client, keys) == before


def test_a_key_that_goes_while_a_backup_is_written_is_left_out(
    client: redis.Redis, keys: Keys, other: Keys, file: Path
) -> None:
    fill(client, keys)
    before = everything(client, keys).keys()

    def it_goes(_what: str, _done: int, _total: int) -> None:
        client.delete(keys.next_identity)

    save(client, keys, file, it_goes)
    load(client, other, file)
    assert before - everything(client, other).keys() <= {"next_identity", b"next_identity"}


def test_large_keys_come_back_whole(client: redis.Redis, keys: Keys, other: Keys, file: Path) -> None:
    IdentityStore(client, keys).claim_model("dlib@1", ABOUT)
    with client.pipeline() as pipe:
        for number in range(2500):
            pipe.sadd(keys.tracks, f"t{number}")
            pipe.zadd(keys.identities, {f"p{number}": number / 7})
            pipe.hset(keys.templates, f"t{number}", os.urandom(100))
            pipe.xadd(keys.changes, {"kind": "created", "identity_id": f"p{number}"})
            pipe.hset(keys.track(f"t{number}"), mapping={"track_id": f"t{number}", "faces": number})
        pipe.execute()
    before = everything(client, keys)

    save(client, keys, file)
    load(client, other, file)

    assert everything(client, other) == before


def test_streams_go_on_behind_what_they_had_given(
    client: redis.Redis, keys: Keys, other: Keys, file: Path
) -> None:
    IdentityStore(client, keys).claim_model("dlib@1", ABOUT)
    # Of a clock that was years ahead.
    future = int(time.time() * 1000) + 10**11
    for name in (keys.changes, keys.faces):
        client.xadd(name, {"a": 1}, id=f"{future}-3")
        client.xadd(name, {"a": 1}, id=f"{future}-8")
        client.xdel(name, f"{future}-8")
    client.xdel(keys.faces, f"{future}-3")
    save(client, keys, file)

    load(client, other, file)

    assert client.xlen(other.faces) == 0
    for name in (other.changes, other.faces):
        assert client.xinfo_stream(name)["last-generated-id"] == f"{future}-8".encode()
        assert client.xadd(name, {"a": 1}) == f"{future}-9".encode()


def test_events_of_a_collection_that_is_replaced_are_older_than_all_new_ones(
    client: redis.Redis, keys: Keys, file: Path
) -> None:
    fill(client, keys)
    save(client, keys, file)
    future = int(time.time() * 1000) + 10**11
    client.xadd(keys.changes, {"a": 1}, id=f"{future}-0")

    with opened_archive(file, SCHEMA, nothing) as reader, hold_collection(client, keys) as hold:
        ends = stream_ends(client, keys)
        erase_keys(client, hold)
        load_collection(client, hold, reader, ends, nothing)

    assert client.xadd(keys.changes, {"a": 1}) == f"{future}-1".encode()


def test_an_id_of_a_person_is_never_given_again(client: redis.Redis, keys: Keys, file: Path) -> None:
    fill(client, keys)
    client.set(keys.next_identity, 5)
    save(client, keys, file)
    for there, then in ((3, 5), (9, 9)):
        with hold_collection(client, keys) as hold:
            erase_keys(client, hold)
        client.set(keys.next_identity, there)
        load(client, keys, file)
        assert IdentityStore(client, keys).new_identity_id() == f"p{then + 1}"


def test_work_that_waits_is_taken_in_after_the_restore(
    client: redis.Redis, keys: Keys, other: Keys, file: Path
) -> None:
    IdentityStore(client, keys).claim_model("dlib@1", ABOUT)
    queue = SampleQueue(client, keys)
    queue.prepare()
    queue.send([a_sample("s.1"), a_track("s")])
    # Somebody got it, and died.
    assert len(queue.receive("dead")) == 2
    queue.send([a_track("t")])
    save(client, keys, file)

    load(client, other, file)

    restored = SampleQueue(client, other)
    restored.prepare()
    assert [type(each.entry).__name__ for each in restored.receive("one")] == [
        "FaceSample",
        "TrackRecord",
        "TrackRecord",
    ]


def test_what_is_sent_meanwhile_does_not_hold_a_backup_up(
    client: redis.Redis, keys: Keys, file: Path
) -> None:
    fill(client, keys)
    queue = SampleQueue(client, keys)
    queue.send([a_track(f"t{number}") for number in range(900)])

    def send(_what: str, _done: int, _total: int) -> None:
        queue.send([a_track("late")])

    save(client, keys, file, send)

    assert queue.waiting() > 900
    entries = [rows for key, _, rows in pieces_of(file) if key == b"samples"]
    assert len(entries) in range(903, queue.waiting() + 1)


# Restores that end before their time.


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_a_restore_that_is_interrupted_leaves_nothing(
    client: redis.Redis, other: Keys, whole: Path, interruption: type[BaseException]
) -> None:
    def interrupt(_what: str, done: int, total: int) -> None:
        if done > total / 2:
            raise interruption

    with pytest.raises(interruption):
        load(client, other, whole, interrupt)

    assert everything(client, other) == {}


KILLED = """
import os
import sys
from pathlib import Path

import storage.restoration
from storage.archive_reader import opened_archive
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.hold import hold_collection
from storage.keys import SCHEMA, Keys

# Step by step, as a large collection is.
storage.restoration._STEP_COMMANDS = 1

def tell(what, done, total):
    if what == "writing" and done == total - 4:
        os._exit(9)

with (
    open_redis(None, DataFolder(sys.argv[1])) as handle,
    opened_archive(Path(sys.argv[2]), SCHEMA, tell) as reader,
    hold_collection(handle.client, Keys("killed")) as hold,
):
    storage.restoration.load_collection(handle.client, hold, reader, {}, tell)
"""


def test_a_restore_that_is_killed_leaves_what_nobody_comes_upon(whole: Path, tmp_path: Path) -> None:
    keys = Keys("killed")
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        client = handle.client
        words = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(whole)]
        assert subprocess.run(words, check=False, timeout=60).returncode == 9

        # It would run out within seconds.
        client.delete(keys.leader)
        left = everything(client, keys).keys()
        assert len(left) > 10
        assert Catalogue(client).names() == []
        store = IdentityStore(client, keys)
        assert (store.people(), store.sources(), store.track_ids(), store.meta()) == ([], [], [], {})
        # It would be nobody's who is in the backup.
        assert store.new_identity_id() == "p2"

        with hold_collection(client, keys) as hold:
            erase_keys(client, hold)
        load(client, keys, whole)
        assert [person.name for person in store.people()] == ["Ada Løvelace\n♥"]


def test_a_run_that_begins_during_a_restore_loses_nothing(
    client: redis.Redis, other: Keys, whole: Path
) -> None:
    def begin(_what: str, _done: int, _total: int) -> None:
        IdentityStore(client, other).claim_model("another@1", ABOUT)

    with pytest.raises(CollectionBusyError, match="A run began to process"):
        load(client, other, whole, begin)

    assert IdentityStore(client, other).meta()["model_id"] == "another@1"


def test_a_restore_that_somebody_else_takes_over_writes_no_more(
    client: redis.Redis, other: Keys, whole: Path
) -> None:
    taker = Lease(client, other.leader, ttl_s=60)

    def take_over(_what: str, done: int, _total: int) -> None:
        if done == 3:
            client.set(other.leader, taker.token)

    with pytest.raises(LeaseLostError):
        load(client, other, whole, take_over)

    assert not client.exists(other.meta)
    assert client.get(other.leader) == taker.token
