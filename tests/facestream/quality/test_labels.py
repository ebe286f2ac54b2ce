from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from unprivileged import unprivileged

from facestream.decisions.enrolling import named_photos
from facestream.quality.labels import labelled_photos
from stream import heif
from stream.errors import SourcePermissionError

FILES = ("Anna/2020/1.png", "Anna/2021/1.png", "Ben/2020/1.png", "Ben/2.png")


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "people" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9)).save(path)
    return tmp_path / "people"


def test_of_folders_in_folders_the_first_is_the_person(nested: Path) -> None:
    labels = labelled_photos(nested)
    assert {str(path.relative_to(nested)): label for path, label in labels.items()} == {
        name: name.split("/")[0] for name in FILES
    }


def test_photos_are_labelled_as_they_are_enrolled(nested: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (nested, Path()):
        monkeypatch.chdir(nested)
        enrolled = {path: name for name, paths in named_photos(folder).items() for path in paths}
        assert labelled_photos(folder) == enrolled


def test_a_photo_beside_the_folders_is_labelled_by_the_folder_it_lies_in(nested: Path) -> None:
    Image.new("RGB", (9, 9)).save(nested / "loose.png")
    assert labelled_photos(nested, "folders")[nested / "loose.png"] == "people"


def test_photos_of_phones_that_can_not_be_read_here_are_somebody_s_all_the_same(
    nested: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So whoever reads them says what is missing, and nobody is left out without a word.
    monkeypatch.setattr(heif, "is_readable", lambda: False)
    theirs = nested / "Carl" / "IMG_1.HEIC"
    theirs.parent.mkdir()
    theirs.write_bytes(b"\0\0\0\x18ftypheic" + bytes(12))
    assert named_photos(nested)["Carl"] == [theirs]
    assert labelled_photos(nested)[theirs] == "Carl"


def test_nobody_is_enrolled_where_a_folder_may_not_be_looked_at(nested: Path) -> None:
    (nested / "Ben").chmod(0)
    with unprivileged(nested), pytest.raises(SourcePermissionError, match="Ben"):
        named_photos(nested)
    (nested / "Ben").chmod(0o755)
