"""facestream backup and restore: a collection as one file, and back."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_runs import Cli, Processed, wait_until

import facestream.collection.archive
from facestream.errors import NotFoundError, UsageError
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.errors import ArchiveError
from storage.job_record import new_job_id
from storage.keys import Keys
from storage.lease import Lease

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def saved(processed: Processed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup to read from."""
    file = tmp_path_factory.mktemp("backup") / "faces.facestream"
    processed.cli("backup", file)
    return file


def without_files(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in person.items() if name != "thumbnail"} for person in people]


# There and back


def test_a_collection_that_is_restored_elsewhere_is_the_same(
    processed: Processed, saved: Path, cli: Cli, media: Path
) -> None:
    done = cli("restore", saved)

    assert done.stdout == ""
    assert done.stderr == f"Collection 'default': 7 people, 9 tracks, 3 sources from {saved}\n"
    assert cli.records() == processed.cli.records()
    people = cli.people()
    assert without_files(people) == without_files(processed.cli.people())
    assert cli.rows() == processed.cli.rows()
    # Pictures come back out of Redis.
    for mine, theirs in zip(people, processed.cli.people(), strict=True):
        assert Path(mine["thumbnail"]).read_bytes() == Path(theirs["thumbnail"]).read_bytes()

    # What was looked at stays looked at, and who is found anew is who they were.
    before = cli.records()
    again = cli("run", media / "duo.mp4", media / "photos")
    assert "already processed" in again.said
    after = cli.records()
    # The run made its group.
    assert after == before
    cli("run", media / "again.mp4")
    grown = {person["id"]: person for person in cli.people()}
    assert grown.keys() == {person["id"] for person in people}
    first, second = (person["id"] for person in people[:2])
    for person_id in (first, second):
        sources = {Path(sighting["source"]).name for sighting in grown[person_id]["sightings"]}
        assert {"duo.mp4", "again.mp4"} <= sources


def test_a_collection_is_restored_beside_the_one_that_it_was_made_of(copied: Processed, saved: Path) -> None:
    cli = copied.cli
    before = cli.records()

    result = cli("restore", saved, "--collection", "copy", "--json").json()

    assert (result["collection"]["name"], result["collection"]["people"]) == ("copy", 7)
    assert (result["replaced"], result["history_erased"]) == (None, False)
    records = cli.records()
    assert {key: value for key, value in records.items() if key.startswith("fs:{default}:")} == before
    copy = {key.replace("fs:{copy}:", "fs:{default}:"): v for key, v in records.items() if "{copy}" in key}
    assert copy == before
    # And from there into a backup of its own.
    other = cli("backup", cli.data_dir.parent / "copy.facestream", "--collection", "copy", "--json").json()
    assert other["collection"] == result["collection"]


def test_an_existing_collection_is_replaced_only_when_asked(copied: Processed, saved: Path) -> None:
    cli, key = copied.cli, "fs:{default}:next_identity"
    original = cli.records()
    cli("redis", "--write", "HSET", "fs:{default}:identity:p1", "name", "New since the backup")
    cli("redis", "--write", "INCR", key)
    cli("people")
    before = cli.records()
    assert before != original
    upload = cli.data_dir / "uploads" / "default" / new_job_id() / "film.mp4"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"film")

    done = cli("restore", saved, code=2)
    assert "there is a collection 'default' already (7 people, 9 tracks)" in done.stderr
    assert "--replace" in done.stderr
    done = cli("restore", saved, "--replace", code=2)
    assert "Delete collection 'default' (7 people, 9 tracks, 3 sources) and restore" in done.stderr
    assert cli.records() == before
    assert upload.exists()

    result = cli("restore", saved, "--replace", "--yes", "--json").json()

    # Of the one that was replaced, and of nobody now.
    assert (result["uploads"], upload.exists()) == (1, False)

    assert result["replaced"]["people"] == 7
    assert result["history_erased"] is True
    # Nobody gets the id that was given since.
    assert cli.records() == original | {key: before[key]}
    # Pictures of people who are no more went with them.
    assert not (cli.data_dir / "thumbnails" / "default").exists()
    files = [path for path in cli.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in files if b"New since the backup" in path.read_bytes()]


def test_what_a_restore_takes_from_its_users_is_told(copied: Processed, saved: Path) -> None:
    cli, key = copied.cli, "fs:{default}:changes"
    cli("redis", "--write", "XGROUP", "CREATE", key, "billing", "0")
    cli("encryption", "on", "--yes")

    done = cli("restore", saved, "--replace", "--yes")

    assert "Warning: the collection that was replaced was encrypted" in done.stderr
    assert " encryption on` encrypts them." in done.stderr
    # What was restored is nothing new; whoever reads on is not refused.
    assert "Consumer groups read what comes from now on: billing of changes." in done.stderr
    reading = ("redis", "--write", "XREADGROUP", "GROUP", "billing", "a", "STREAMS", key, ">")
    assert cli(*reading).stdout.strip() == "(nil)"
    cli("people", "name", "p1", "Ada")
    read = cli(*reading).stdout
    assert "renamed" in read
    assert "created" not in read
    told = cli("restore", saved, "--replace", "--yes", "--json").json()
    assert (told["encryption_ended"], told["groups"]) == (False, [{"stream": "changes", "name": "billing"}])


def test_what_a_killed_restore_left_is_deleted_by_the_next(cli: Cli, saved: Path) -> None:
    cli("redis", "--write", "HSET", "fs:{default}:identity:p99", "name", "left over")
    cli("redis", "--write", "SET", "fs:{default}:next_identity", "99")

    cli("restore", saved)

    records = cli.records()
    assert "fs:{default}:identity:p99" not in records
    assert records["fs:{default}:next_identity"] == b"99"
    assert len(cli.people()) == 7


def test_a_backup_goes_from_one_server_to_another(
    processed: Processed, saved: Path, cli: Cli, make_cli: Any
) -> None:
    owner = make_cli()
    with open_redis(None, DataFolder(owner.data_dir)) as handle:
        url = f"unix://{handle.socket_path}"
        cli("restore", saved, FACESTREAM_REDIS=url)
        done = cli("restore", saved, "--replace", "-y", "--redis", url)
        assert "keep the one that was replaced until they are rewritten" in done.stderr
        assert owner.records() == processed.cli.records()
        file = cli.data_dir.with_name("again.facestream")
        cli("backup", file, "--redis", url)
    with closing(sqlite3.connect(file)) as one, closing(sqlite3.connect(saved)) as two:
        rows = "SELECT * FROM contents ORDER BY 1, 2, 3, 4, 5"
        assert one.execute(rows).fetchall() == two.execute(rows).fetchall()


# backup


def test_backup_tells_what_it_wrote(processed: Processed, tmp_path: Path) -> None:
    file = tmp_path / "faces.facestream"
    result = processed.cli("backup", file, "--json").json()
    assert (result["file"], result["bytes"]) == (str(file), file.stat().st_size)
    assert result["collection"] == processed.cli("collections", "--json").json()[0]

    done = processed.cli("backup", file, "--yes")
    assert done.stdout == ""
    assert done.stderr == f"{file}: 7 people, 9 tracks, 3 sources in {file.stat().st_size / 1000:.3g} kB\n"
    assert processed.cli("backup", file, "-y", "-q").said == ""
    # Nobody else may read faces.
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_an_older_file_is_replaced_only_when_asked(processed: Processed, tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.write_text("old")
    done = processed.cli("backup", file, code=2)
    assert f"Replace {file}?" in done.stderr
    assert file.read_text() == "old"


def test_there_is_no_backup_of_what_is_not_there(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert "no collection 'default'" in cli("backup", file, code=1).stderr
    cli("redis", "--write", "HSET", "fs:{default}:meta", "schema", "999")
    assert "schema '999'" in cli("backup", file, code=1).stderr
    assert "letters" in cli("backup", file, "--collection", "a/b", code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(processed: Processed, tmp_path: Path) -> None:
    done = processed.cli("backup", tmp_path / "nowhere" / "file", code=1)
    assert f"{tmp_path / 'nowhere' / 'file'} can't be written: No such file or directory" in done.stderr


@pytest.mark.parametrize("number", ["INT", "TERM"])
def test_an_interrupt_leaves_the_older_file(copied: Processed, tmp_path: Path, number: str) -> None:
    file = tmp_path / "old"
    file.write_text("old")
    cli, keys = copied.cli, Keys("default")
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        # It waits for this.
        assert Lease(handle.client, keys.leader, ttl_s=60).acquire()
        started = cli.start("backup", file, "--yes")
        wait_until(lambda: handle.client.info("clients")["connected_clients"] > 1, "the connection")
        started.process.send_signal({"INT": 2, "TERM": 15}[number])
        done = started.end()
    # Where Ctrl-C comes as a module makes its classes, Python ends by the signal; a shell sees no difference.
    assert done.code in (130, -2)
    assert done.stderr.strip() == "Interrupted."
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_has_to_be_stopped_for_a_backup(copied: Processed, cli: Cli, tmp_path: Path) -> None:
    mine, file = copied.cli, tmp_path / "faces.facestream"
    worker = mine.start("cluster-worker", "--json")
    worker.wait_for('"leads"')
    before = {key: value for key, value in mine.records().items() if not key.endswith(":leader")}
    mine("backup", file)
    wait_until(lambda: worker.stdout.count('"leads"') == 2, "it to lead again")
    mine("people", "merge", "p1", "p2")
    worker.process.send_signal(signal.SIGTERM)
    told = worker.end()
    assert told.code == 0, told.said
    events = [json.loads(line)["event"] for line in told.stdout.splitlines()]
    assert [event for event in events if event != "note"] == ["leads", "stands_by", "leads"]
    assert len(mine.people()) == 6

    cli("restore", file)
    assert cli.records() == before


# restore


def test_files_that_are_no_backup_change_nothing(copied: Processed, saved: Path, tmp_path: Path) -> None:
    cli, file = copied.cli, tmp_path / "file"
    before = cli.records()
    for data, reason in ((b"<html>", "another kind of file"), (saved.read_bytes()[:-1000], "was cut short")):
        file.write_bytes(data)
        done = cli("restore", file, "--replace", "--yes", code=1)
        assert str(file) in done.stderr
        assert reason in done.stderr
    assert "No such file" in cli("restore", tmp_path / "none", code=1).stderr
    assert cli.records() == before


def test_a_name_that_can_not_be_is_wrong_usage(cli: Cli, saved: Path) -> None:
    assert "letters" in cli("restore", saved, "--collection", "a b", code=2).stderr


# From Python


def test_the_client_does_the_same(processed: Processed, cli: Cli, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    file = tmp_path / "file"

    done = facestream.collection.archive.backup(
        file, processed.cli.data_dir, tell=lambda *what: told.append(what)
    )

    assert (done.path, done.file_bytes, done.info.people) == (file, file.stat().st_size, 7)
    restored = facestream.collection.archive.restore(file, cli.data_dir, tell=lambda *what: told.append(what))
    assert restored.info == done.info
    assert {what for what, _, _ in told} == {"reading", "checking", "writing"}
    assert all(0 <= at <= total for _, at, total in told)
    assert cli.records() == processed.cli.records()
    with pytest.raises(UsageError, match="--replace"):
        facestream.collection.archive.restore(file, cli.data_dir)
    with pytest.raises(NotFoundError):
        facestream.collection.archive.backup(file, cli.data_dir, collection="none")
    with pytest.raises(ArchiveError):
        facestream.collection.archive.restore(tmp_path / "none", cli.data_dir)


def test_a_photo_is_never_replaced_by_a_backup(processed: Processed, tmp_path: Path) -> None:
    photo = tmp_path / "her.jpg"
    photo.write_bytes(b"the only one")
    with pytest.raises(UsageError, match="would be lost"):
        facestream.backup(photo, processed.cli.data_dir)
    assert photo.read_bytes() == b"the only one"
