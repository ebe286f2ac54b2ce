"""facestream run: options that make no sense and names that are no text are reported or shown as they are."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Cli, Done
from PIL import Image

pytestmark = pytest.mark.e2e


def test_no_source_at_all_is_wrong_usage(here: Callable[..., Done]) -> None:
    assert "Missing argument 'SOURCES...'" in here("run", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--fps", "0"], "'0' is not a rate"),
        (["--start", "soon"], "'soon' is not a time"),
        (["--start", "20", "--end", "10"], "--end must be later than --start"),
        (["--recorded-at", "yesterday"], "'yesterday' is not a date"),
        (["--min-face", "5"], "12"),
        (["--max-pixels", "0"], "--max-pixels"),
        (["--samples", "some"], "'best', 'all'"),
        (["--collection", "no such/name"], "--collection"),
    ],
)
def test_an_option_that_makes_no_sense_is_wrong_usage(
    here: Callable[..., Done], media: Path, arguments: list[str], reason: str
) -> None:
    assert reason in here("run", *arguments, media / "photos", code=2).stderr


def test_a_start_behind_the_end_of_the_only_video_is_wrong_usage(cli: Cli, media: Path) -> None:
    done = cli("run", "--start", "1:00", media / "duo.mp4", code=2)

    assert "duo.mp4: lasts 3.2 s and ends before --start." in done.stderr


def test_an_unknown_model_pack_is_named(cli: Cli, media: Path) -> None:
    assert "'closed'" in cli("run", "--models", "closed", media / "photos", code=1).stderr


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


def test_of_an_animation_that_is_a_photo_it_is_said_that_one_picture_counts(cli: Cli, tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (64, 64), shade) for shade in ("red", "green", "blue")]
    for name in ("moves.webp", "moves.png"):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:])
    pictures[0].save(tmp_path / "still.png")

    said = cli("run", tmp_path).stderr

    for name in ("moves.webp", "moves.png"):
        assert f"{name}: of its pictures the first alone is looked at." in said
    assert "still.png: of" not in said


def test_a_run_that_took_nothing_in_leaves_no_collection(
    here: Callable[..., Done], media: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"\0no video" * 1000)
    (tmp_path / "broken.jpg").write_bytes(b"\0no photo" * 1000)
    here("run", tmp_path / "missing.mp4", "--collection", "new", code=1)
    here("run", tmp_path, "--collection", "new", "--clustering", "dbscan", code=1)
    here("run", media / "duo.mp4", "--start", "1:00", "--collection", "new", code=2)
    assert here("collections", "list", "--json").json() == []
    # Nor does anything else stay, and what can be read is taken in.
    assert here("redis", "DBSIZE").stdout.split()[-1] == "0"
    here("run", tmp_path, media / "photos" / "astronaut.jpg", "--collection", "new", code=1)
    assert [each["name"] for each in here("collections", "list", "--json").json()] == ["new"]
