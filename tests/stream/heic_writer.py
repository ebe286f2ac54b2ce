"""HEIC photos as phones write them (ISO/IEC 23008-12): no free library of Python encodes them."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt


def heic(image_rgb: npt.NDArray[np.uint8], *, exif: bytes = b"", quarter_turns: int = 0) -> bytes:
    """A photo.

    Args:
        image_rgb: uint8 (H, W, 3), of even sides.
        exif: What Pillow's `Exif.tobytes` gives; empty: none.
        quarter_turns: How often whoever shows it is to turn it, anticlockwise.
    """
    height_px, width_px = image_rgb.shape[:2]
    configuration, picture = _encoded(image_rgb)
    properties = [
        _box(b"hvcC", configuration),
        _box(b"ispe", struct.pack(">III", 0, width_px, height_px)),
        _box(b"irot", bytes([quarter_turns])),
    ]
    items = [(b"hvc1", picture)]
    if exif:
        # Where the TIFF header begins, behind "Exif" and two zeros.
        items.append((b"Exif", struct.pack(">I", 6) + exif))
    start = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    length = len(_meta(items, properties, 0))
    return (
        start
        + _meta(items, properties, len(start) + length + 8)
        + _box(b"mdat", b"".join(d for _, d in items))
    )


def _meta(items: list[tuple[bytes, bytes]], properties: list[bytes], data_at: int) -> bytes:
    """What the file holds; its data begin at `data_at`."""
    places = b""
    for number, (_, data) in enumerate(items, start=1):
        places += struct.pack(">HHHII", number, 0, 1, data_at, len(data))
        data_at += len(data)
    infos = [
        _full(b"infe", struct.pack(">HH", number, 0) + kind + b"\0", version=2)
        for number, (kind, _) in enumerate(items, start=1)
    ]
    used = bytes([0x80 | 1, 2, 3])
    about = _box(b"cdsc", struct.pack(">HHH", 2, 1, 1))
    return _full(
        b"meta",
        _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
        + _full(b"pitm", struct.pack(">H", 1))
        + _full(b"iloc", b"\x44\0" + struct.pack(">H", len(items)) + places)
        + _full(b"iinf", struct.pack(">H", len(infos)) + b"".join(infos))
        + (_full(b"iref", about) if len(items) > 1 else b"")
        + _box(
            b"iprp",
            _box(b"ipco", b"".join(properties)) + _full(b"ipma", struct.pack(">IHB", 1, 1, len(used)) + used),
        ),
    )


def _encoded(image_rgb: npt.NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """The decoder's configuration, and a picture of H.265."""
    height_px, width_px = image_rgb.shape[:2]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx265", rate=Fraction(1))
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.options = {"x265-params": "log-level=none:lossless=1", "preset": "ultrafast"}
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image_rgb), format="rgb24")
        for packet in [*stream.encode(picture), *stream.encode(None)]:
            # x265 leaves them to chance where there is but one picture.
            packet.pts = packet.dts = 0
            packet.duration = 1
            container.mux(packet)
    with av.open(io.BytesIO(file.getvalue())) as container:
        source = container.streams.video[0]
        (packet,) = [packet for packet in container.demux(source) if packet.size]
        return source.codec_context.extradata or b"", bytes(packet)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + content)
