"""How long what was found is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, flag, text

DAY_S = 86_400.0
FOREVER = "forever"
READERS_DAYS = 7.0
"""For how long readers of streams may be silent where nobody said so."""

LONGEST_DAYS = 36_500.0


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long what was found is kept, days; infinite for ever, None where nobody said so yet.

    Attributes:
        unnamed: People without a name, counted from when they were last seen; also tracks that are nobody's.
        named: People with a name, counted in the same way.
        sightings: Single tracks, whoever's they are, with all that belongs to them.
        pictures: Pictures of faces; vectors stay.
        streams: Entries of the streams `changes`, `faces`, `dead` and `reclusters`.
        readers: Whoever reads `changes` or `faces` and has been silent for longer holds nothing back; a week
            where nobody said so.
        files: Whether all of people also counts for videos and photos, and not for cameras alone.
    """

    unnamed: float | None = None
    named: float | None = None
    sightings: float | None = None
    pictures: float | None = None
    streams: float | None = None
    readers: float | None = None
    files: bool | None = None

    @property
    def is_said(self) -> bool:
        """Whether somebody said how long people are kept, which cameras need."""
        return self.unnamed is not None and self.named is not None

    @property
    def ends(self) -> bool:
        """Whether anything is kept for less than ever."""
        return not math.isinf(self.shortest_s)

    @property
    def shortest_s(self) -> float:
        """The shortest that anything is kept for, s; infinite where all is kept for ever."""
        return min(limit_s(getattr(self, name)) for name in DAYS if name != "readers")

    @property
    def silent_after_s(self) -> float:
        """For how long readers of streams may be silent and still hold something back, s."""
        return (READERS_DAYS if self.readers is None else self.readers) * DAY_S

    def over(self, other: RetentionPolicy) -> RetentionPolicy:
        """This where it says something, else the other."""
        return RetentionPolicy(
            *(
                getattr(other, field.name) if getattr(self, field.name) is None else getattr(self, field.name)
                for field in fields(self)
            )
        )

    def encode(self) -> Fields:
        """Fields of the hash; what nobody said is left out."""
        return {
            field.name: int(value) if isinstance(value, bool) else written_days(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is malformed; names it.
        """
        days = {name: _days(raw, name) for name in DAYS}
        return cls(**days, files=flag(raw, "files") if b"files" in raw else None)


DAYS = tuple(field.name for field in fields(RetentionPolicy) if field.name != "files")
"""The parts of a policy that are numbers of days."""


def limit_s(days: float | None) -> float:
    """A limit in seconds; infinite for ever, and where nobody said so."""
    return math.inf if days is None else days * DAY_S


def days_of(written: str) -> float:
    """A limit as somebody wrote it; infinite for ever.

    Raises:
        ValueError: If it is none.
    """
    days = math.inf if written == FOREVER else float(written)
    if not (0 < days <= LONGEST_DAYS or days == math.inf):
        raise ValueError(f"{written!r} is neither {FOREVER} nor a number of days")
    return days


def written_days(days: float) -> str:
    """A limit as it is written."""
    return FOREVER if math.isinf(days) else f"{days:g}"


def _days(raw: Raw, name: str) -> float | None:
    if name.encode() not in raw:
        return None
    written = text(raw, name)
    try:
        return days_of(written)
    except ValueError as error:
        raise RecordError(f"field {name!r} is no number of days: {written[:40]!r}", field=name) from error
