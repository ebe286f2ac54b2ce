"""facestream calibrate with pictures that are there twice, and with small ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import albums
import cv2
import pytest
from command_runs import Cli
from PIL import Image

import facestream
from facestream.demo_video import GROUP
from facestream.errors import LabelError
from workers.models.calibration import Calibration

pytestmark = pytest.mark.e2e

ONE, OTHER = [*GROUP.faces][:2]


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return albums.album(tmp_path_factory.mktemp("album"))


@pytest.fixture
def two(album: Path, tmp_path: Path) -> Path:
    """Two of the people."""
    for name in (ONE, OTHER):
        shutil.copytree(album / name, tmp_path / "two" / name)
    return tmp_path / "two"


def scaled(album: Path, folder: Path, factor: float) -> Path:
    for path in album.rglob("*.jpg"):
        image = cv2.imread(str(path))
        assert image is not None
        small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / path.parent.name / path.name), small, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return folder


def test_a_picture_that_was_saved_again_is_no_pair(two: Path) -> None:
    with Image.open(two / ONE / "0.jpg") as image:
        image.save(two / ONE / "again.png")
        # On its side, and turned back by its tag.
        exif = Image.Exif()
        exif[0x112] = 6
        image.transpose(Image.Transpose.ROTATE_90).save(two / ONE / "turned.png", exif=exif)
    tagged = (two / ONE / "1.jpg").read_bytes()
    (two / ONE / "tagged.jpg").write_bytes(tagged[:2] + b"\xff\xfe\x00\x06note" + tagged[2:])

    report = facestream.calibrate(two)

    assert {(photo.path.name, photo.first.name) for photo in report.doubled} == {
        ("again.png", "0.jpg"),
        ("turned.png", "0.jpg"),
        ("tagged.jpg", "1.jpg"),
    }
    assert report.result.genuine.number == 6
    assert report.result.genuine.most < 0.9999


def test_one_picture_under_two_names_is_a_mistake_that_is_told(cli: Cli, two: Path) -> None:
    with Image.open(two / ONE / "0.jpg") as image:
        image.save(two / OTHER / "again.png")

    done = cli("calibrate", two)

    first, second = sorted((two / ONE / "0.jpg", two / OTHER / "again.png"))
    assert "1 photo: the same picture as another, under two names: one of the labels is wrong" in done.stderr
    assert f"{second} ({second.parent.name}) = {first} ({first.parent.name})" in done.stderr
    assert "the same picture as another, left out" not in done.stderr
    (doubled,) = cli("calibrate", "--json", two).json()["doubled"]
    assert doubled == {
        "photo": str(second),
        "same_as": str(first),
        "names": [second.parent.name, first.parent.name],
        "mislabelled": True,
    }


def test_no_size_is_written_that_the_photos_do_not_have(cli: Cli, album: Path, tmp_path: Path) -> None:
    small = scaled(album, tmp_path / "small", 0.4)

    done = cli("calibrate", small, "-o", tmp_path / "c.npz")

    calibration = Calibration.load(tmp_path / "c.npz")
    # A third of the faces have 20 to 25 px: of 36 px there are too few pairs without them.
    assert calibration.sizes_px.tolist() == [14, 18, 22, 28]
    assert "Sizes left out, with the number of faces that are as large, of 18: 36 px (" in done.stdout
    assert "70 px (0), 100 px (0). Half of them must be" in done.stdout
    assert "A larger face will be taken for one of 28 px." in done.stdout


def test_too_few_pairs_for_any_size_are_told_before_the_work(tmp_path: Path) -> None:
    for name in ("anna", "bert"):
        (tmp_path / name).mkdir()
        for k in range(2):
            # They are never looked at.
            (tmp_path / name / f"{k}.jpg").write_bytes(b"photo")
    with pytest.raises(
        LabelError, match=r"2 pairs of one person and 4 of two are too few to measure .* 10 of both"
    ):
        facestream.calibrate(tmp_path, by_size=True)


def test_too_few_faces_for_any_size_are_told(album: Path, tmp_path: Path) -> None:
    for name in [*GROUP.faces][:4]:
        shutil.copytree(album / name, tmp_path / name)
    broken = [*GROUP.faces][:3]
    for name in broken:
        (tmp_path / name / "2.jpg").write_bytes(b"no photo")
    with pytest.raises(
        LabelError, match=r"6 pairs of one person and .* of two \(3 photos left out\) are too few"
    ):
        facestream.calibrate(tmp_path, by_size=True)
