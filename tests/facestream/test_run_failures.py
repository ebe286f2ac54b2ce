"""facestream run: what can't be done is said clearly, and costs the rest nothing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import scenes
from processes import Cli

pytestmark = pytest.mark.e2e


def test_a_broken_file_among_good_ones_is_named_and_the_others_are_done(
    cli: Cli, media: Path, tmp_path: Path
) -> None:
    whole = (media / "photos" / "astronaut.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "b.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(5000))
    shutil.copy(media / "photos" / "astronaut.jpg", tmp_path / "good.jpg")

    done = cli("run", "--json", tmp_path, code=1)

    result = done.json()
    assert {Path(failed["source"]).name for failed in result["failed"]} == {"a.jpg", "b.mp4"}
    assert all(failed["error"] for failed in result["failed"])
    for name in ("a.jpg", "b.mp4"):
        assert name in done.stderr
    assert len(result["people"]) == 1
    assert {row["source"] for row in cli.rows()} == {str((tmp_path / "good.jpg").resolve())}


def test_a_video_without_its_index_is_named(cli: Cli, media: Path, tmp_path: Path) -> None:
    # An MP4 that was not written to its end.
    whole = (media / "duo.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])

    done = cli("run", tmp_path / "cut.mp4", code=1)

    assert "cut.mp4" in done.stderr
    assert done.stdout == "Nothing was processed.\n"


def test_a_video_that_breaks_off_keeps_what_came_before(cli: Cli, media: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    scenes.remux(media / "duo.mp4", whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 9 // 10])

    done = cli.start("run", "--json", cut).end()

    assert "cut.mkv" in done.stderr
    assert done.json()["people"]
    frames = [int(row["frame"]) for row in cli.rows()]
    assert frames == scenes.sampled_frames()[: len(frames)]
    assert len(frames) >= 5


def test_nothing_found_is_said(cli: Cli, tmp_path: Path) -> None:
    dark = scenes.video(tmp_path, "dark.mp4", scenes.DARK)

    assert cli("run", dark).stdout == "No people were found.\n"
    assert cli("run", "--json", dark).json()["people"] == []
    assert cli("people").stdout == "No people in collection 'default' yet.\n"
    assert cli("people", "--json").json() == []


@pytest.mark.parametrize("name", ["missing.mp4", "/nowhere/at all.jpg"])
def test_a_missing_path_is_named(cli: Cli, name: str) -> None:
    done = cli("run", name, code=1)

    assert f"'{name}' doesn't exist" in done.stderr
    assert done.stdout == ""


def test_an_empty_folder_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")

    assert f"'{tmp_path}' holds no video or photo" in cli("run", tmp_path, code=1).stderr


def test_no_source_at_all_is_wrong_usage(cli: Cli) -> None:
    assert "Missing argument 'SOURCES...'" in cli("run", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--fps", "0"], "'0' is not a rate"),
        (["--start", "soon"], "'soon' is not a time"),
        (["--start", "20", "--end", "10"], "--end must be later than --start"),
        (["--recorded-at", "yesterday"], "'yesterday' is not a date"),
        (["--min-face", "5"], "12"),
        (["--samples", "some"], "'best', 'all'"),
        (["--collection", "no such/name"], "--collection"),
    ],
)
def test_an_option_that_makes_no_sense_is_wrong_usage(
    cli: Cli, media: Path, arguments: list[str], reason: str
) -> None:
    assert reason in cli("run", *arguments, media / "photos", code=2).stderr


def test_a_start_behind_the_end_of_the_only_video_is_wrong_usage(cli: Cli, media: Path) -> None:
    done = cli("run", "--start", "1:00", media / "duo.mp4", code=2)

    assert "duo.mp4: lasts 3.2 s and ends before --start." in done.stderr


def test_an_unknown_model_pack_is_named(cli: Cli, media: Path) -> None:
    assert "'closed'" in cli("run", "--models", "closed", media / "photos", code=1).stderr


@pytest.mark.parametrize(
    "url",
    [
        # Nobody listens at port 1.
        "redis://worker:S3cretWord@127.0.0.1:1/0",
        "redis://:S3cretWord@127.0.0.1:1/0?banana=1",
        "http://worker:S3cretWord@127.0.0.1",
        "redis://worker:S3cretWord@127.0.0.1:99999",
    ],
)
def test_a_bad_url_is_reported_without_its_password(cli: Cli, url: str) -> None:
    for done in (
        cli("people", "--redis", url, code=1),
        cli("redis", "--redis", url, "PING", code=1),
        cli("people", code=1, FACESTREAM_REDIS=url),
    ):
        assert "127.0.0.1" in done.stderr
        assert "S3cret" not in done.said


def test_a_run_that_says_everything_keeps_the_password_to_itself(cli: Cli, media: Path) -> None:
    url = "redis://worker:S3cretWord@127.0.0.1:1/0"

    done = cli.start("run", "-vv", "--debug", "--redis", url, media / "photos").end()

    assert done.code == 1
    assert "Traceback" in done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert "S3cret" not in done.said


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes only names that are text")
def test_names_that_are_no_text_are_shown_escaped(cli: Cli, media: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    shutil.copy(media / "photos" / "astronaut.jpg", tmp_path / name)
    (tmp_path / os.fsdecode(b"broken\xe9.mp4")).write_bytes(b"no video")

    done = cli("run", "--json", tmp_path, code=1)

    (person,) = done.json()["people"]
    (sighting,) = person["sightings"]
    assert sighting["source"] == f"{tmp_path.resolve()}/caf\\xe9.jpg"
    assert "broken" in done.json()["failed"][0]["source"]
    assert [row["source"] for row in cli.rows()] == [sighting["source"]]
    assert "caf\\xe9.jpg" in cli("people", "show", person["id"]).stdout
