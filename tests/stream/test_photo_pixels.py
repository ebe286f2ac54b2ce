"""Pixels of photos, as they are meant."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from stream import photo_pixels
from stream.errors import PhotoUnreadableError
from stream.photo import PhotoFile
from stream.photo_pixels import bgr_of, unusable


def shown(path: Path) -> npt.NDArray[np.uint8]:
    (frame,) = PhotoFile(path, "album").frames(threading.Event())
    return frame.image_bgr


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "L", "1", "I;16"])
def test_in_parts_they_are_what_they_are_as_a_whole(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (37, 23, 4), dtype=np.uint8)
    colours = Image.fromarray(noise, "RGBA")
    if mode == "I;16":
        photo = Image.fromarray(noise[:, :, 0].astype(np.uint16) * 257)
    elif mode == "P":
        photo = colours.convert("RGB").quantize(16)
        photo.info["transparency"] = 3
    else:
        photo = colours.convert("RGB").convert(mode) if mode not in {"RGBA", "LA"} else colours.convert(mode)
    whole = bgr_of(photo)
    monkeypatch.setattr(photo_pixels, "_AT_ONCE", 100)
    assert np.array_equal(bgr_of(photo), whole)
    assert whole.shape == (37, 23, 3)
    assert whole.std() > 20


@given(bits=st.sampled_from([8, 10, 12, 14, 16]), seed=st.integers(0, 100))
def test_grey_of_sensors_is_as_bright_as_that_of_16_bits(bits: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (16, 16)).astype(np.uint16)
    grey[0, 0] = 255
    of_sensor = Image.fromarray((grey << (bits - 8)).astype(np.uint16))
    difference = bgr_of(of_sensor).astype(int) - grey[:, :, None]
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_grey_of_a_sensor_in_a_file_is_not_black(tmp_path: Path, ending: str) -> None:
    grey = (np.arange(64 * 64).reshape(64, 64) % 4096).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / f"a.{ending}")
    assert shown(tmp_path / f"a.{ending}").max() == 255


def test_a_raw_file_of_a_camera_is_refused(tmp_path: Path) -> None:
    preview = Image.new("RGB", (16, 16), "red")
    # DNGVersion
    preview.save(tmp_path / "a.dng", "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(PhotoUnreadableError, match=r"camera's raw file.* save it as JPEG"):
        shown(tmp_path / "a.dng")


@pytest.mark.parametrize(("reduced", "refused"), [(1, True), (0, False)], ids=["raw file", "usual"])
def test_a_small_preview_of_a_raw_picture_inside_is_refused(
    tmp_path: Path, reduced: int, refused: bool
) -> None:
    # As in Nikon's NEF: what comes first is small, and the raw picture is one inside it (SubIFDs).
    path = tmp_path / "a.nef"
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254], tags[330] = reduced, 8
    Image.new("RGB", (16, 16), "red").save(path, "TIFF", tiffinfo=tags)
    if refused:
        with pytest.raises(PhotoUnreadableError, match="camera's raw file"):
            shown(path)
    else:
        assert shown(path)[0, 0].tolist() == [0, 0, 255]


def test_negatives_of_few_levels_stay_as_dark_as_they_are(tmp_path: Path) -> None:
    # Which levels are in use tells nothing of the depth there: an empty negative is white paper.
    negative = TiffImagePlugin.ImageFileDirectory_v2()
    negative[262] = 0
    Image.fromarray(np.full((4, 4), 255, np.uint16)).save(tmp_path / "a.tif", tiffinfo=negative)
    assert shown(tmp_path / "a.tif")[0, 0, 0] == 254


def test_channels_of_8_bits_that_are_kept_apart_are_read(tmp_path: Path) -> None:
    red = np.zeros((3, 8, 8), np.uint8)
    red[0] = 255
    (tmp_path / "a.tif").write_bytes(tiff_in_planes(red))
    assert shown(tmp_path / "a.tif")[0, 0].tolist() == [0, 0, 255]


def test_channels_of_16_bits_that_are_kept_apart_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_in_planes(np.full((3, 8, 8), 30_000, "<u2")))
    with pytest.raises(PhotoUnreadableError, match="keeps its colours apart with 16 bits each"):
        shown(path)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1", "I;16"])
def test_usual_photos_are_usable(mode: str) -> None:
    assert unusable(Image.new(mode, (4, 4))) == ""


def tiff_in_planes(planes: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """A TIFF of planes one after the other, which Pillow can't write."""
    count, height, width = planes.shape
    data, begin = planes.tobytes(), 8
    after = begin + len(data)
    offsets = [begin + number * planes[0].nbytes for number in range(count)]
    bits, starts, lengths = (
        np.array([8 * planes.itemsize] * count, "<u2").tobytes(),
        np.array(offsets, "<u4").tobytes(),
        np.array([planes[0].nbytes] * count, "<u4").tobytes(),
    )
    at_bits = after
    at_starts, at_lengths = at_bits + len(bits), at_bits + len(bits) + len(starts)
    directory = at_lengths + len(lengths)
    short, long = 3, 4
    entries = [
        (256, short, 1, width),
        (257, short, 1, height),
        (258, short, count, at_bits),
        (259, short, 1, 1),
        (262, short, 1, 2),
        (273, long, count, at_starts),
        (277, short, 1, count),
        (278, short, 1, height),
        (279, long, count, at_lengths),
        (284, short, 1, 2),
    ]
    fields = b"".join(
        np.array([tag, kind], "<u2").tobytes() + np.array([number, value], "<u4").tobytes()
        for tag, kind, number, value in entries
    )
    head = b"II*\0" + np.array([directory], "<u4").tobytes()
    ifd = np.array([len(entries)], "<u2").tobytes() + fields + bytes(4)
    return head + data + bits + starts + lengths + ifd
