"""facestream run: who is in videos and photos, once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import scenes
from command_runs import Cli, Processed

pytestmark = pytest.mark.e2e

RESULT = {
    "collection", "people", "sources", "already_done", "forgotten", "frames", "faces", "seconds",
    "first_person_s", "failed", "damaged", "interrupted", "models", "licence", "commercial_use", "device",
    "provider",
}  # fmt: skip
PERSON = {"id", "name", "provisional", "seconds", "faces", "tracks", "ignored", "sightings", "thumbnail"}
SIGHTING = {"source", "source_id", "camera", "start_s", "end_s", "start_at", "end_at", "provisional"}


def who_is_at(cli: Cli, source: Path) -> dict[int, str]:
    """The person of each frame of a video in which nobody is seen beside another."""
    rows = [row for row in cli.rows() if row["source"] == str(source.resolve())]
    frames = [int(row["frame"]) for row in rows]
    assert len(frames) == len(set(frames))
    return {int(row["frame"]): row["identity"] for row in rows}


def test_prints_a_table_of_the_people(processed: Processed) -> None:
    header, *lines = processed.video_run.stdout.splitlines()
    assert header.split() == ["person", "name", "seen", "sightings", "first", "last", "thumbnail"]
    assert len(lines) == 2
    for line in lines:
        person, name, seen, unit, sightings, first, last, thumbnail = line.split()
        assert re.fullmatch(r"p\d+", person)
        assert (name, unit, sightings) == ("-", "s", "1")
        assert 1.0 <= float(seen) <= 2.2
        assert first < last
        assert Path(thumbnail).read_bytes().startswith(b"\xff\xd8\xff")


def test_says_what_it_did_on_standard_error(processed: Processed) -> None:
    said = processed.video_run.stderr
    assert "duo.mp4: 640x360 h264, 00:03.2" in said
    assert "first person found" in said
    assert re.search(r"2 people in 16 frames with \d+ faces; [\d.]+ s, [\d.]+ frames/s; models open", said)
    assert re.search(r"models open \(.*\), licence .+, on \S+, chosen by auto \(\w+ExecutionProvider\)", said)


def test_without_a_terminal_progress_is_plain_lines(processed: Processed) -> None:
    for run in (processed.video_run, processed.photos_run):
        assert "\x1b" not in run.said
        assert "\r" not in run.said


def test_json_holds_every_key_and_nothing_else_is_on_standard_output(processed: Processed) -> None:
    result = processed.photos_run.json()
    assert set(result) == RESULT
    assert result["collection"] == "default"
    assert result["failed"] == []
    assert result["interrupted"] is False
    assert result["already_done"] == 0
    assert result["frames"] == 2
    assert result["faces"] >= 7
    assert 0 < result["first_person_s"] <= result["seconds"]
    assert result["licence"]
    assert result["device"]
    assert result["provider"].endswith("ExecutionProvider")
    for person in result["people"]:
        assert set(person) == PERSON
        assert Path(person["thumbnail"]).is_file()
        for sighting in person["sightings"]:
            assert set(sighting) == SIGHTING


def test_people_of_photos_are_those_of_the_video(processed: Processed) -> None:
    # The astronaut and the fifth of the group are in both; five more are in the photo of the group alone.
    people = {person["id"]: person for person in processed.photos_run.json()["people"]}
    assert len(people) == 7
    for identity in set(who_is_at(processed.cli, processed.video).values()):
        sources = {Path(sighting["source"]).name for sighting in people[identity]["sightings"]}
        assert sources in ({"duo.mp4", "astronaut.jpg"}, {"duo.mp4", "group.jpg"})


def test_a_photo_on_its_side_is_turned_and_dated_by_its_exif(processed: Processed) -> None:
    (row,) = [row for row in processed.cli.rows() if row["source"].endswith("astronaut.jpg")]
    # Upright, her face lies here (see demo_video.ASTRONAUT).
    middle = (float(row["x1"]) + float(row["x2"])) / 2, (float(row["y1"]) + float(row["y2"])) / 2
    assert middle == pytest.approx((224, 117), abs=15)
    assert (row["frame"], row["time_s"]) == ("0", "0.0")
    sightings = [s for p in processed.cli.people() for s in p["sightings"]]
    (dated,) = [s for s in sightings if s["source"].endswith("astronaut.jpg")]
    assert datetime.fromisoformat(dated["start_at"]) == datetime.fromisoformat("2024-05-01T10:00:00+02:00")
    (undated,) = {s["start_at"] for s in sightings if s["source"].endswith("group.jpg")}
    assert undated is None


def test_every_sampled_frame_of_a_face_is_there(processed: Processed) -> None:
    assert sorted(who_is_at(processed.cli, processed.video)) == scenes.sampled_frames()


def test_the_same_file_again_adds_nothing(copied: Processed) -> None:
    before = copied.cli.records()

    again = copied.cli("run", copied.video)

    assert "already processed, at 5 frames/s; nothing was added" in again.stderr
    # All but the folder of the thumbnails.
    shown = [line.rsplit(maxsplit=1)[0] for line in again.stdout.splitlines()]
    assert shown == [line.rsplit(maxsplit=1)[0] for line in copied.video_run.stdout.splitlines()]
    assert copied.cli.records() == before


def test_the_same_photos_again_add_nothing(copied: Processed) -> None:
    before = copied.cli.records()

    again = copied.cli("run", "--json", copied.photos)

    assert "2 photos had been processed before" in again.stderr
    assert again.json()["already_done"] == 2
    assert again.json()["frames"] == 0
    assert len(again.json()["people"]) == 7
    assert copied.cli.records() == before


def test_a_renamed_copy_is_the_same_source(copied: Processed, tmp_path: Path) -> None:
    renamed = Path(shutil.copy(copied.video, tmp_path / "holiday é.mp4"))
    before = copied.cli.records()

    copied.cli("run", renamed)

    after = copied.cli.records()
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert len(changed) == 1
    (key,) = changed
    assert key.startswith("fs:{default}:source:v-")
    assert after[key] == before[key] | {b"path": str(renamed).encode()}
    assert {row["source"] for row in copied.cli.rows() if row["source"].endswith(".mp4")} == {str(renamed)}


def test_a_second_file_of_the_same_people_finds_the_same_people(copied: Processed, media: Path) -> None:
    before = who_is_at(copied.cli, copied.video)
    again = media / "again.mp4"

    result = copied.cli("run", "--json", again).json()

    assert {person["id"] for person in result["people"]} == set(before.values())
    # In the second file the other one comes first.
    after = who_is_at(copied.cli, again)
    assert who_is_at(copied.cli, copied.video) == before
    assert sorted(after) == sorted(before)
    assert [after[frame] for frame in sorted(after)] == [before[frame] for frame in sorted(before)][::-1]
    assert len(copied.cli.people()) == 7


def test_a_file_in_the_place_of_another_is_told_of_with_what_removes_what_was_seen_in_that(
    cli: Cli, media: Path, tmp_path: Path
) -> None:
    path = tmp_path / "camera.mp4"
    shutil.copy(media / "duo.mp4", path)
    (before,) = cli("run", path, "--json").json()["sources"]
    shutil.copy(media / "again.mp4", path)
    again = cli("run", path, "--json")
    assert again.json()["sources"] != [before]
    advice = f"facestream people forget --source {before}"
    said = "camera.mp4: it had other content when it was processed before; what was seen then stays."
    assert f"{said} `{advice}` deletes that." in again.stderr
    cli(*advice.split()[1:], "--yes")
    assert before not in {row["source_id"] for person in cli.people() for row in person["sightings"]}
    assert "other content" not in cli("run", path).stderr


def test_a_folder_of_videos_and_photos(cli: Cli, processed: Processed, tmp_path: Path) -> None:
    inner = tmp_path / "mixed" / "deeper"
    inner.mkdir(parents=True)
    shutil.copy(processed.video, tmp_path / "mixed" / "duo.mp4")
    shutil.copy(processed.photos / "astronaut.jpg", inner / "her.JPG")
    (inner / "notes.txt").write_text("no picture")

    result = cli("run", "--json", tmp_path / "mixed").json()

    assert len(result["sources"]) == 2
    assert result["failed"] == []
    assert len(result["people"]) == 2
    seen_in = {len({s["source"] for s in person["sightings"]}) for person in result["people"]}
    assert seen_in == {1, 2}


def test_the_same_content_twice_in_one_run_counts_once(
    cli: Cli, processed: Processed, tmp_path: Path
) -> None:
    for name in ("one.jpg", "two.jpg"):
        shutil.copy(processed.photos / "astronaut.jpg", tmp_path / name)

    done = cli("run", "--json", tmp_path)

    assert "the same content" in done.stderr
    assert len(done.json()["sources"]) == 1
    assert len(cli.rows()) == 1


def test_collections_do_not_know_each_other(copied: Processed) -> None:
    result = copied.cli("run", "--json", "--collection", "family", copied.photos / "astronaut.jpg").json()

    assert result["collection"] == "family"
    assert [person["id"] for person in result["people"]] == ["p1"]
    assert len(result["people"][0]["sightings"]) == 1
    assert len(copied.cli.people()) == 7
    assert len(copied.cli("people", "--json", "--collection", "family").json()) == 1


def test_a_data_folder_that_is_given_goes_before_the_environment(
    make_cli: Callable[[], Cli], processed: Processed
) -> None:
    elsewhere, cli = make_cli().data_dir, make_cli()

    cli("run", "--data-dir", elsewhere, processed.photos / "astronaut.jpg")

    assert not cli.data_dir.exists()
    assert elsewhere.stat().st_mode & 0o077 == 0
    assert len(Cli(elsewhere, cli.environment()).people()) == 1
