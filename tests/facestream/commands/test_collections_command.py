"""facestream collections: which there are, how large they are, and that nothing is left of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_runs import Cli, Done, Processed

import facestream.collection.catalogue
from facestream.configuration.settings import Place
from facestream.erasure.uploaded_files import UploadedFiles
from facestream.errors import FacestreamError, NotFoundError, UsageError
from facestream.wiring import open_handle, uploads_folder
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.job_record import new_job_id
from storage.keys import Keys
from storage.lease import Lease

pytestmark = pytest.mark.e2e


def crops_of(cli: Cli) -> list[bytes]:
    """A piece of every picture in Redis."""
    records = cli.records()
    crops = [record[b"crop_jpeg"] for key, record in records.items() if ":sample:" in key]
    return [crop[200:300] for crop in crops if crop]


def holders_of(pieces: list[bytes], folder: Path) -> set[str]:
    """Names of the files that hold any of some pieces."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(piece in path.read_bytes() for piece in pieces)}


# list


def test_list_tells_what_there_is(processed: Processed) -> None:
    header, line = processed.cli("collections", "list").stdout.splitlines()

    assert header.split("  ")[0] == "collection"
    assert re.split(r"\s{2,}", line) == [
        "default",
        "7",
        "9",
        "3",
        datetime.now(UTC).strftime("%Y-%m-%d"),
        "open",
    ]
    assert processed.cli("collections").stdout.splitlines() == [header, line]


def test_list_as_json(processed: Processed) -> None:
    (found,) = processed.cli("collections", "--json").json()
    assert processed.cli("collections", "list", "--json").json() == [found]
    created = datetime.fromisoformat(found.pop("created_at"))
    assert abs((datetime.now(UTC) - created).total_seconds()) < 24 * 3600
    assert found == {
        "name": "default",
        "people": 7,
        "tracks": 9,
        "sources": 3,
        "cameras": 0,
        "pack": "open",
        "licence": found["licence"],
        "commercial_use": True,
        "model_id": found["model_id"],
        "schema": "1",
        "clustering": "average",
    }
    assert found["licence"]
    assert found["model_id"]


def test_before_the_first_run_list_says_how_to_begin(cli: Cli) -> None:
    assert re.search(r"Start with: .*facestream run VIDEO$", cli("collections").stdout.strip())
    assert cli("collections", "list", "--json").json() == []


# stats


def test_stats_count_what_is_there(processed: Processed) -> None:
    stats = processed.cli("collections", "stats", "--json").json()

    assert (stats["name"], stats["people"], stats["named"], stats["tracks"]) == ("default", 7, 0, 9)
    assert stats["faces"] == len(processed.cli.rows())
    assert (stats["videos"], stats["videos_complete"], stats["photos"], stats["photos_complete"]) == (
        1,
        1,
        2,
        2,
    )
    assert stats["looked_at_s"] == pytest.approx(3.2, abs=0.3)
    assert (stats["waiting"], stats["put_aside"], stats["unassigned"]) == (0, 0, 0)
    assert stats["events"] > 9
    records = processed.cli.records()
    assert stats["samples"] == sum(":sample:" in key for key in records)
    assert 100_000 < stats["memory_bytes"] < 400_000


def test_stats_in_words(processed: Processed) -> None:
    said = processed.cli("collections", "stats").stdout
    assert re.search(r"^people +7, 0 with a name$", said, re.MULTILINE)
    assert re.search(r"^memory +about \d+ kB in the server$", said, re.MULTILINE)
    assert re.search(r"^videos +1$", said, re.MULTILINE)
    by_name = processed.cli("collections", "stats", "default").stdout
    by_option = processed.cli("collections", "--collection", "default", "stats").stdout
    assert [line for line in by_name.splitlines() if "memory" not in line] == [
        line for line in by_option.splitlines() if "memory" not in line
    ]


def test_a_collection_that_is_not_there_is_named_with_those_that_are(processed: Processed) -> None:
    done = processed.cli("collections", "stats", "defualt", code=1)
    assert "no collection 'defualt'" in done.stderr
    assert "Did you mean 'default'?" in done.stderr
    done = processed.cli("collections", "drop", "--yes", "zzz", code=1)
    assert "no collection 'zzz'" in done.stderr
    assert "It holds: default." in done.stderr
    with pytest.raises(NotFoundError, match="no collection 'zzz'") as caught:
        facestream.collection.catalogue.collection_stats("zzz", processed.cli.data_dir)
    assert caught.value.what == "zzz"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["stats", "a:b"], "'a:b' must be 1 to 64 letters"),
        (["drop", "-y", "*"], "'*' must be 1 to 64 letters"),
        (["stats", "default", "--collection", "other"], "two collections"),
        (["drop", "default", "-y", "--collection", "other"], "two collections"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_told(here: Callable[..., Done], arguments: list[str], reason: str) -> None:
    assert reason in here("collections", *arguments, code=2).stderr


def test_the_collection_that_is_named_counts_whatever_the_settings_say(cli: Cli) -> None:
    cli("redis", "--write", "HSET", "fs:{default}:meta", "schema", "1")
    said = cli("collections", "drop", "default", "--yes", FACESTREAM_COLLECTION="family").stderr
    assert said.startswith("Collection 'default' is gone")


def test_a_collection_of_another_version_is_not_measured(cli: Cli) -> None:
    cli("redis", "--write", "HSET", "fs:{default}:meta", "schema", "999")
    assert "schema '999'" in cli("collections", "stats", code=1).stderr
    assert cli("collections", "--json").json()[0]["schema"] == "999"


# drop


def test_nothing_is_left_of_a_collection_that_was_dropped(copied: Processed) -> None:
    cli = copied.cli
    cli("people")
    pieces = crops_of(cli)
    assert len(pieces) >= 9
    before = holders_of(pieces, cli.data_dir)
    assert len(before) > 1
    assert any(name.endswith(".jpg") for name in before)
    # Another one stays.
    cli("redis", "--write", "HSET", "fs:{other}:meta", "schema", "1")

    done = cli("collections", "drop", "default", "--yes")

    assert done.stdout == ""
    assert done.stderr == "Collection 'default' is gone (7 people, 9 tracks, 3 sources).\n"
    assert holders_of(pieces, cli.data_dir) == set()
    assert cli.records() == {"fs:{other}:meta": {b"schema": b"1"}}
    assert [each["name"] for each in cli("collections", "--json").json()] == ["other"]
    assert not (cli.data_dir / "thumbnails" / "default").exists()


def test_nothing_is_deleted_unless_somebody_says_so(processed: Processed) -> None:
    before = processed.cli.records()

    done = processed.cli("collections", "drop", "default", code=2)

    assert "Delete collection 'default' for good (7 people, 9 tracks, 3 sources)?" in done.stderr
    assert "--yes" in done.stderr
    assert processed.cli.records() == before


def test_drop_as_json(cli: Cli) -> None:
    cli("redis", "--write", "HSET", "fs:{small}:meta", "schema", "1")
    assert cli("collections", "drop", "small", "-y", "--json").json() == {
        "collection": "small",
        "people": 0,
        "tracks": 0,
        "sources": 0,
        "uploads": 0,
        "uploads_elsewhere": [],
        "history_erased": True,
    }
    assert cli("collections", "drop", "small", "-y", code=1).stdout == ""


def test_what_was_uploaded_into_a_collection_goes_with_it(cli: Cli) -> None:
    for name in ("small", "other"):
        cli("redis", "--write", "HSET", f"fs:{{{name}}}:meta", "schema", "1")
        folder = cli.data_dir / "uploads" / name / new_job_id()
        folder.mkdir(parents=True)
        (folder / "film.mp4").write_bytes(b"film")

    said = cli("collections", "drop", "small", "--yes").stderr

    assert said == "Collection 'small' is gone (0 people, 0 tracks, 0 sources), and 1 uploaded file.\n"
    assert [path.parts[-3] for path in cli.data_dir.glob("uploads/*/j-*/*")] == ["other"]


def test_what_was_uploaded_under_another_address_of_the_server_goes_as_well(tmp_path: Path) -> None:
    place = Place.of(tmp_path / "data", None, "default")
    with open_handle(place) as handle:
        url = f"unix://{handle.socket_path}"
        places = [Place.of(tmp_path / "data", each, "default") for each in (url, f"{url}?db=0")]
        paths = []
        for each in places:
            path = uploads_folder(each) / new_job_id() / "film.mp4"
            path.parent.mkdir(parents=True)
            path.write_bytes(b"film")
            paths.append(path)
        stranger = tmp_path / "default" / new_job_id() / "film.mp4"
        stranger.parent.mkdir(parents=True)
        stranger.write_bytes(b"of nobody's business")
        files = UploadedFiles(places[0])
        assert [files.holds(path) for path in (*paths, stranger)] == [True, True, False]
        for path in (*paths, stranger):
            files.remove(path)
        assert [path.exists() for path in (*paths, stranger)] == [False, False, True]
        assert files.deleted == 2


def test_an_upload_that_can_not_be_deleted_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place.of(tmp_path / "data", None, "default")
    path = uploads_folder(place) / new_job_id() / "film.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"film")
    monkeypatch.setattr("facestream.jobs.uploads.shutil.rmtree", lambda *_, **__: None)
    files = UploadedFiles(place)
    with pytest.raises(FacestreamError, match="can't be deleted"):
        files.remove(path)
    assert files.deleted == 0


def test_what_a_restore_left_that_was_killed_can_be_dropped(cli: Cli) -> None:
    cli("redis", "--write", "SET", "fs:{default}:next_identity", "3")
    assert cli("collections", "--json").json() == []
    assert "no collection" in cli("collections", "stats", code=1).stderr
    assert "what a restore left" in cli("collections", "drop", "default", "-y").stderr
    assert cli.records() == {}


def test_a_collection_that_is_being_processed_into_is_left_alone(copied: Processed, tmp_path: Path) -> None:
    cli, keys = copied.cli, Keys("default")
    cli("backup", tmp_path / "file")
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        lease = Lease(handle.client, keys.leader)
        assert lease.acquire()
        before = cli.records()
        with lease.kept():
            started = [
                cli.start("collections", "drop", "default", "--yes"),
                cli.start("restore", tmp_path / "file", "--replace", "--yes"),
            ]
            ended: list[Done] = [each.end() for each in started]
        assert cli.records() == before
    for done in ended:
        assert done.code == 1
        assert "Something is processing into collection 'default' right now" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_drop_that_was_interrupted_can_be_repeated(copied: Processed) -> None:
    cli, keys = copied.cli, Keys("default")
    cli("people")
    pieces = crops_of(cli)
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        # As if it had been killed between two steps.
        doomed = [key for key in handle.client.scan_iter("fs:*") if key != keys.meta.encode()]
        handle.client.delete(*doomed)
    assert holders_of(pieces, cli.data_dir) != set()

    cli("collections", "drop", "default", "--yes")

    assert holders_of(pieces, cli.data_dir) == set()
    assert cli.records() == {}


def test_of_a_server_of_ones_own_its_owner_is_told_what_stays(copied: Processed, cli: Cli) -> None:
    pieces = crops_of(copied.cli)
    with open_redis(None, DataFolder(copied.cli.data_dir)) as handle:
        url = f"unix://{handle.socket_path}"
        cli("people", "--redis", url)
        thumbnails = holders_of(pieces, cli.data_dir)
        assert len(thumbnails) == 7

        done = cli("collections", "drop", "default", "--yes", "--redis", url)

        assert "append-only file and snapshots keep it until they are rewritten" in done.stderr
        assert handle.client.keys() == []
    assert holders_of(pieces, cli.data_dir) == set()


# From Python


def test_the_client_does_the_same(copied: Processed) -> None:
    folder = copied.cli.data_dir
    (info,) = facestream.collection.catalogue.collections(folder)
    assert facestream.collection.catalogue.collection_stats(data_dir=folder).info == info

    def refuse(found: object) -> None:
        assert found == info
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        facestream.collection.catalogue.drop("default", folder, before=refuse)
    assert facestream.collection.catalogue.collections(folder) == [info]
    dropped = facestream.collection.catalogue.drop("default", folder)
    assert (dropped.info, dropped.history_erased) == (info, True)
    assert facestream.collection.catalogue.collections(folder) == []
    with pytest.raises(UsageError):
        facestream.collection.catalogue.drop("a b", folder)
