"""What is kept of an erasure: that there was one, and nothing of whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from storage.fields import Fields, Raw, count, number, text

ERASURES_LIMIT = 10_000
"""About so many are kept."""


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """What one step erased.

    Attributes:
        reason: "person", "all", "before", "source" or "retention".
        tracks: Tracks deleted, with their vectors and pictures.
        people: People of whom nothing is left.
        pictures: Tracks of which the pictures alone were deleted.
        entries: Entries of streams deleted, beside those that went by their age.
        at_s: Unix time; 0 in one that is not stored yet.
    """

    reason: str
    tracks: int = 0
    people: int = 0
    pictures: int = 0
    entries: int = 0
    at_s: float = 0.0

    def encode(self) -> Fields:
        """Fields of the stream entry, but the time."""
        return {
            "reason": self.reason,
            "tracks": self.tracks,
            "people": self.people,
            "pictures": self.pictures,
            "entries": self.entries,
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(
            text(raw, "reason"),
            count(raw, "tracks"),
            count(raw, "people"),
            count(raw, "pictures"),
            count(raw, "entries"),
            number(raw, "erased_at_s"),
        )
