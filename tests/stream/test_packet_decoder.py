"""Decoding apart from the container that the packets came in."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from cameras.h264_film import painted_film
from encoded_films import ENCODERS, packets_of
from painted_video import read_number, write_video

from stream.conversion import BgrConverter
from stream.errors import CameraRefusedError
from stream.packet_decoder import CODECS, PacketDecoder

Image = npt.NDArray[np.uint8]


def _images(path: Path) -> list[Image]:
    converter = BgrConverter(None)
    with av.open(str(path)) as container:
        return [converter.image_bgr(picture) for picture in container.decode(video=0)]


@pytest.mark.parametrize("codec", sorted(ENCODERS))
def test_pictures_are_those_that_a_reader_of_the_whole_file_sees(tmp_path: Path, codec: str) -> None:
    encoder, pix_fmt, suffix = ENCODERS[codec]
    path = write_video(tmp_path / f"film{suffix}", frames=20, codec=encoder, pix_fmt=pix_fmt)
    name, extradata, packets = packets_of(path)
    assert name == codec
    expected = {image.tobytes() for image in _images(path)}
    decoder = PacketDecoder(name, extradata)
    assert decoder.image_bgr() is None
    numbers = []
    for packet in packets:
        decoder.decode(packet)
        image = decoder.image_bgr()
        if image is not None:
            assert image.tobytes() in expected
            numbers.append(read_number(image))
    assert decoder.corrupt == 0
    # Where pictures are sent in another order than they are shown, the newest ones still wait for others.
    assert numbers == sorted(numbers)
    assert numbers[-1] >= 16


def test_every_codec_that_is_let_through_is_tried() -> None:
    assert set(ENCODERS) == CODECS


@pytest.mark.parametrize("codec", ["", "rawvideo", "ffv1", "H264", "../h264"])
def test_a_codec_that_no_camera_sends_is_not_tried(codec: str) -> None:
    with pytest.raises(ValueError, match=r"expected one of av1, h264, hevc, mjpeg, mpeg4, vp8, vp9"):
        PacketDecoder(codec, b"")


def test_no_picture_is_held_back() -> None:
    decoder = PacketDecoder("h264", b"")
    for unit in painted_film(frames=10).units:
        before = decoder.image_bgr()
        decoder.decode(b"".join(b"\0\0\0\1" + nal for nal in unit.nals))
        after = decoder.image_bgr()
        assert after is not None
        assert before is None or not np.array_equal(before, after)


def test_before_a_keyframe_there_is_no_picture() -> None:
    decoder = PacketDecoder("h264", b"")
    units = painted_film(frames=10).units
    for unit in units[1:5]:
        decoder.decode(b"".join(b"\0\0\0\1" + nal for nal in unit.nals))
    assert decoder.image_bgr() is None
    assert decoder.corrupt == 4
    decoder.decode(b"".join(b"\0\0\0\1" + nal for nal in units[0].nals))
    assert decoder.image_bgr() is not None


def test_a_picture_that_is_too_large_is_refused() -> None:
    decoder = PacketDecoder("h264", b"", max_pixels=10_000)
    with pytest.raises(ValueError, match="160x120 pixels, allowed are 10,000"):
        decoder.decode(b"".join(b"\0\0\0\1" + nal for nal in painted_film(frames=1).units[0].nals))


def test_hardware_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(CameraRefusedError, match="'warp'"):
        PacketDecoder("h264", b"", hwaccel="warp")
