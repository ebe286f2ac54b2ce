"""facestream people find: who is in a photo."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from command_runs import Cli, Processed
from PIL import Image

import facestream
from facestream.demo_video import ASTRONAUT, GROUP
from facestream.errors import NoFaceError
from stream.errors import StreamError
from workers.errors import WorkerError

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def somebody_else(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of somebody whom no test processes."""
    (package,) = importlib.util.find_spec("insightface").submodule_search_locations  # type: ignore[union-attr]
    path = tmp_path_factory.mktemp("else") / "somebody [else].png"
    shutil.copy(Path(package) / "data" / "images" / "Tom_Hanks_54745.png", path)
    return path


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "blank.jpg"
    Image.new("RGB", (320, 200), (30, 90, 60)).save(path)
    return path


def test_who_was_seen_comes_first_with_times_and_is_almost_certain(
    processed: Processed, tmp_path: Path
) -> None:
    # In another light, size and direction than in the video.
    photo = tmp_path / "mirrored.png"
    with Image.open(ASTRONAUT.path()) as picture:
        changed = picture.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    changed.resize((400, 400)).point([level * 4 // 5 for level in range(256)] * 3).save(photo)

    (face,) = processed.cli("people", "find", photo, "--json").json()

    best, *others = face["matches"]
    assert best["verdict"] == "almost certain"
    assert 0.97 < best["sure"] <= 1
    in_video = [s for s in best["person"]["sightings"] if s["source"] == str(processed.video)]
    assert [(s["start_s"], s["end_s"]) for s in in_video] == [(0.0, 1.4)]
    assert best["track"]
    assert all(other["sure"] < best["sure"] and other["similarity"] < best["similarity"] for other in others)
    left, top, right, bottom = face["box"]
    assert 0 <= left < right <= 400
    assert 0 <= top < bottom <= 400


def test_each_face_of_a_photo_is_searched_for_by_itself(processed: Processed) -> None:
    done = processed.cli("people", "find", GROUP.path(), "--limit", "1")

    blocks = done.stdout.split("\n\n")
    assert len(blocks) == 6
    found = []
    for number, block in enumerate(blocks, 1):
        title, header, row, *_ = block.splitlines()
        assert title.startswith(f"Face {number} of 6, ")
        assert header.split() == ["person", "name", "similarity", "sure", "seen", "where"]
        assert "almost certain" in row
        found.append(row.split()[0])
    assert len(set(found)) == 6
    assert "00:01.6 - 00:03.0" in done.stdout
    assert str(processed.video) in done.stdout


def test_somebody_else_is_not_found(processed: Processed, somebody_else: Path) -> None:
    done = processed.cli("people", "find", somebody_else)
    assert "Nobody here looks like this; closest is p" in done.stdout


def test_the_photo_is_not_stored(copied: Processed, somebody_else: Path) -> None:
    before = copied.cli.records()
    copied.cli("people", "find", somebody_else)
    assert copied.cli.records() == before


def test_in_an_empty_collection_it_says_how_to_begin(cli: Cli, somebody_else: Path) -> None:
    assert "Start with: " in cli("people", "find", somebody_else).stdout
    with facestream.connect(cli.data_dir) as store:
        (face,) = store.find(somebody_else)
    assert face.matches == ()


def test_photos_that_can_t_be_searched_with_are_named(
    processed: Processed, blank: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    for path, said in (
        (blank, "no face was found in this photo of 320x200 px. Use one in which the face is larger"),
        (text, "is not a photo but a text file"),
        (processed.video, "is not a photo"),
        (tmp_path, "is a folder, not a file"),
        (tmp_path / "none.jpg", "doesn't exist"),
    ):
        done = processed.cli("people", "find", path, code=1)
        assert said in done.stderr
        assert str(path) in done.stderr
        assert "fault of facestream" not in done.stderr


def test_a_collection_of_other_models_is_refused(copied: Processed, somebody_else: Path) -> None:
    copied.cli("redis", "--write", "HSET", "fs:{default}:meta", "model_id", "other-model")
    for words in (["find", somebody_else], ["forget", "p1", "--yes"]):
        done = copied.cli("people", *words, code=1)
        assert "made with the model pack 'open' (other-model)" in done.stderr
        assert "--models" in done.stderr
    assert len(copied.cli.people()) == 7


def test_python_gets_the_same_with_types(processed: Processed, somebody_else: Path, blank: Path) -> None:
    with facestream.connect(processed.cli.data_dir) as store:
        everybody = {person.id: person for person in store.people()}
        (stranger,) = store.find(somebody_else, limit=1000)
        assert isinstance(stranger, facestream.FoundFace)
        assert {match.person.id: match.person for match in stranger.matches} == everybody
        assert all(match.sureness < 0.2 for match in stranger.matches)
        assert [match.sureness for match in stranger.matches] == sorted(
            (match.sureness for match in stranger.matches), reverse=True
        )

        (face,) = store.find(str(ASTRONAUT.path()), limit=1)
        (match,) = face.matches
        assert isinstance(match, facestream.Match)
        assert match.person == everybody["p1"]
        assert store.track(match.track).identity == "p1"
        faces = store.find(GROUP.path(), limit=2)
        assert [len(found.matches) for found in faces] == [2] * 6
        widths = [found.box_xyxy[2] - found.box_xyxy[0] for found in faces]
        assert widths[0] == max(widths)

        with pytest.raises(NoFaceError) as no_face:
            store.find(blank)
        assert no_face.value.photo == str(blank)
        with pytest.raises(StreamError):
            store.find(blank.parent / "none.jpg")
        with pytest.raises(WorkerError):
            store.find(blank, models="no such pack")
