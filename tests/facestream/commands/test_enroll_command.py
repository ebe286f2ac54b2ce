"""people enroll: names from named photos, for who was seen before and for who is not known yet."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from command_runs import Processed
from PIL import Image

from facestream.demo_video import ASTRONAUT, GROUP

pytestmark = pytest.mark.e2e


def cut(name: str, folder: Path, box: tuple[int, int, int, int], source: Path) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as picture:
        picture.convert("RGB").crop(box).save(path)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enroll") / "staff"
    cut("Eileen Collins/1.png", folder, (100, 0, 400, 300), ASTRONAUT.path())
    (package,) = importlib.util.find_spec("insightface").submodule_search_locations  # type: ignore[union-attr]
    shutil.copy(Path(package) / "data" / "images" / "Tom_Hanks_54745.png", folder / "Tom Hanks.png")
    Image.new("RGB", (320, 200), (30, 90, 60)).save(folder / "Nobody.jpg")
    far = Image.new("RGB", (320, 200), (30, 90, 60))
    with Image.open(folder / "Tom Hanks.png") as picture:
        far.paste(picture.convert("RGB").resize((22, 22)), (140, 81))
    far.save(folder / "Far Away.png")
    with Image.open(GROUP.path()) as picture:
        picture.convert("RGB").save(folder / "Group.jpg")
    return folder


def test_who_was_seen_is_named_and_who_was_not_is_added(copied: Processed, photos: Path) -> None:
    cli = copied.cli
    before = cli.people()
    planned = {
        one["name"]: one for one in cli("people", "enroll", photos, "--dry-run", "--json", code=1).json()
    }
    assert cli.people() == before
    assert cli("people", "log", "--json").json() == []

    done = {one["name"]: one for one in cli("people", "enroll", photos, "--json", code=1).json()}

    states = {
        "Eileen Collins": "named",
        "Far Away": "unclear",
        "Group": "unclear",
        "Nobody": "unclear",
        "Tom Hanks": "added",
    }
    assert {name: one["state"] for name, one in done.items()} == states
    assert {name: one["state"] for name, one in planned.items()} == states
    assert "cut out the one that is meant" in done["Group"]["notes"][0]
    assert "no face was found" in done["Nobody"]["notes"][0]
    for one in (planned["Far Away"], done["Far Away"]):
        assert "good enough to make a person of its own" in one["notes"][0]
    # What helps nobody is not kept.
    assert not any("Far Away" in source["path"] for source in cli("sources", "--json").json())
    people = {person["name"]: person for person in cli.people() if person["name"]}
    assert set(people) == {"Eileen Collins", "Tom Hanks"}
    assert done["Eileen Collins"]["people"] == [people["Eileen Collins"]["id"]]
    assert str(copied.video) in {s["source"] for s in people["Eileen Collins"]["sightings"]}
    assert done["Eileen Collins"]["sure"] > 0.97
    assert [s["source"] for s in people["Tom Hanks"]["sightings"]] == [str(photos / "Tom Hanks.png")]

    again = {one["name"]: one["state"] for one in cli("people", "enroll", photos, "--json", code=1).json()}
    # Now there is somebody whom the poor one is of.
    assert again == states | {"Eileen Collins": "already", "Far Away": "conflict", "Tom Hanks": "already"}

    for number in done["Eileen Collins"]["decisions"]:
        cli("people", "undo", str(number))
    assert {person["name"] for person in cli.people()} == {"", "Tom Hanks"}


def test_two_names_for_one_person_and_other_names_are_conflicts(
    copied: Processed, photos: Path, tmp_path: Path
) -> None:
    cli = copied.cli
    for name in ("Ada", "Eileen"):
        (tmp_path / name).mkdir()
        shutil.copy(photos / "Eileen Collins" / "1.png", tmp_path / name)
    done = cli("people", "enroll", tmp_path, code=1)
    assert done.stdout.count("conflict: nothing was done") == 2
    assert "The photos of 'Eileen' are of the same person" in done.stderr
    shutil.rmtree(tmp_path / "Ada")
    (one,) = cli("people", "enroll", tmp_path, "--dry-run", "--json").json()
    assert (one["state"], one["unread"]) == ("named", 0)
    (tmp_path / "Eileen" / "2.jpg").write_bytes(b"no photo")
    (one,) = cli("people", "enroll", tmp_path, "--dry-run", "--json", code=1).json()
    assert (one["state"], one["unread"]) == ("named", 1)
    (tmp_path / "Eileen" / "2.jpg").unlink()
    cli("people", "name", one["people"][0], "Grace")
    (one,) = cli("people", "enroll", tmp_path, "--json", code=1).json()
    assert (one["state"], one["decisions"]) == ("conflict", [])
    assert "is called Grace already" in one["notes"][0]
    (tmp_path / "p3.jpg").write_bytes((photos / "Nobody.jpg").read_bytes())
    assert "looks like the id of a person" in cli("people", "enroll", tmp_path, code=2).stderr
