"""facestream demo: what the README promises."""

from __future__ import annotations

import json
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_runs import Cli, Done

from facestream.demo_video import known_faces

pytestmark = pytest.mark.e2e

README = Path(__file__).parents[3] / "README.md"


@dataclass(frozen=True)
class Demo:
    cli: Cli
    first: Done
    first_s: float


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Demo:
    cli = Cli(tmp_path_factory.mktemp("fs") / "data", environment)
    started_s = time.monotonic()
    first = cli("demo")
    return Demo(cli, first, time.monotonic() - started_s)


def test_finds_the_seven_people_who_are_there(demo: Demo) -> None:
    assert "\n7 people found, 7 known to be there.\n" in demo.first.stdout
    rows = demo.first.stdout.splitlines()[1:8]
    found = [re.search(r"  (p\d+)  ", row) for row in rows]
    assert len({match[1] for match in found if match}) == 7
    assert "not found" not in demo.first.stdout
    assert "(nobody known)" not in demo.first.stdout


def test_prints_what_the_readme_shows(demo: Demo) -> None:
    (shown,) = re.findall(r"```text\n(known to be there.*?)```", README.read_text(), re.DOTALL)

    def without_folder(text: str) -> list[list[str]]:
        return [re.sub(r"\S*(?=/thumbnails/)", "", line).split() for line in text.strip().splitlines()]

    promised, printed = without_folder(shown), without_folder(demo.first.stdout)[: len(without_folder(shown))]
    # Times may differ by a frame or two with other versions of the decoder.
    assert printed[0] == promised[0]
    for name in {face.name for face in known_faces()}:
        row, promise = (
            next(words for words in lines if " ".join(words).startswith(name))
            for lines in (printed, promised)
        )
        assert len(row) == len(promise)
        assert row[len(name.split())] == promise[len(name.split())]
        assert float(row[-4]) == pytest.approx(float(promise[-4]), abs=1.0)
        assert row[-1].startswith("/thumbnails/demo/p")


def test_runs_on_the_device_that_is_set_or_says_why_it_can_not(demo: Demo) -> None:
    assert "models can't run on cuda:63" in demo.cli("demo", "--device", "cuda:63", code=1).stderr
    set_so = Cli(demo.cli.data_dir, demo.cli.environment() | {"FACESTREAM_DEVICE": "cuda:63"})
    assert "models can't run on cuda:63" in set_so("demo", code=1).stderr


def test_its_hints_work_as_they_stand(demo: Demo) -> None:
    hints = re.findall(r"^  .*facestream ((?:people|export) .*)$", demo.first.stdout, re.MULTILINE)
    assert len(hints) == 2
    people = demo.cli(*shlex.split(hints[0])).stdout
    assert len(people.splitlines()) == 8
    demo.cli(*shlex.split(hints[1]))


def test_shows_a_face_of_everybody(demo: Demo) -> None:
    people = demo.cli("people", "--json", "--collection", "demo").json()
    assert len(people) == 7
    for person in people:
        assert Path(person["thumbnail"]).read_bytes().startswith(b"\xff\xd8\xff")


def test_again_is_quick_and_adds_nothing(demo: Demo) -> None:
    before = demo.cli.records()
    video = demo.cli.data_dir / "demo" / "demo-1.mp4"
    written = video.stat().st_mtime_ns

    started_s = time.monotonic()
    again = demo.cli("demo")
    again_s = time.monotonic() - started_s

    assert "already processed, at 5 frames/s; nothing was added" in again.stderr
    assert again.stdout == demo.first.stdout
    assert video.stat().st_mtime_ns == written
    assert demo.cli.records() == before
    assert again_s < demo.first_s


def test_json_holds_known_and_found(demo: Demo) -> None:
    result = json.loads(demo.cli("demo", "--json").stdout)
    assert {"video", "people", "frames", "seconds"} == set(result)
    assert len(result["people"]) == 7
    for row in result["people"]:
        assert set(row) == {"known", "known_seconds", "found", "found_seconds"}
        assert len(row["found"]) == 1
        assert row["found_seconds"] == pytest.approx(row["known_seconds"], abs=2.0)


def test_leaves_your_own_people_alone(demo: Demo) -> None:
    assert demo.cli.people() == []
