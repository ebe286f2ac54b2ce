"""How good the people are, on labelled data that is not part of the project."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest
from processes import Cli
from scores import bcubed_f, clip_score, marks, read_truth

# Half a minute on an idle machine; others may be at work.
LIMIT_S = 1200.0
pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.timeout(LIMIT_S + 60)]

PHOTOS = 150
CENTRE_PX = 125.0


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("FACESTREAM_TEST_DATA")
    if not folder:
        pytest.skip("FACESTREAM_TEST_DATA is not set")
    return Path(folder)


def test_a_television_scene_of_six_people(cli: Cli, data: Path) -> None:
    cli("run", "-q", data / "clips" / "sitcom.mp4", timeout_s=LIMIT_S)

    result = clip_score(read_truth(data / "clips" / "sitcom.truth.csv"), marks(cli.rows(), "identity"))

    assert result.score >= 0.48, result


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

    # The face nearest to the centre is the labelled one.
    nearest: dict[str, tuple[float, str]] = defaultdict(lambda: (float("inf"), ""))
    for row in cli.rows():
        x, y = (float(row["x1"]) + float(row["x2"])) / 2, (float(row["y1"]) + float(row["y2"])) / 2
        key = Path(row["source"]).name
        nearest[key] = min(nearest[key], ((x - CENTRE_PX) ** 2 + (y - CENTRE_PX) ** 2, row["identity"]))
    labelled = [(path.name, name) for name, files in chosen.items() for path in files]
    pairs = [(nearest[photo][1] or f"alone {photo}", name) for photo, name in labelled]
    assert len(pairs) >= PHOTOS
    assert bcubed_f(pairs) >= 0.9
