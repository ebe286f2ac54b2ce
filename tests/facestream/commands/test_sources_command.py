"""facestream sources: in what people were looked for, and forgetting what is gone of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_runs import Cli, Processed

import facestream

pytestmark = pytest.mark.e2e


@pytest.fixture
def own(copied: Processed, media: Path, tmp_path: Path) -> Cli:
    """A collection of files that may be changed."""
    shutil.copytree(media / "photos", tmp_path / "photos")
    shutil.copy(media / "duo.mp4", tmp_path)
    # Known by their content, and not looked at again.
    done = copied.cli("run", "--json", tmp_path / "photos", tmp_path / "duo.mp4").json()
    assert done["already_done"] == 3
    return copied.cli


def by_name(cli: Cli, *words: str) -> dict[str, dict[str, Any]]:
    return {Path(source["path"]).name: source for source in cli("sources", "--json", *words).json()}


def test_sources_are_listed_and_what_is_gone_of_them_is_forgotten(own: Cli, tmp_path: Path) -> None:
    listed = by_name(own)
    assert {name: (source["kind"], source["file"]) for name, source in listed.items()} == {
        "astronaut.jpg": ("photo", "there"),
        "duo.mp4": ("video", "there"),
        "group.jpg": ("photo", "there"),
    }
    assert listed["astronaut.jpg"]["people"] == 1
    assert listed["duo.mp4"]["people"] == 2
    assert listed["astronaut.jpg"]["recorded_at"] == "2024-05-01T08:00:00+00:00"
    assert own("people", "forget", "--gone").stdout.startswith("No file is gone")

    # Another program writes into a photo; somebody deletes the video.
    photo = tmp_path / "photos" / "astronaut.jpg"
    photo.write_bytes(photo.read_bytes() + b"\0")
    before = own("people", "--json").json()
    run = own("run", tmp_path / "photos")
    assert "had other content when it was processed before" in run.stderr
    assert "facestream people forget --gone" in run.stderr
    (tmp_path / "duo.mp4").unlink()

    gone = own("sources", "--gone")
    rows = {line.split()[0]: line for line in gone.stdout.splitlines()[1:]}
    assert set(rows) == {str(photo), str(tmp_path / "duo.mp4")}
    assert rows[str(photo)].endswith("other content")
    assert rows[str(tmp_path / "duo.mp4")].endswith("gone")
    assert "2 files gone or replaced" in gone.stderr

    told = own("people", "forget", "--gone", "--dry-run", "--json").json()
    assert sorted(told["files"]) == sorted(rows)
    refused = own("people", "forget", "--gone", code=2)
    assert str(photo) in refused.stderr
    assert "nobody is there to ask" in refused.stderr
    done = own("people", "forget", "--gone", "--yes", "--json").json()
    assert done["tracks"] == told["tracks"] > 0
    left = by_name(own)
    assert {name: source["file"] for name, source in left.items()} == {
        "astronaut.jpg": "there",
        "group.jpg": "there",
    }
    # The new file is the one that stays, and whoever is in it is who they were.
    assert left["astronaut.jpg"]["id"] != listed["astronaut.jpg"]["id"]
    (astronaut,) = [p for p in own("people", "--json").json() if str(photo) in str(p["sightings"])]
    assert astronaut["id"] in {person["id"] for person in before}


def test_faces_are_exported_with_names_and_a_source_that_there_is_not_is_told_everywhere(own: Cli) -> None:
    (person, *_) = own("people", "--json").json()
    own("people", "name", person["id"], "Ada")
    rows = own("export", "--json").json()
    assert {row["name"] for row in rows if row["identity"] == person["id"]} == {"Ada"}
    assert {row["name"] for row in rows if row["identity"] != person["id"]} == {""}
    # Also where another one that was asked for is there: totals would be wrong without a word.
    for words in (["people"], ["export", "-o", os.devnull], ["sources"], ["people", "together"]):
        done = own(*words, "--source", "duo", "--source", "tiro")
        assert "--source tiro names no source; there are astronaut.jpg, duo.mp4, group.jpg." in done.stderr
    for words in (["tracks", "list"], ["report", "-o", os.devnull]):
        assert "--source tiro names no source" in own(*words, "--source", "tiro").stderr
    assert "a report is HTML" in own("report", "-o", "r.pdf", code=2).stderr


def test_a_folder_that_is_away_is_no_reason_to_forget(own: Cli, tmp_path: Path) -> None:
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    assert by_name(own, "--source", "photos/")["group.jpg"]["file"] == "folder away"
    assert by_name(own, "--gone") == {}
    with facestream.connect(data_dir=own.data_dir) as store:
        assert [file.people for file in store.source_files()] == [
            source["people"] for source in by_name(own).values()
        ]
        both = store.expected_erasure("source", source=["group.jpg", "duo.mp4"]).tracks
        each = [store.expected_erasure("source", source=name).tracks for name in ("group.jpg", "duo.mp4")]
        assert both == sum(each) > 0
