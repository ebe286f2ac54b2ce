"""export and export-all: what other programs, and people themselves, get to read."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from collections_made import DAY_S, FILM, JPEG, TRACKS, fill
from command_runs import Done
from vtt_reader import read_vtt

Here = Callable[..., Done]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return fill(tmp_path / "data")


def test_json_lines_are_the_rows_of_json(data_dir: Path, here: Here, tmp_path: Path) -> None:
    rows = here("export", "--json").json()
    assert len(rows) == sum(count for *_, count in TRACKS.values())
    here("export", "-o", tmp_path / "faces.jsonl")
    assert [json.loads(line) for line in (tmp_path / "faces.jsonl").read_text().splitlines()] == rows
    some = here("export", "--format", "jsonl", "--source", "a film").stdout.splitlines()
    assert [json.loads(line) for line in some] == [
        row for row in rows if row["source"] == "/films/a film.mp4"
    ]
    assert "no source is called nothing" in here("export", "--source", "nothing", code=1).stderr


def spreadsheet(here: Here, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(here("export", *arguments).stdout.splitlines()))


def at(second: float) -> str:
    """That many seconds after the first recording with a date, in the zone of this machine."""
    return datetime.fromtimestamp(DAY_S + second).astimezone().isoformat(timespec="milliseconds")


def test_a_face_has_its_time_of_day_and_its_camera(data_dir: Path, here: Here) -> None:
    found = {(row["source"], row["seen_at"], row["camera"]) for row in spreadsheet(here)}
    assert ("rtsp://host/door", at(62.0), "door") in found
    assert ("/films/dated.mp4", at(0.2), "") in found
    assert ("/films/a film.mp4", "", "") in found
    assert {row["seen_at"] for row in here("export", "--json").json()} >= {None, at(62.0)}


def test_a_spreadsheet_has_a_row_for_each_sighting(data_dir: Path, here: Here) -> None:
    rows = spreadsheet(here, "--what", "sightings")
    assert [row["person"] for row in rows] == ["p1", "p3", "p1", "p2", "p1", "p1", "p2"]
    assert rows[1] == {
        "person": "p3",
        "name": "",
        "camera": "door",
        "file": "",
        "start_at": at(62.0),
        "end_at": at(63.0),
        "start_s": "2.0",
        "end_s": "3.0",
        "seconds": "1.2",
        "provisional": "0",
    }
    assert (rows[2]["name"], rows[2]["file"], rows[2]["start_at"]) == ("Ada <b> & Co", "a film.mp4", "")
    here("people", "ignore", "p3")
    assert "p3" not in {row["person"] for row in spreadsheet(here, "--what", "sightings")}


def test_a_spreadsheet_has_a_row_for_each_person(data_dir: Path, here: Here) -> None:
    rows = {row["person"]: row for row in spreadsheet(here, "--what", "people")}
    assert rows["p1"] == {
        "person": "p1",
        "name": "Ada <b> & Co",
        "seconds": "1.0",
        "sightings": "4",
        "first_at": at(0.0),
        "last_at": at(1.0),
        "cameras": "",
        "files": "dated.mp4, a film.mp4",
        "faces": "15",
        "provisional": "0",
    }
    assert (rows["p3"]["cameras"], rows["p3"]["files"]) == ("door", "")
    (narrowed,) = spreadsheet(here, "--what", "people", "--source", "dated")
    assert (narrowed["person"], narrowed["sightings"], narrowed["files"]) == ("p1", "1", "dated.mp4")


def test_a_spreadsheet_can_be_of_a_camera_and_of_a_time(data_dir: Path, here: Here) -> None:
    (at_door,) = spreadsheet(here, "--what", "sightings", "--camera", "door")
    assert (at_door["person"], at_door["camera"]) == ("p3", "door")
    (person,) = spreadsheet(here, "--what", "people", "--camera", "*")
    assert (person["person"], person["sightings"], person["cameras"]) == ("p3", "1", "door")
    assert {row["camera"] for row in spreadsheet(here, "--camera", "door")} == {"door"}
    later = spreadsheet(here, "--what", "sightings", "--from", at(30.0), "--to", at(100.0))
    assert [row["person"] for row in later] == ["p3"]
    assert spreadsheet(here, "--what", "people", "--from", at(100.0)) == []
    nobody = here("export", "--what", "people", "--from", at(100.0)).stderr
    assert nobody == "Nobody matches.\n"
    assert "no source is called dor" in here("export", "--camera", "dor", code=1).stderr
    refused = here("export", "--from", at(30.0), code=2).stderr
    assert "--what sightings, or --what people" in refused


def test_no_name_is_a_formula_in_a_spreadsheet(data_dir: Path, here: Here, tmp_path: Path) -> None:
    here("people", "name", "p3", '=HYPERLINK("http://x")')
    for what in ("faces", "sightings", "people"):
        names = {row["name"] for row in spreadsheet(here, "--what", what)}
        assert names == {"", "Ada <b> & Co", '\'=HYPERLINK("http://x")'}
    here("export", "--format", "mot", "-o", tmp_path / "mot")
    assert ",\"'=HYPERLINK(" in (tmp_path / "mot" / "people.csv").read_text()
    assert '=HYPERLINK("http://x")' in {row["name"] for row in here("export", "--json").json()}


@pytest.mark.parametrize("what", ["sightings", "people"])
def test_sightings_and_people_are_written_as_json_too(
    data_dir: Path, here: Here, tmp_path: Path, what: str
) -> None:
    rows = spreadsheet(here, "--what", what)
    told = here("export", "--what", what, "--json").json()
    assert [row["person"] for row in told] == [row["person"] for row in rows]
    assert list(told[0]) == list(rows[0])
    # Numbers and dates that nobody knows are such, and the mark of UTF-8 is for Excel alone.
    assert all(isinstance(row["seconds"], float) for row in told)
    here("export", "--what", what, "-o", tmp_path / "rows.jsonl")
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == told


def test_captions_are_of_faces(data_dir: Path, here: Here) -> None:
    said = here("export", "--what", "people", "--format", "vtt", "-o", "folder", code=2).stderr
    assert "--format vtt is of faces; --what people is written as csv, json or jsonl" in said


def test_a_file_that_is_named_is_replaced_as_jobs_at_night_need_it(
    data_dir: Path, here: Here, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("of yesterday")
    here("export", "-o", rows)
    assert rows.read_bytes().startswith(b"source,")


def test_no_file_of_a_folder_is_replaced_without_a_question(
    data_dir: Path, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("--format", "mot", "-o", ".")
    here("export", *words)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.is_file()}
    refused = here("export", *words, code=2).stderr
    assert "Replace " in refused
    assert "Say --yes." in refused
    assert {path: path.stat().st_mtime_ns for path in before} == before
    here("export", *words, "--yes")


def test_what_is_written_is_counted_by_its_noun(data_dir: Path, here: Here, tmp_path: Path) -> None:
    assert "out.csv: 7 sightings" in here("export", "--what", "sightings", "-o", tmp_path / "out.csv").stderr
    assert "out.csv: 3 people" in here("export", "--what", "people", "-o", tmp_path / "out.csv").stderr
    # Excel wants the mark; pipes and programs that read faces don't.
    assert (tmp_path / "out.csv").read_bytes().startswith("\ufeffperson,name,".encode())
    assert here("export", "--what", "people").stdout.startswith("person,")
    here("export", "-o", tmp_path / "faces.csv")
    assert (tmp_path / "faces.csv").read_bytes().startswith(b"source,")


def test_motchallenge_has_a_file_for_each_source_and_a_legend(
    data_dir: Path, here: Here, tmp_path: Path
) -> None:
    out = tmp_path / "mot"
    assert "5 files" in here("export", "--format", "mot", "-o", out).stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "a_film.txt",
        "dated.txt",
        "door.txt",
        "group.txt",
        "people.csv",
    ]
    legend = {row["id"]: row for row in csv.DictReader((out / "people.csv").read_text().splitlines())}
    assert (legend["1"]["person"], legend["1"]["name"], legend["1"]["track"]) == ("p1", "Ada <b> & Co", "")
    # In a mirror, and nobody: ids of their own.
    assert {row["track"]: row["person"] for row in legend.values() if row["track"]} == {
        f"{FILM}.100.1": "p1",
        f"{FILM}.150.0": "",
    }
    count = 0
    for path in out.glob("*.txt"):
        taken = set()
        frames = []
        for line in path.read_text().splitlines():
            frame, number, left, top, width, height, conf, *rest = line.split(",")
            assert rest == ["-1", "-1", "-1"]
            assert int(frame) >= 1
            assert number in legend
            assert (frame, number) not in taken
            taken.add((frame, number))
            frames.append(int(frame))
            box = [float(side) for side in (left, top, width, height)]
            assert box == [10, 20, 100, 120]
            assert float(conf) == 0.9
            count += 1
        assert frames == sorted(frames)
    assert count == sum(number for *_, number in TRACKS.values())


def test_captions_say_who_is_visible(data_dir: Path, here: Here, tmp_path: Path) -> None:
    here("export", "--format", "vtt", "-o", tmp_path / "vtt")
    assert sorted(path.name for path in (tmp_path / "vtt").iterdir()) == [
        "a film.vtt",
        "dated.vtt",
        "door.vtt",
    ]
    assert read_vtt((tmp_path / "vtt" / "a film.vtt").read_text()) == [
        (0, 400, ["Ada <b> & Co"]),
        (400, 1200, ["Ada <b> & Co", "p2"]),
        (1200, 1600, ["p2"]),
        (4000, 4400, ["Ada <b> & Co"]),
    ]
    assert read_vtt((tmp_path / "vtt" / "door.vtt").read_text()) == [(2000, 3200, ["p3"])]
    here("export", "--format", "srt", "--source", "door", "-o", tmp_path / "srt")
    assert (tmp_path / "srt" / "door.srt").read_text() == "1\n00:00:02,000 --> 00:00:03,200\np3\n\n"


def test_captions_of_ones_own_are_replaced_only_when_asked(
    data_dir: Path, here: Here, tmp_path: Path
) -> None:
    own = tmp_path / "a film.srt"
    own.write_text("My own translation")
    refused = here("export", "--format", "srt", "-o", tmp_path, code=2).stderr
    assert f"Replace a film.srt in {tmp_path}?" in refused
    assert own.read_text() == "My own translation"
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["a film.srt"]
    here("export", "--format", "srt", "-o", tmp_path, "--yes")
    assert own.read_text().startswith("1\n00:00:00,000")


@pytest.mark.parametrize("file_format", ["mot", "vtt", "srt"])
def test_what_writes_a_folder_needs_one(data_dir: Path, here: Here, tmp_path: Path, file_format: str) -> None:
    assert "Give a folder" in here("export", "--format", file_format, code=2).stderr
    assert "is a folder" in here("export", "--format", "csv", "-o", tmp_path, code=2).stderr


def test_everything_on_a_person_and_nothing_of_others(data_dir: Path, here: Here, tmp_path: Path) -> None:
    said = here("people", "export-all", "p1", "-o", tmp_path / "ada.zip")
    assert "all that is held on p1: 4 sightings, 2 sources, 4 tracks, 15 faces, 4 samples, 4 pictures" in (
        said.stdout
    )
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["sha256"] == {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    assert manifest["counts"]["pictures"] == 4
    own = {track for track, (owner, *_) in TRACKS.items() if owner == "p1"}
    samples = json.loads(found["samples.json"])
    assert {sample["track"] for sample in samples} == own
    assert all(len(sample["vector"]) == 128 for sample in samples)
    assert {found[sample["picture"]] for sample in samples} == {JPEG + f"{t}.s".encode() for t in own}
    assert [d["name"] for d in json.loads(found["decisions.json"])] == ["Ada <b> & Co"]
    events = json.loads(found["events.json"])
    assert [event["kind"] for event in events] == ["created"] * 4 + ["renamed"]
    everything = b" ".join(found.values()).decode("latin-1")
    for other in set(TRACKS) - own:
        assert f'"{other}' not in everything
    assert '"p2"' not in everything
    assert '"p9"' not in everything

    here("people", "export-all", "p2", "-o", tmp_path / "p2")
    assert (tmp_path / "p2").stat().st_mode & 0o077 == 0
    merged = json.loads((tmp_path / "p2" / "events.json").read_text())[-1]
    assert (merged["kind"], merged["person"], merged["other"]) == ("merged", "p2", "somebody else")
    assert "would be mixed" in here("people", "export-all", "p1", "-o", tmp_path / "p2", code=2).stderr
    assert "no person 'p99'" in here("people", "export-all", "p99", "-o", tmp_path / "x", code=1).stderr
    assert not (tmp_path / "x").exists()
