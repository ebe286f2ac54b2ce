"""facestream people, export and redis: asking for what is known."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import scenes
from command_runs import Cli, Processed

pytestmark = pytest.mark.e2e


# people


def test_people_lists_everybody_those_seen_longest_first(processed: Processed) -> None:
    header, *lines = processed.cli("people").stdout.splitlines()
    assert header.split() == ["person", "name", "seen", "sightings", "first", "last", "thumbnail"]
    people = processed.cli.people()
    assert len(people) == 7
    assert [line.split()[0] for line in lines] == [person["id"] for person in people]
    seconds = [person["seconds"] for person in people]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[1] > 1
    # Who is in photos alone was not seen for any time.
    assert seconds[2:] == [0.0] * 5
    assert all("1 photo" in line for line in lines[2:])
    for person in people:
        assert Path(person["thumbnail"]).is_file()
        assert Path(person["thumbnail"]).stat().st_mode & 0o077 == 0


def test_people_show_tells_every_sighting(processed: Processed) -> None:
    person = processed.cli.people()[0]

    done = processed.cli("people", "show", person["id"])

    first, second, *table = done.stdout.splitlines()
    assert first.startswith(f"{person['id']}: seen {person['seconds']:.1f} s in 1 sighting, in 1 photo; ")
    assert second == f"thumbnail: {person['thumbnail']}"
    assert len(table) == 3
    for sighting in person["sightings"]:
        assert sighting["source"] in done.stdout


@pytest.mark.parametrize(
    "order",
    [
        ["people", "show", "p1", "--json"],
        ["people", "show", "--json", "p1"],
        ["people", "--json", "show", "p1"],
    ],
    ids=" ".join,
)
def test_options_of_people_may_stand_on_either_side_of_show(processed: Processed, order: list[str]) -> None:
    result = processed.cli(*order).json()
    (same,) = [person for person in processed.cli.people() if person["id"] == "p1"]
    assert result == same


def test_a_data_folder_may_stand_on_either_side_of_show(processed: Processed, cli: Cli) -> None:
    folder = processed.cli.data_dir
    for order in (["--data-dir", folder, "show", "p1"], ["show", "p1", "--data-dir", folder]):
        assert cli("people", *order).stdout.startswith("p1: seen ")
    assert not cli.data_dir.exists()


def test_a_person_who_is_not_there_is_named(processed: Processed) -> None:
    done = processed.cli("people", "show", "p99", code=1)

    assert "no person 'p99' in collection 'default'" in done.stderr
    assert "facestream people" in done.stderr
    assert done.stdout == ""


# The last one is the name of another key of theirs.
@pytest.mark.parametrize("person_id", ["ada", "p1x", "", "p1:tracks"])
def test_what_is_neither_an_id_nor_a_name_is_refused_with_an_example(
    processed: Processed, person_id: str
) -> None:
    done = processed.cli("people", "show", person_id, code=1)

    assert f"nobody in collection 'default' is called {person_id!r}, and ids look like p3" in done.stderr
    assert done.stdout == ""


def test_before_the_first_run_people_says_how_to_begin(cli: Cli) -> None:
    assert re.search(r"Start with: .*facestream run VIDEO$", cli("people").stdout.strip())
    assert cli("people", "--json").json() == []


# export

# Programs read them by their place: what is new comes last.
COLUMNS = "source,frame,time_s,x1,y1,x2,y2,score,track,identity,provisional,name,seen_at,camera"


def test_export_has_exactly_these_columns(processed: Processed) -> None:
    lines = processed.cli("export").stdout.splitlines()
    assert lines[0] == COLUMNS
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    sizes = {"duo.mp4": (640, 360), "group.jpg": (1280, 886), "astronaut.jpg": (512, 512)}
    for row in rows:
        assert re.fullmatch(r"p\d+", row["identity"])
        assert row["track"]
        width, height = sizes[Path(row["source"]).name]
        # A face may reach over the edge, but its middle does not.
        assert 0 <= (float(row["x1"]) + float(row["x2"])) / 2 <= width
        assert 0 <= (float(row["y1"]) + float(row["y2"])) / 2 <= height
        assert 0 <= float(row["score"]) <= 1
        assert float(row["time_s"]) == pytest.approx(int(row["frame"]) / 25, abs=1e-3)


def test_export_holds_every_sampled_frame_of_a_track(processed: Processed) -> None:
    tracks: dict[str, list[int]] = {}
    for row in processed.cli.rows():
        if row["source"].endswith(".mp4"):
            tracks.setdefault(row["track"], []).append(int(row["frame"]))
    assert sorted(tracks.values()) == [scenes.sampled_frames()[:8], scenes.sampled_frames()[8:]]
    faces = sum(person["faces"] for person in processed.cli.people())
    assert faces == len(processed.cli.rows())


def test_export_as_json_is_the_same(processed: Processed) -> None:
    for arguments in (["--format", "json"], ["--json"]):
        rows = processed.cli("export", *arguments).json()
        rows = [{**row, "provisional": int(row["provisional"])} for row in rows]
        texts = [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
        assert texts == processed.cli.rows()


def test_export_of_nothing_is_valid(cli: Cli) -> None:
    assert cli("export", "--json").json() == []
    assert cli("export").stdout == f"{COLUMNS}\n"


def test_export_to_a_file_replaces_it_as_a_whole(processed: Processed, tmp_path: Path) -> None:
    target = tmp_path / "faces.csv"
    target.write_text("old")

    done = processed.cli("export", "-o", target, "--yes")

    assert done.stdout == ""
    assert done.stderr == f"{target}: {len(processed.cli.rows())} faces\n"
    assert target.read_text() == processed.cli("export").stdout
    # Nothing half-written is left beside it, and nobody else may read it.
    assert list(tmp_path.iterdir()) == [target]
    assert target.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["faces.csv.gz", "faces.parquet", "FACES.XLSX"])
def test_what_is_not_written_is_not_named_so(processed: Processed, tmp_path: Path, name: str) -> None:
    done = processed.cli("export", "-o", tmp_path / name, code=2)
    assert f"no {Path(name).suffix} is written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_photos_have_no_captions(processed: Processed, tmp_path: Path) -> None:
    done = processed.cli(
        "export", "--format", "vtt", "--source", "astronaut.jpg", "-o", tmp_path / "captions"
    )
    assert "photos get no captions" in done.stderr
    assert "No people" not in done.said


def test_export_that_fails_leaves_the_old_file(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "faces.csv"
    target.write_text("old")

    # A collection of tomorrow's version is refused.
    cli("redis", "--write", "HSET", "fs:{default}:meta", "schema", "999")
    assert "schema '999'" in cli("export", "-o", target, "--yes", code=1).stderr

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_export_into_a_folder_that_is_not_there_is_named(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "faces.csv"
    assert (
        f"{target}: can't be written (No such file or directory)"
        in cli("export", "-o", target, code=1).stderr
    )


# redis


def test_redis_runs_one_command(processed: Processed) -> None:
    assert processed.cli("redis", "PING").stdout == "PONG\n"
    assert processed.cli("redis", "--json", "PING").json() in ("PONG", True)
    shown = processed.cli("redis", "ZRANGE", "fs:{default}:identities", "0", "1").stdout
    oldest, second, *_ = sorted((person["id"] for person in processed.cli.people()), key=lambda i: int(i[1:]))
    assert shown == f"1) {oldest}\n2) {second}\n"


def test_redis_writes_a_picture_as_it_is(processed: Processed) -> None:
    record = processed.cli("redis", "--json", "HGETALL", "fs:{default}:identity:p1").json()
    sample = record["thumbnails"].split()[0]
    words = ["redis", "--raw", "--data-dir", str(processed.cli.data_dir)]
    words += ["HGET", f"fs:{{default}}:sample:{sample}", "crop_jpeg"]
    done = subprocess.run([sys.executable, "-m", "facestream", *words], capture_output=True, check=True)
    assert done.stdout.startswith(b"\xff\xd8")
    assert done.stdout.endswith(b"\xff\xd9")
    assert processed.cli("redis", "--raw", "PING").stdout == "PONG"


def test_redis_gives_a_record_as_json(processed: Processed) -> None:
    record = processed.cli("redis", "--json", "HGETALL", "fs:{default}:identity:p1").json()
    assert record["identity_id"] == "p1"
    assert int(record["sightings"]) == 2
    plain = processed.cli("redis", "HGETALL", "fs:{default}:identity:p1").stdout
    assert "identity_id" in plain


def test_redis_shows_binary_values_escaped(processed: Processed) -> None:
    (sample,) = (
        processed.cli("redis", "--json", "HGET", "fs:{default}:identity:p1", "thumbnails").json().split()[:1]
    )
    done = processed.cli("redis", "HGET", f"fs:{{default}}:sample:{sample}", "crop_jpeg")
    assert "\\xff\\xd8\\xff" in done.stdout.replace("\\\\", "\\")


def test_redis_reports_what_the_server_refuses(processed: Processed) -> None:
    done = processed.cli("redis", "BANANA", code=1)
    assert "BANANA" in done.stderr
    assert "fault of facestream" not in done.stderr


def test_redis_without_a_command_keeps_the_server_up_until_ctrl_c(copied: Processed) -> None:
    cli = copied.cli
    started = cli.start("redis")
    started.wait_for("Ctrl-C")
    path = started.stdout.strip()
    assert cli("redis", "--socket").stdout.strip() == path

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(path)
        client.sendall(b"PING\r\n")
        assert client.recv(100) == b"+PONG\r\n"

    assert started.process.poll() is None
    assert started.interrupt().code == 0
    cli.wait_for_the_server_to_go()
    assert not Path(path).exists()


def test_redis_prints_its_address_as_json(processed: Processed) -> None:
    done = processed.cli("redis", "--socket", "--json")
    assert set(json.loads(done.stdout)) == {"address"}
    assert done.json()["address"].endswith(".sock")


def test_replies_that_the_client_makes_dates_of_are_json(processed: Processed) -> None:
    assert processed.cli("redis", "--json", "LASTSAVE").json()[:2] == "20"


def test_faces_that_cannot_be_written_are_no_matter_of_the_length_of_the_list(copied: Processed) -> None:
    folder = copied.cli.data_dir / "thumbnails" / "default"
    shutil.rmtree(folder)
    folder.write_bytes(b"in the way")
    listed = copied.cli("people")
    assert "Warning: " in listed.stderr
    assert "long list" not in listed.stderr
    assert listed.stdout.startswith("person")
