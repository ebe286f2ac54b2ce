"""Sightings: stretches of time in which a person was seen in one source."""

from __future__ import annotations

import functools
import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import overload

from facestream.source_name import camera_name
from storage.seen_interval import SeenInterval
from storage.sighting_record import Moment
from storage.sighting_record import Sighting as Stored
from storage.source_record import SourceRecord

_NUMBER = re.compile("[0-9]+")
# Numbers in paths are compared as if all had so many digits.
_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Sighting:
    """A stretch of time in which a person was seen in one source.

    Attributes:
        source_id: The source.
        source: Path of the source when it was last processed.
        start_s: From, seconds from the start of the source.
        end_s: To.
        recorded_at_s: Unix time of the start of the source, where it is known.
        seconds: Time seen, s: up to the sampled frame after the last one. 0 in photos.
        photo: Whether the source is a photo.
        provisional: Whether a re-cluster may still say that some of it is somebody else's.
    """

    source_id: str
    source: str
    start_s: float
    end_s: float
    recorded_at_s: float | None
    seconds: float
    photo: bool = False
    provisional: bool = False

    @property
    def camera(self) -> str:
        """Name of the camera, or empty for a file."""
        return camera_name(self.source_id, self.source)

    @property
    def start_at(self) -> datetime | None:
        """From, as a date, where the time of the recording is known."""
        return date_of(self.recorded_at_s, self.start_s)

    @property
    def end_at(self) -> datetime | None:
        """To, likewise."""
        return date_of(self.recorded_at_s, self.end_s)

    @property
    def seen(self) -> SeenInterval:
        """From when to when it counts as time seen."""
        return SeenInterval.of(self.source_id, self.start_s, self.seconds, self.recorded_at_s)


def date_of(recorded_at_s: float | None, media_s: float) -> datetime | None:
    """The date of a media time, where the unix time of the start of its source is known."""
    return None if recorded_at_s is None else datetime.fromtimestamp(recorded_at_s + media_s, UTC)


Order = tuple[bool, float, str, float]


def start_order(sighting: Sighting) -> Order:
    """Sort key of the start of a sighting: dates and times within a file can't be compared."""
    return media_order(sighting.recorded_at_s, sighting.source, sighting.start_s)


def end_order(sighting: Sighting) -> Order:
    """Sort key of the end of a sighting."""
    return media_order(sighting.recorded_at_s, sighting.source, sighting.end_s, end=True)


def media_order(recorded_at_s: float | None, source: str, media_s: float, *, end: bool = False) -> Order:
    """Sort key of a moment in a source.

    Args:
        recorded_at_s: Unix time of the start of the source, where it is known.
        source: Its path.
        media_s: Seconds from its start.
        end: Whether the last is looked for. What has no date is neither the first nor the last where anything
            has one.
    """
    at_s = 0.0 if recorded_at_s is None else recorded_at_s + media_s
    return ((recorded_at_s is None) is not end, at_s, in_order(source), media_s)


@functools.lru_cache(4096)
def in_order(path: str) -> str:
    """Sort key of a path: the tenth season comes after the second."""
    return f"{_NUMBER.sub(lambda digits: digits[0].zfill(_DIGITS), path)}\0{path}"


class Sightings(Sequence[Sighting]):
    """The sightings of a person, in order: those with a date by their date, then the others by their source.

    They are made from the stored ones when they are looked at: a list of thousands of people shows no more
    than the first and the last of each.

    Args:
        stored: As they are stored, in any order.
        sources: Sources by id; one that is missing leaves path and date empty.
        unsure: Where provisional tracks of the person begin, in order.
    """

    __slots__ = ("_sources", "_stored", "_unsure")

    def __init__(
        self, stored: Sequence[Stored], sources: Mapping[str, SourceRecord], unsure: Sequence[Moment] = ()
    ) -> None:
        self._sources = sources
        self._unsure = unsure
        self._stored = sorted(stored, key=self._start_order) if len(stored) > 1 else stored

    # By position, which is quicker: these run for every sighting of every list.

    def _start_order(self, seen: Stored) -> Order:
        return self._order_at(seen[0], seen[1], end=False)

    def _end_order(self, seen: Stored) -> Order:
        return self._order_at(seen[0], seen[2], end=True)

    def _order_at(self, source_id: str, media_s: float, *, end: bool) -> Order:
        source = self._sources.get(source_id)
        if source is None:
            return media_order(None, "", media_s, end=end)
        return media_order(source.recorded_at_s, source.path, media_s, end=end)

    def _made(self, seen: Stored) -> Sighting:
        source, unsure = self._sources.get(seen.source_id), self._is_unsure(seen)
        if source is None:
            return Sighting(seen.source_id, "", seen.start_s, seen.end_s, None, 0.0, provisional=unsure)
        photo = source.kind == "photo"
        period_s = 1 / source.fps if source.fps else 0.0
        until_s = min(seen.end_s + period_s, max(source.duration_s or math.inf, seen.end_s))
        seconds = 0.0 if photo else until_s - seen.start_s
        return Sighting(
            seen.source_id,
            source.path,
            seen.start_s,
            seen.end_s,
            source.recorded_at_s,
            seconds,
            photo,
            unsure,
        )

    def _is_unsure(self, seen: Stored) -> bool:
        at = bisect_left(self._unsure, (seen.source_id, seen.start_s))
        return at < len(self._unsure) and self._unsure[at] <= (seen.source_id, seen.end_s)

    def latest(self) -> Sighting:
        """The one that ended last; those without a date count as earlier, by their source."""
        return self._made(max(self._stored, key=self._end_order))

    @property
    def stored(self) -> Sequence[Stored]:
        """As they are stored, in order."""
        return self._stored

    def sources(self) -> dict[str, str]:
        """Paths of their sources by id, in the order of the sightings; empty where the source is missing."""
        found = dict.fromkeys((seen[0] for seen in self._stored), "")
        return {i: self._sources[i].path if i in self._sources else "" for i in found}

    def first_order(self) -> Order:
        """Sort key of the start of the first of them."""
        return self._start_order(self._stored[0])

    def latest_order(self) -> Order:
        """Sort key of the end of the one that ended last."""
        return max(map(self._end_order, self._stored))

    def __len__(self) -> int:
        return len(self._stored)

    def in_sources(self, source_ids: Collection[str]) -> tuple[Sighting, ...]:
        """Those in some sources."""
        return tuple(self._made(seen) for seen in self._stored if seen[0] in source_ids)

    @overload
    def __getitem__(self, index: int) -> Sighting: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Sighting, ...]: ...
    def __getitem__(self, index: int | slice) -> Sighting | tuple[Sighting, ...]:
        if isinstance(index, slice):
            return tuple(self._made(seen) for seen in self._stored[index])
        return self._made(self._stored[index])

    def __iter__(self) -> Iterator[Sighting]:
        return map(self._made, self._stored)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sightings):
            # Quick for those that are read again and again.
            same = self._sources is other._sources and self._unsure == other._unsure
            return (same and self._stored == other._stored) or tuple(self) == tuple(other)
        if isinstance(other, tuple):
            return tuple(self) == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
