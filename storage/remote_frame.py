"""A frame of a camera on its way from where the camera is read to a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from storage.data_keys import PLAIN, DataKeys, DataSeal
from storage.errors import RecordError
from storage.fields import Fields, Raw, count, number, text

MAX_JPEG_BYTES = 16 << 20
"""Largest picture that is sent or taken, bytes."""


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
        jpeg: The picture; empty where nothing has changed since the one before.
    """

    source_id: str
    index: int
    media_s: float
    captured_at_s: float
    reading: str
    sequence: int
    jpeg: bytes

    def encode(self, seal: DataSeal = PLAIN) -> Fields:
        """Fields of the entry.

        Args:
            seal: What pictures of the collection are sealed with.
        """
        return {
            "index": self.index,
            "media_s": repr(self.media_s),
            "captured_at_s": repr(self.captured_at_s),
            "reading": self.reading,
            "sequence": self.sequence,
            "jpeg": seal.seal(self.jpeg, _context(self.source_id, self.index)),
        }

    @classmethod
    def decode(cls, source_id: str, raw: Raw, data_keys: DataKeys) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing, malformed or too large, or the picture was sealed for another
                place; names it.
            DataKeyError: If the picture is sealed with a key that is not here.
        """
        index = count(raw, "index")
        jpeg = raw.get(b"jpeg")
        if jpeg is None:
            raise RecordError("field 'jpeg' is missing", field="jpeg")
        if len(jpeg) > MAX_JPEG_BYTES:
            raise RecordError(f"field 'jpeg' has {len(jpeg):,} bytes", field="jpeg")
        return cls(
            source_id,
            index,
            number(raw, "media_s"),
            number(raw, "captured_at_s"),
            text(raw, "reading"),
            count(raw, "sequence"),
            data_keys.open(jpeg, _context(source_id, index)),
        )


def _context(source_id: str, index: int) -> str:
    """What a picture is bound to: put anywhere else, it does not open."""
    return f"frame {source_id}.{index} jpeg"
