import contextlib
import os
import resource
import signal
import sqlite3
import tempfile
from pathlib import Path

import psutil
import pytest
import redis
from backup_file import pieces_of, save
from collection_contents import fill
from hypothesis import given
from hypothesis import strategies as st

from storage.archive import Row
from storage.archive_writer import written_archive
from storage.errors import ArchiveError, LeaseLostError
from storage.keys import SCHEMA, Keys

# What is in a file.


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
