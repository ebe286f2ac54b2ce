import struct
import subprocess
import sys
import textwrap
import threading
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stream.errors import (
    PhotoTooLargeError,
    PhotoUnreadableError,
    SourceEmptyError,
    SourceIsFolderError,
    SourceNotFoundError,
)
from stream.frame import Frame
from stream.photo import PhotoFile

RGB = (200, 90, 40)


def run_python(code: str) -> str:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def frame_of(path: Path, **arguments: float) -> Frame:
    (frame,) = PhotoFile(path, "album", **arguments).frames(threading.Event())  # type: ignore[arg-type]
    return frame


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp", "a.gif", "a.avif", "a.jp2", "a.ppm"]
)
def test_every_format_gives_one_frame_in_bgr(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (31, 21), RGB).save(tmp_path / name)
    frame = frame_of(tmp_path / name)
    assert (frame.source_id, frame.index, frame.media_s, frame.captured_at_s) == ("album", 0, 0.0, None)
    assert frame.image_bgr.shape == (21, 31, 3)
    np.testing.assert_allclose(frame.image_bgr[10, 15], RGB[::-1], atol=6)


def test_ending_does_not_matter(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), RGB).save(tmp_path / "a.dat", "PNG")
    assert frame_of(tmp_path / "a.dat").image_bgr[0, 0].tolist() == list(RGB[::-1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.new("RGB", (32, 16), "black")
    upright.paste("red", (0, 0, 8, 8))  # top left
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(frame_of(tmp_path / "a.png").image_bgr, np.asarray(upright)[:, :, ::-1])


@pytest.mark.parametrize(
    ("mode", "colour", "expected_bgr"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (77, 255), (77, 77, 77)),
        ("LA", (77, 0), (255, 255, 255)),
        ("RGBA", (*RGB, 255), RGB[::-1]),
        ("RGBA", (*RGB, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 257 * 100 + 120, (100, 100, 100)),
    ],
)
def test_every_mode_becomes_bgr_over_white(
    tmp_path: Path, mode: str, colour: int | tuple[int, ...], expected_bgr: tuple[int, int, int]
) -> None:
    Image.new(mode, (5, 4), colour).save(tmp_path / "a.png")
    frame = frame_of(tmp_path / "a.png")
    assert frame.image_bgr.shape == (4, 5, 3)
    assert frame.image_bgr[2, 2].tolist() == list(expected_bgr)


def deep_tiff(path: Path, bits: int, photometric: int, rows: list[list[int]]) -> Path:
    """A grey TIFF of one uncompressed strip, in Intel's order; values of 12 bits two in three bytes."""
    values = [value for row in rows for value in row]
    if bits == 16:
        packed = struct.pack(f"<{len(values)}H", *values)
    else:
        packed = b"".join(
            (first << 12 | second).to_bytes(3, "big")
            for first, second in zip(values[::2], values[1::2], strict=True)
        )
    height, width = len(rows), len(rows[0])
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, photometric)]
    tags += [(273, 8), (277, 1), (278, height), (279, len(packed))]
    packed += bytes(len(packed) % 2)
    ifd = struct.pack("<H", len(tags))
    ifd += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + ifd)
    return path


@pytest.mark.parametrize(
    ("photometric", "expected"), [(1, [[0, 128], [255, 64]]), (0, [[255, 127], [0, 191]])]
)
def test_grey_tiffs_of_16_bits_are_positives(
    tmp_path: Path, photometric: int, expected: list[list[int]]
) -> None:
    path = deep_tiff(tmp_path / "a.tif", 16, photometric, [[0, 32896], [65535, 16448]])
    assert frame_of(path).image_bgr[:, :, 0].tolist() == expected


def test_grey_tiffs_of_12_bits_have_all_levels(tmp_path: Path) -> None:
    path = deep_tiff(tmp_path / "a.tif", 12, 1, [[0, 4095], [2048, 1024]])
    assert frame_of(path).image_bgr[:, :, 0].tolist() == [[0, 255], [128, 64]]


def test_grey_pgm_of_16_bits_is_scaled(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 65535\n" + struct.pack(">HH", 65535, 32896))
    assert frame_of(tmp_path / "a.pgm").image_bgr[0, :, 0].tolist() == [255, 128]
    (tmp_path / "b.pgm").write_bytes(b"P5 2 1 1023\n" + struct.pack(">HH", 1023, 512))
    assert frame_of(tmp_path / "b.pgm").image_bgr[0, :, 0].tolist() == [255, 128]


def test_palette_with_transparent_entry_shows_white_there(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([*RGB, 0, 0, 0])
    image.putpixel((1, 1), 1)
    image.save(tmp_path / "a.png", transparency=1)
    frame = frame_of(tmp_path / "a.png")
    assert frame.image_bgr[0, 0].tolist() == list(RGB[::-1])
    assert frame.image_bgr[1, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk_becomes_bgr(tmp_path: Path, name: str) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / name)
    np.testing.assert_allclose(frame_of(tmp_path / name).image_bgr[8, 8], (0, 0, 255), atol=6)


def test_first_page_of_several_is_taken(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (4, 4), RGB), Image.new("RGB", (8, 8), "black")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert frame_of(tmp_path / "a.tif").image_bgr.shape == (4, 4, 3)


def test_another_view_behind_a_photo_makes_it_no_album(tmp_path: Path) -> None:
    for name, form in (("a.jpg", "MPO"), ("a.tif", "TIFF")):
        views = [Image.new("RGB", (4, 4), RGB), Image.new("RGB", (4, 4), "black")]
        views[0].save(tmp_path / name, form, save_all=True, append_images=views[1:])
    # Cameras with two lenses, and phones that keep how bright it was.
    two_lenses, pages = (PhotoFile(tmp_path / name, "album", still=True) for name in ("a.jpg", "a.tif"))
    (frame,) = two_lenses.frames(threading.Event())
    assert frame.image_bgr.shape == (4, 4, 3)
    assert not two_lenses.has_more
    with pytest.raises(PhotoUnreadableError, match="holds several pictures"):
        list(pages.frames(threading.Event()))


def test_capture_time_is_given_or_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2024:05:01 12:00:00", 0x9011: "+02:00", 0x9291: "5"})
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert (
        frame_of(tmp_path / "a.jpg").captured_at_s == datetime(2024, 5, 1, 10, tzinfo=UTC).timestamp() + 0.5
    )
    assert frame_of(tmp_path / "a.jpg", recorded_at_s=5.0).captured_at_s == 5.0


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow's, while it opens the file
def test_damaged_exif_does_not_cost_the_picture(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), RGB).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\xff\xff\xff\xff")
    assert frame_of(tmp_path / "a.jpg").image_bgr.shape == (16, 16, 3)


def test_set_stop_yields_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert list(PhotoFile(tmp_path / "none", "album").frames(stop)) == []


def test_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")))
        )
    )
    with pytest.raises(
        PhotoTooLargeError, match=r"60000x60000 = 3,600,000,000 pixels, allowed are 200,000,000"
    ):
        frame_of(path)


def test_limit_is_inclusive_and_not_pillows_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (40, 30)).save(tmp_path / "large.png")
    assert frame_of(tmp_path / "large.png", max_pixels=1200).image_bgr.shape == (30, 40, 3)
    with pytest.raises(PhotoTooLargeError, match="allowed are 1,199"):
        frame_of(tmp_path / "large.png", max_pixels=1199)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp", "a.avif"])
def test_cut_off_photo_is_refused(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = tmp_path / name
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PhotoUnreadableError, match="damaged or cut-off") as caught:
        frame_of(path)
    assert caught.value.source == str(path)


@pytest.mark.parametrize(
    "content", [b"<html></html>", b"\xff\xd8\xff" + b"x" * 100, b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_what_is_no_photo_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PhotoUnreadableError, match=r"a\.jpg"):
        frame_of(tmp_path / "a.jpg")


def test_a_video_that_is_called_a_photo_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 100)
    with pytest.raises(PhotoUnreadableError, match="not a photo but a video; save a picture of it"):
        frame_of(tmp_path / "a.jpg")


def test_one_that_takes_more_memory_than_there_is_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (9000, 9000)).save(tmp_path / "a.png")
    said = run_python(
        f"""
        import resource, threading
        from pathlib import Path
        from stream.errors import PhotoTooLargeError
        from stream.photo import PhotoFile
        (used,) = [line for line in open("/proc/self/status") if line.startswith("VmSize")]
        most = int(used.split()[1]) * 1024 + 200_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            list(PhotoFile(Path({str(tmp_path / "a.png")!r}), "album").frames(threading.Event()))
        except PhotoTooLargeError as error:
            print(error)
        """
    )
    assert "takes more memory than there is left" in said


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_without_known_range_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (4, 4), 3).save(tmp_path / "a.tif")
    with pytest.raises(PhotoUnreadableError, match="32-bit"):
        frame_of(tmp_path / "a.tif")


def test_missing_folder_and_empty_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(SourceNotFoundError):
        frame_of(tmp_path / "none.jpg")
    with pytest.raises(SourceIsFolderError):
        frame_of(tmp_path)
    with pytest.raises(SourceEmptyError):
        frame_of(tmp_path / "empty.jpg")
