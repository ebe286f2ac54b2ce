"""Photos of phones, with their decoder and without."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from heic_writer import heic
from PIL import Image

from stream import heif
from stream.discover import discover
from stream.errors import EmptyFolderError, PhotoTooLargeError, PhotoUnreadableError
from stream.frame import Frame
from stream.photo import PhotoFile


def _picture() -> npt.NDArray[np.uint8]:
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, :48] = (200, 90, 40)
    return image


def _frame(path: Path, max_pixels: int = 1_000_000) -> Frame:
    (frame,) = PhotoFile(path, "album", max_pixels=max_pixels).frames(threading.Event())
    return frame


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(heic(_picture()))
    return path


def called(photo: Path, brand: bytes) -> Path:
    """The photo with another name of its kind before the others."""
    data = photo.read_bytes()
    photo.write_bytes(data[:8] + brand + data[12:])
    return photo


@pytest.fixture
def _no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heif, "is_readable", lambda: False)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)


def test_a_photo_is_seen_as_it_was_taken(photo: Path) -> None:
    image = _frame(photo).image_bgr
    assert image.shape == (64, 96, 3)
    # Colours are stored at half the resolution.
    np.testing.assert_allclose(image, _picture()[:, :, ::-1], atol=15)


@pytest.mark.parametrize("brand", [b"mif1", b"msf1", b"miaf", b"mif2", b"1pic"])
def test_one_that_says_of_itself_what_avif_does_too_is_read(photo: Path, brand: bytes) -> None:
    assert _frame(called(photo, brand)).image_bgr.shape == (64, 96, 3)
    # By its name, too.
    assert discover([photo]).photos == (photo,)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_photo_that_was_taken_upright_is_turned_once(tmp_path: Path, turns: int) -> None:
    exif = Image.Exif()
    # Phones say it here as well, and whoever heeds both turns twice.
    exif[0x0112] = {0: 1, 1: 8, 2: 3, 3: 6}[turns]
    (tmp_path / "a.heic").write_bytes(heic(_picture(), exif=exif.tobytes(), quarter_turns=turns))
    expected = np.rot90(_picture(), turns)[:, :, ::-1]
    np.testing.assert_allclose(_frame(tmp_path / "a.heic").image_bgr, expected, atol=15)


def test_its_time_is_that_of_the_capture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2024:05:01 12:00:00", 0x9011: "+02:00"})
    (tmp_path / "a.heic").write_bytes(heic(_picture(), exif=exif.tobytes()))
    assert _frame(tmp_path / "a.heic").captured_at_s == datetime(2024, 5, 1, 10, tzinfo=UTC).timestamp()


def test_one_that_is_cut_off_is_refused(photo: Path) -> None:
    photo.write_bytes(photo.read_bytes()[:-40])
    with pytest.raises(PhotoUnreadableError, match="damaged or cut-off"):
        _frame(photo)


def test_one_that_is_too_large_is_refused_before_it_is_decoded(photo: Path) -> None:
    with pytest.raises(PhotoTooLargeError, match="96x64 = 6,144 pixels, allowed are 6,000"):
        _frame(photo, max_pixels=6_000)


def test_in_a_folder_they_are_photos_like_others(photo: Path) -> None:
    assert discover([photo.parent]).photos == (photo,)
    assert discover([photo]).photos == (photo,)


@pytest.mark.usefixtures("_no_decoder")
def test_without_the_decoder_one_that_is_named_says_what_gets_it(photo: Path) -> None:
    (named,) = discover([photo]).photos
    with pytest.raises(PhotoUnreadableError, match=r"is a HEIC photo\. .*pip install pi-heif"):
        _frame(named)


@pytest.mark.usefixtures("_no_decoder")
@pytest.mark.parametrize("brand", [b"mif1", b"msf1", b"hevc"])
def test_whatever_it_says_of_itself_it_says_what_gets_the_decoder(photo: Path, brand: bytes) -> None:
    with pytest.raises(PhotoUnreadableError, match=r"is a HEIC photo\. .*pip install pi-heif"):
        _frame(called(photo, brand))


@pytest.mark.usefixtures("_no_decoder")
def test_without_the_decoder_a_jpeg_that_is_called_so_is_read(tmp_path: Path) -> None:
    Image.fromarray(_picture()).save(tmp_path / "IMG_0002.HEIC", "JPEG")
    (photo,) = discover([tmp_path]).photos
    assert _frame(photo).image_bgr.shape == (64, 96, 3)


@pytest.mark.usefixtures("_no_decoder")
def test_without_the_decoder_those_in_a_folder_are_passed_over_and_say_what_gets_it(photo: Path) -> None:
    Image.new("RGB", (4, 4)).save(photo.parent / "a.jpg")
    found = discover([photo.parent])
    assert found.photos == (photo.parent / "a.jpg",)
    ((path, reason),) = found.skipped
    assert (path,) == found.heic == (photo,)
    assert "pip install pi-heif" in reason


@pytest.mark.usefixtures("_no_decoder")
def test_a_folder_of_nothing_else_says_what_gets_the_decoder(photo: Path) -> None:
    ((_, error),) = discover([photo.parent]).failed
    assert isinstance(error, EmptyFolderError)
    assert "pip install pi-heif" in str(error)


def test_a_decoder_that_can_not_be_loaded_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    assert not heif.is_readable.__wrapped__()


@pytest.mark.usefixtures("_no_decoder")
def test_avif_that_says_of_itself_what_heic_does_is_read_without_it(tmp_path: Path) -> None:
    Image.fromarray(_picture()).save(tmp_path / "a.avif")
    data = (tmp_path / "a.avif").read_bytes()
    (tmp_path / "b.avif").write_bytes(data[:8] + b"mif1" + data[12:])
    assert _frame(tmp_path / "b.avif").image_bgr.shape == (64, 96, 3)
