"""Lists and reports of who was seen by a camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from collections_made import fill
from command_runs import Done

Here = Callable[..., Done]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return fill(tmp_path / "data")


def ids(done: Done) -> list[str]:
    return [person["id"] for person in done.json()]


def test_people_of_a_camera_are_listed_with_what_it_saw(data_dir: Path, here: Here) -> None:
    found = here("people", "--camera", "door", "--json").json()
    assert [(person["id"], person["seconds"]) for person in found] == [("p3", 1.2)]
    assert ids(here("people", "--camera", "*", "--json")) == ["p3"]
    # By it, or in a file.
    assert ids(here("people", "--camera", "door", "--source", "dated", "--json")) == ["p1", "p3"]


def test_a_camera_is_named_in_whole(data_dir: Path, here: Here) -> None:
    done = here("people", "--camera", "doo")
    assert done.stdout == "Nobody matches.\n"
    assert done.stderr == "--camera doo names no camera; there are door.\n"
    assert "names no camera" not in here("people", "--camera", "door", "--name", "none").stderr
    assert ids(here("people", "--source", "doo", "--json")) == ["p3"]


def test_a_report_is_of_a_camera_as_well(data_dir: Path, here: Here, tmp_path: Path) -> None:
    page = tmp_path / "door.html"
    assert "1 person" in here("report", "--camera", "door", "-o", page).stdout
    assert "names no camera" in here("report", "--camera", "hall", "-o", page).stderr
