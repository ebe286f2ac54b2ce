"""facestream compare: one face against another."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from command_runs import Cli
from PIL import Image

import facestream
from facestream.demo_video import ASTRONAUT, GROUP
from facestream.errors import NoFaceError
from facestream.search.search import in_percent, in_words
from stream.errors import StreamError


def test_probabilities_in_words_and_figures_never_promise_certainty() -> None:
    assert [in_percent(p) for p in (0.0, 0.004, 0.126, 0.986, 0.9951, 1.0)] == [
        "0.1 %",
        "0.4 %",
        "13 %",
        "99 %",
        "99.5 %",
        "99.9 %",
    ]
    assert [in_words(p) for p in (0.01, 0.2, 0.6, 0.9, 0.97)] == [
        "unlikely",
        "doubtful",
        "likely",
        "very likely",
        "almost certain",
    ]


@pytest.mark.e2e
def test_the_same_person_in_two_pictures(cli: Cli, media: Path) -> None:
    done = cli("compare", ASTRONAUT.path(), media / "photos" / "astronaut.jpg")
    assert done.stdout.startswith("The same person: similarity ")
    assert done.stdout.endswith(" 99.9 % sure to be the same.\n")
    assert done.stderr == ""
    # Nothing is stored, and no server was needed.
    assert not cli.data_dir.exists()


@pytest.mark.e2e
def test_two_people_and_which_face_was_taken(cli: Cli) -> None:
    done = cli("compare", ASTRONAUT.path(), GROUP.path())
    assert done.stdout.startswith("Two people: similarity ")
    assert f"{GROUP.path()}: of 6 faces the largest was taken." in done.stderr


@pytest.mark.e2e
def test_as_json(cli: Cli) -> None:
    result = cli("compare", "--json", GROUP.path(), ASTRONAUT.path()).json()
    assert result["same"] is False
    assert 0 <= result["sure"] < 0.1
    assert [photo["faces"] for photo in result["photos"]] == [6, 1]
    assert all(len(photo["box"]) == 4 for photo in result["photos"])


@pytest.mark.e2e
def test_a_photo_that_is_not_there_is_named(cli: Cli, tmp_path: Path) -> None:
    missing = tmp_path / "missing.jpg"
    assert f"'{missing}' doesn't exist" in cli("compare", ASTRONAUT.path(), missing, code=1).stderr


@pytest.mark.e2e
def test_python_gets_the_same_with_types(tmp_path: Path) -> None:
    result = facestream.compare(ASTRONAUT.path(), str(ASTRONAUT.path()))
    assert isinstance(result, facestream.Comparison)
    assert result.same is True
    assert result.similarity == pytest.approx(1, abs=1e-3)
    assert result.boxes_xyxy[0] == result.boxes_xyxy[1]
    one, other = (
        facestream.compare(*pair) for pair in itertools.permutations((ASTRONAUT.path(), GROUP.path()))
    )
    assert one.same is other.same is False
    assert one.similarity == pytest.approx(other.similarity, abs=1e-5)
    assert one.sureness == pytest.approx(other.sureness, abs=1e-5)
    with pytest.raises(StreamError):
        facestream.compare(tmp_path / "none", ASTRONAUT.path())
    Image.new("RGB", (100, 100)).save(tmp_path / "blank.png")
    with pytest.raises(NoFaceError) as caught:
        facestream.compare(tmp_path / "blank.png", ASTRONAUT.path())
    assert caught.value.photo == str(tmp_path / "blank.png")
