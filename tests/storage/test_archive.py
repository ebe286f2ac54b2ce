import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import redis
from collection_contents import ABOUT, everything, fill
from hypothesis import given
from hypothesis import strategies as st
from records import a_camera, a_sample, a_track

from storage.archive import Row, Tell
from storage.archive_reader import opened_archive
from storage.archive_writer import written_archive
from storage.backup import save_collection
from storage.camera_leases import CameraLeases
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.catalogue import Catalogue
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.erasure import erase_keys
from storage.errors import ArchiveError, CollectionBusyError, LeaseLostError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.keys import SCHEMA, Keys
from storage.lease import Lease
from storage.restoration import load_collection, stream_ends
from storage.sample_queue import SampleQueue
from storage.staged_vectors import StagedVectors


def nothing(_what: str, _done: int, _total: int) -> None:
    pass


def save(client: redis.Redis, keys: Keys, path: Path, tell: Tell = nothing) -> None:
    with hold_collection(client, keys) as hold, written_archive(path) as writer:
        writer.set_facts({"schema": str(SCHEMA), "collection": keys.collection})
        save_collection(client, hold, writer, tell)


def load(client: redis.Redis, keys: Keys, path: Path, tell: Tell = nothing) -> None:
    with opened_archive(path, SCHEMA, nothing) as reader, hold_collection(client, keys) as hold:
        load_collection(client, hold, reader, {}, tell)


@pytest.fixture
def other() -> Keys:
    """Another collection that no other test uses."""
    return Keys(f"other-{uuid4().hex}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.facestream"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, client: redis.Redis) -> Path:
    """A backup to be read."""
    path = tmp_path_factory.mktemp("backup") / "whole.facestream"
    keys = Keys(f"whole-{uuid4().hex}")
    fill(client, keys)
    save(client, keys, path)
    return path


def pieces_of(path: Path) -> list[tuple[bytes, str, list[Row]]]:
    with opened_archive(path, SCHEMA, nothing) as reader:
        return list(reader.pieces(1000))


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


def test_the_lease_is_not_in_a_backup(client: redis.Redis, keys: Keys, whole: Path) -> None:
    assert b"leader" not in {key for key, _, _ in pieces_of(whole)}
    assert b"meta" in {key for key, _, _ in pieces_of(whole)}


def test_a_backup_is_read_without_facestream(whole: Path) -> None:
    with contextlib.closing(sqlite3.connect(whole)) as connection:
        name = connection.execute(
            "SELECT CAST(value AS TEXT) FROM contents WHERE key = 'identity:p1' AND name = 'name'"
        ).fetchall()
        tracks = connection.execute("SELECT member FROM contents WHERE key = 'tracks' ORDER BY 1").fetchall()
        kinds = dict(connection.execute("SELECT key, kind FROM records").fetchall())
        facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        last = connection.execute("SELECT name FROM facts ORDER BY rowid DESC LIMIT 1").fetchall()
    assert name == [("Ada Løvelace\n♥",)]
    assert tracks == [("v-1.0.0",), ("v-1.1.0",), ("v-1.2.0",), ("v-1.999.0",)]
    assert kinds["changes"] == "stream"
    assert kinds["sample:v-1.0.0.7"] == "hash"
    assert (facts["format"], facts["schema"]) == ("facestream backup", str(SCHEMA))
    assert last == [("complete",)]


rows = st.tuples(st.binary(max_size=20), st.binary(max_size=20), st.binary(max_size=40))


@given(st.dictionaries(st.binary(max_size=12), st.lists(rows, min_size=1, max_size=5), max_size=6))
def test_any_bytes_come_out_as_they_went_in(content: dict[bytes, list[Row]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.facestream"
        with written_archive(path) as writer:
            writer.set_facts({"schema": str(SCHEMA)})
            # Twice, as a scan may give them.
            for _ in range(2):
                writer.list_records("hash", content)
            numbers = {key: number for chunk in writer.listed(2) for number, key, _ in chunk}
            assert numbers.keys() == content.keys()
            for key, held in content.items():
                writer.add((numbers[key], *row) for row in held)
        assert {key: held for key, _, held in pieces_of(path)} == content


# Files that are written.


def test_a_backup_is_private_and_leaves_nothing_beside_it(
    client: redis.Redis, keys: Keys, file: Path
) -> None:
    fill(client, keys)
    file.write_text("older")
    file.chmod(0o644)
    save(client, keys, file)
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_to_a_backup_stays_a_link(client: redis.Redis, keys: Keys, file: Path, tmp_path: Path) -> None:
    fill(client, keys)
    link = tmp_path / "newest"
    link.symlink_to(file)
    save(client, keys, link)
    assert link.is_symlink()
    assert pieces_of(file) == pieces_of(link)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError, LeaseLostError])
def test_a_backup_that_is_interrupted_leaves_the_older_one(
    client: redis.Redis, keys: Keys, file: Path, interruption: type[BaseException]
) -> None:
    fill(client, keys)
    file.write_text("older")

    def interrupt(_what: str, _done: int, _total: int) -> None:
        raise interruption

    with pytest.raises(interruption):
        save(client, keys, file, interrupt)

    assert file.read_text() == "older"
    assert list(file.parent.iterdir()) == [file]
    # Let go of at once.
    assert not client.exists(keys.leader)


def test_a_backup_during_which_somebody_else_took_over_is_none(
    client: redis.Redis, keys: Keys, file: Path
) -> None:
    fill(client, keys)

    def take_over(_what: str, _done: int, _total: int) -> None:
        client.set(keys.leader, "somebody else")

    with pytest.raises(LeaseLostError):
        save(client, keys, file, take_over)

    assert list(file.parent.iterdir()) == []


def test_where_no_file_can_be_written_is_named(client: redis.Redis, keys: Keys, tmp_path: Path) -> None:
    fill(client, keys)
    for path, reason in (
        (tmp_path / "nowhere" / "file", "No such file or directory"),
        (tmp_path, "is no file"),
        (Path("/dev/null"), "is no file"),
    ):
        with pytest.raises(ArchiveError, match=reason) as caught:
            save(client, keys, path)
        assert str(path) in str(caught.value)
        assert caught.value.path == path


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="can't limit the size of files here")
def test_a_full_disk_leaves_no_half_of_a_file(client: redis.Redis, keys: Keys, file: Path) -> None:
    fill(client, keys, tracks=300)
    # SQLite is told as on a full disk; the signal beside it would end this process.
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        with pytest.raises(ArchiveError, match="can't be written"):
            save(client, keys, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert list(file.parent.iterdir()) == []


# Files that are no backup.


def test_a_file_that_is_cut_short_is_refused(whole: Path, file: Path) -> None:
    data = whole.read_bytes()
    for size in (16, 99, 100, 1000, 4096, 65536, len(data) // 2, len(data) - 65536, len(data) - 1):
        file.write_bytes(data[:size])
        with pytest.raises(ArchiveError, match="damaged or was cut short"):
            pieces_of(file)


def test_no_byte_can_change_unnoticed(file: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    with written_archive(full) as writer:
        writer.set_facts({"schema": str(SCHEMA)})
        writer.list_records("hash", [b"one"])
        writer.add((1, b"", b"%d" % number, os.urandom(5000)) for number in range(40))
    data, expected = full.read_bytes(), pieces_of(full)
    noticed = 0
    # A prime, so that all parts of a page are come upon.
    places = range(0, len(data), 1999)
    for place in places:
        file.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        try:
            found = pieces_of(file)
        except ArchiveError:
            noticed += 1
        else:
            # Room that is not in use.
            assert found == expected
    assert noticed > 90


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (os.urandom(5000), "another kind of file"),
        (b"<!doctype html><title>404</title>", "another kind of file"),
        (b"SQLite format 3\0" + os.urandom(5000), "damaged"),
    ],
    ids=["empty", "random", "html", "header"],
)
def test_what_is_no_database_is_refused(file: Path, data: bytes, reason: str) -> None:
    file.write_bytes(data)
    with pytest.raises(ArchiveError, match=reason) as caught:
        pieces_of(file)
    assert str(file) in str(caught.value)


def test_another_database_is_refused(file: Path) -> None:
    for script in ("CREATE TABLE a (b)", "CREATE TABLE facts (name, value)", "CREATE TABLE facts (x)"):
        file.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute(script)
        with pytest.raises(ArchiveError, match="another SQLite database"):
            pieces_of(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ArchiveError, match=f"{path} can't be read: {reason}"):
            pieces_of(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DELETE FROM facts WHERE name = 'complete'", "its end is missing"),
        (
            "UPDATE facts SET value = '2' WHERE name = 'format_version'",
            "a format that this version can't read",
        ),
        ("UPDATE facts SET value = '99' WHERE name = 'schema'", "holds records of schema '99'"),
        ("DELETE FROM entries WHERE rowid = 5", "rows are missing"),
        ("DELETE FROM records WHERE number = 5", "rows are missing"),
        ("UPDATE entries SET value = x'00' WHERE rowid = 5", "not what was written"),
        ("UPDATE entries SET value = 7 WHERE rowid = 5", "neither a text nor a blob"),
        ("UPDATE entries SET record = 'one' WHERE rowid = 5", "damaged"),
        ("UPDATE records SET kind = 'set' WHERE key = 'meta'", "not what was written"),
        ("DROP TABLE entries", "no such table"),
    ],
)
def test_what_was_changed_is_refused_with_the_reason(
    whole: Path, file: Path, change: str, reason: str
) -> None:
    file.write_bytes(whole.read_bytes())
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute(change).rowcount in (1, -1)
        connection.commit()
    with pytest.raises(ArchiveError, match=reason):
        pieces_of(file)


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
