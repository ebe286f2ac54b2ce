"""A frame of a camera on its way from where the camera is read to a worker."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Self

from storage.data_keys import PLAIN, DataKeys, DataSeal
from storage.errors import RecordError
from storage.fields import Fields, Raw, count, number, text

MAX_PICTURE_BYTES = 16 << 20
"""Largest picture, or packets from one frame to the next, that are sent or taken, bytes."""

_MAX_EXTRADATA_BYTES = 64 << 10
_MOST_PACKETS = 10_000

# Beyond these no frame is numbered or taken: doubles tell no neighbours apart, and the year is 3000.
_MOST = 2**53
_LATEST_S = 32_503_680_000.0


@dataclass(frozen=True, slots=True)
class RemotePackets:
    """What a camera sent from one sampled frame to the next, as it encoded it.

    Attributes:
        codec: FFmpeg's name of the codec.
        extradata: What the decoder must be told before the first packet; may be empty.
        data: The packets, in the order of decoding; the frame is the newest picture that a decoder gives by
            then, which of a camera that sends pictures before others they need is not that of the last one.
        keyframes: Which of them decoding can begin with, by place, ascending.
    """

    codec: str
    extradata: bytes
    data: tuple[bytes, ...]
    keyframes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RemoteFrame:
    """One sampled frame of a camera.

    Attributes:
        source_id: The source that it belongs to; not written, as the stream is that of one camera.
        index: As that of a frame: never repeats in a source.
        media_s: Seconds since the camera's epoch.
        captured_at_s: Unix time of the capture, on the clock of where it was read.
        reading: Tells one opening of the camera from another.
        sequence: Number of the frame among those sampled since then, from 0: what is missing was dropped.
        jpeg: The picture; empty where nothing has changed since the one before, or packets are sent.
        packets: What it is decoded from, together with all since a keyframe; None where pictures are sent.
    """

    source_id: str
    index: int
    media_s: float
    captured_at_s: float
    reading: str
    sequence: int
    jpeg: bytes = b""
    packets: RemotePackets | None = None

    def encode(self, seal: DataSeal = PLAIN) -> Fields:
        """Fields of the entry.

        Args:
            seal: What pictures of the collection are sealed with.
        """
        fields: Fields = {
            "index": self.index,
            "media_s": repr(self.media_s),
            "captured_at_s": repr(self.captured_at_s),
            "reading": self.reading,
            "sequence": self.sequence,
        }
        packets = self.packets
        if packets is None:
            return fields | {"jpeg": seal.seal(self.jpeg, self._context("jpeg"))}
        return fields | {
            "codec": packets.codec,
            "extradata": packets.extradata,
            "sizes": ",".join(str(len(each)) for each in packets.data),
            "keyframes": ",".join(map(str, packets.keyframes)),
            "packets": seal.seal(b"".join(packets.data), self._context("packets")),
        }

    @classmethod
    def decode(cls, source_id: str, raw: Raw, data_keys: DataKeys) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing, malformed or too large, or the picture was sealed for another
                place; names it.
            DataKeyError: If the picture is sealed with a key that is not here.
        """
        index = _number_of(raw, "index")
        name = "packets" if b"packets" in raw else "jpeg"
        data = raw.get(name.encode())
        if data is None:
            raise RecordError(f"field {name!r} is missing", field=name)
        data = data_keys.open(data, _context(source_id, index, name))
        if len(data) > MAX_PICTURE_BYTES:
            raise RecordError(f"field {name!r} has {len(data):,} bytes", field=name)
        return cls(
            source_id,
            index,
            _seconds(raw, "media_s"),
            _seconds(raw, "captured_at_s"),
            text(raw, "reading"),
            _number_of(raw, "sequence"),
            jpeg=data if name == "jpeg" else b"",
            packets=_packets(raw, data) if name == "packets" else None,
        )

    def _context(self, name: str) -> str:
        return _context(self.source_id, self.index, name)


def _context(source_id: str, index: int, name: str) -> str:
    """What a picture is bound to: put anywhere else, it does not open."""
    return f"frame {source_id}.{index} {name}"


def _number_of(raw: Raw, name: str) -> int:
    value = count(raw, name)
    if value > _MOST:
        raise RecordError(f"field {name!r} is too large", field=name)
    return value


def _seconds(raw: Raw, name: str) -> float:
    value = number(raw, name)
    if not 0 <= value <= _LATEST_S:
        raise RecordError(f"field {name!r} is no time: {value:g}", field=name)
    return value


def _packets(raw: Raw, data: bytes) -> RemotePackets:
    sizes = _whole_numbers(raw, "sizes")
    if not sizes or min(sizes) < 1 or sum(sizes) != len(data):
        raise RecordError("field 'sizes' does not fit 'packets'", field="sizes")
    keyframes = _whole_numbers(raw, "keyframes")
    if any(after <= before for before, after in pairwise(keyframes)) or any(
        place >= len(sizes) for place in keyframes
    ):
        raise RecordError("field 'keyframes' does not fit 'sizes'", field="keyframes")
    extradata = raw.get(b"extradata", b"")
    if len(extradata) > _MAX_EXTRADATA_BYTES:
        raise RecordError(f"field 'extradata' has {len(extradata):,} bytes", field="extradata")
    ends = accumulate(sizes, initial=0)
    return RemotePackets(
        text(raw, "codec"), extradata, tuple(data[a:b] for a, b in pairwise(ends)), tuple(keyframes)
    )


def _whole_numbers(raw: Raw, name: str) -> list[int]:
    written = text(raw, name)
    parts = written.split(",") if written else []
    if len(parts) > _MOST_PACKETS:
        raise RecordError(f"field {name!r} has {len(parts):,} entries", field=name)
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        raise RecordError(f"field {name!r} is no list of whole numbers: {written[:40]!r}", field=name)
    return [int(part) for part in parts]
