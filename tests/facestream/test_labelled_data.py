"""How good the people are, on labelled data that is not part of the project."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from command_runs import Cli

# Half a minute on an idle machine; others may be at work.
LIMIT_S = 1200.0
pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.timeout(LIMIT_S + 60)]

PHOTOS = 150


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("FACESTREAM_TEST_DATA")
    if not folder:
        pytest.skip("FACESTREAM_TEST_DATA is not set")
    return Path(folder)


def test_a_television_scene_of_six_people(cli: Cli, data: Path) -> None:
    cli("run", "-q", data / "clips" / "sitcom.mp4", timeout_s=LIMIT_S)

    result = cli("evaluate", data / "clips" / "sitcom.truth.csv", "--json").json()

    assert result["score"] >= 0.48, result


@pytest.mark.parametrize("name", ["d18.mp4", "d19.mp4"])
def test_one_head_is_one_person(cli: Cli, data: Path, name: str) -> None:
    result = cli("run", "-q", "--json", data / "clips" / "heads" / name, timeout_s=LIMIT_S).json()

    assert len(result["people"]) == 1


def test_photos_of_many_people(cli: Cli, data: Path, tmp_path: Path) -> None:
    # Of the half that nothing is tuned on, people with several photos first seen in the list: about 150.
    chosen: dict[str, list[Path]] = {}
    with (data / "lfw_halves.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["half"] == "report" and 1 <= int(row["photos"]) <= 6:
                chosen[row["name"]] = sorted((data / "lfw" / row["name"]).glob("*.jpg"))
            if sum(map(len, chosen.values())) >= PHOTOS:
                break
    for name, files in chosen.items():
        (tmp_path / name).mkdir()
        for path in files:
            (tmp_path / name / path.name).symlink_to(path)

    cli("run", "-q", tmp_path, timeout_s=LIMIT_S)

    result = cli("evaluate", tmp_path, "--json").json()

    assert result["items"] >= PHOTOS
    assert result["bcubed"]["f"] >= 0.9, result
