"""Where and when somebody was seen."""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import msgspec

from storage.errors import RecordError
from storage.fields import Raw, number, text


class Sighting(NamedTuple):
    """A person in one source without a longer break.

    Attributes:
        source_id: Where.
        start_s: From, media time.
        end_s: To, media time.
    """

    source_id: str
    start_s: float
    end_s: float

    def encode(self) -> str:
        """Member of the sorted set of sightings."""
        return f"{self.source_id}|{self.start_s:.3f}|{self.end_s:.3f}"

    def encode_row(self) -> bytes:
        """Its place in the list of the overview, as JSON."""
        return msgspec.json.encode((self.source_id, round(self.start_s, 3), round(self.end_s, 3)))

    @classmethod
    def decode(cls, member: bytes) -> Self:
        """Read a member back.

        Raises:
            RecordError: If it is malformed.
        """
        try:
            source_id, start, end = member.decode().rsplit("|", 2)
            sighting = cls(source_id, float(start), float(end))
        except ValueError as error:
            raise RecordError(f"sighting {member[:80]!r} is malformed", field="sightings") from error
        if not (math.isfinite(sighting.start_s) and math.isfinite(sighting.end_s)):
            raise RecordError(f"sighting {member[:80]!r} is not finite", field="sightings")
        return sighting


class Moment(NamedTuple):
    """Where a track begins.

    Attributes:
        source_id: Where.
        media_s: When.
    """

    source_id: str
    media_s: float

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read it from the fields of a track.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(text(raw, "source_id"), number(raw, "first_s"))
