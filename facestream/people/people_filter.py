"""Which people are listed, and in which order."""

from __future__ import annotations

import fnmatch
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any, Protocol, TypeVar

from facestream.bounds import check_number, is_number
from facestream.errors import UsageError
from facestream.people.person import Person
from facestream.people.sighting import Order, Sighting
from facestream.source_name import full_name, is_camera

Moment = datetime | float
"""A date, or seconds from the start of a source."""

ANY_CAMERA = "*"
"""Stands for all cameras where one is named; none is called so."""

_FILE_ID = re.compile(r"[vi]-[0-9a-f]{16}")


class Listed(Protocol):
    """What people are sorted by; see `Person`."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102
    @property
    def faces(self) -> int: ...  # noqa: D102
    @property
    def sightings(self) -> Sized: ...  # noqa: D102
    @property
    def first_order(self) -> Order: ...  # noqa: D102
    @property
    def last_order(self) -> Order: ...  # noqa: D102


L = TypeVar("L", bound=Listed)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Who is meant. What a person must match is checked on their sightings together: seen there, and then.

    Attributes:
        sources: Seen in one of these: an id, a path or a part of one, or a pattern with * and ?.
        cameras: Or by one of these cameras, by name; `*` is any.
        since: Seen at this moment or later. A date, local unless it has a zone, looks at sightings whose date
            is known; seconds look at times within videos.
        until: Seen at this moment or before.
        name: Part of their name; upper and lower case are the same.
        text: Part of their name, or their id.
        named: Whether they have a name, or None for both.
        min_seconds: Seen in videos for at least so long, s, in the sightings that match.
        max_seconds: For at most so long, s.
        ignored: Also those who are ignored.
        only_ignored: Only those.
    """

    sources: Sequence[str] = ()
    cameras: Sequence[str] = ()
    since: Moment | None = None
    until: Moment | None = None
    name: str = ""
    text: str = ""
    named: bool | None = None
    min_seconds: float = 0.0
    max_seconds: float | None = None
    ignored: bool = False
    only_ignored: bool = False
    # `sources` once more: ids of files mean these alone, and may be many; patterns are slow.
    _file_ids: frozenset[str] = field(init=False, repr=False, compare=False)
    _patterns: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take what Python programs write: one source by itself, dates without a zone.

        Raises:
            UsageError: If a moment is neither a datetime nor seconds, a number can't be, or the first of two
                is the later one.
        """
        for name in ("sources", "cameras"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        ids = frozenset(source for source in self.sources if is_file_id(source))
        object.__setattr__(self, "_file_ids", ids)
        object.__setattr__(self, "_patterns", tuple(s for s in self.sources if s not in ids))
        for name in ("since", "until"):
            moment = getattr(self, name)
            if isinstance(moment, datetime):
                if moment.tzinfo is None:
                    object.__setattr__(self, name, moment.astimezone())
            elif moment not in (None, math.inf) and not (is_number(moment) and moment >= 0):
                raise UsageError(
                    f"{name} is {moment!r}; it must be a datetime, or seconds from the start of a video."
                )
        check_number(self.min_seconds, "min_seconds")
        if self.max_seconds is not None and self.max_seconds != math.inf:
            check_number(self.max_seconds, "max_seconds")
            if self.max_seconds < self.min_seconds:
                raise UsageError(
                    f"max_seconds is {self.max_seconds}, less than min_seconds, {self.min_seconds}: nobody "
                    "was seen for so long."
                )
        since, until = self.since, self.until
        if since is None or until is None or isinstance(since, datetime) is not isinstance(until, datetime):
            return
        if since > until:  # type: ignore[operator]
            raise UsageError(
                f"{since}, the beginning, is later than {until}, the end: nothing lies between them."
            )

    def apply(self, people: Iterable[Person]) -> list[Person]:
        """Those who match, with the sightings that match and the seconds of these."""
        found = []
        wanted = folded(self.name)
        text = self.folded_text
        means: dict[str, bool] = {}
        for person in people:
            if self.only_ignored if not person.ignored else not (self.ignored or self.only_ignored):
                continue
            if self.named is not None and self.named != bool(person.name):
                continue
            if wanted and wanted not in folded(person.name):
                continue
            if text and text not in folded(person.name) and text != person.id:
                continue
            seen = self._narrowed(person, means) if self.narrows else person
            if seen is not None:
                found.append(seen)
        return list(self.lasting(found))

    def lasting(self, people: Iterable[L]) -> Iterator[L]:
        """Those who were seen for long enough, and not for too long."""
        least, most = self.min_seconds, float("inf") if self.max_seconds is None else self.max_seconds
        return (person for person in people if least <= person.seconds <= most)

    @property
    def narrows(self) -> bool:
        """Whether it looks at sightings, so that people come with those alone that match."""
        return bool(self.sources or self.cameras) or self.since is not None or self.until is not None

    @property
    def folded_text(self) -> str:
        """What a folded name has to hold, or an id has to be; empty where all are meant."""
        return folded(self.text.strip())

    def _narrowed(self, person: Person, means: dict[str, bool]) -> Person | None:
        """The person with the sightings that match; `means` keeps which sources do."""
        if not (self.sources or self.cameras):
            return person.within(self._time_matches)
        # Sources are few, and patterns are slow.
        sources = person.sources
        for source_id, path in sources.items():
            if source_id not in means:
                means[source_id] = self.means_source(source_id, path)
        matching = [source_id for source_id in sources if means[source_id]]
        return person.within(self._time_matches, matching) if matching else None

    def holds(self, sighting: Sighting) -> bool:
        """Whether a sighting is in one of the sources, and within the time."""
        return self.means_source(sighting.source_id, sighting.source) and self._time_matches(sighting)

    def means_source(self, source_id: str, path: str) -> bool:
        """Whether sightings in a source count."""
        if not (self.sources or self.cameras):
            return True
        if is_camera(source_id) and (
            ANY_CAMERA in self.cameras or full_name(source_id, path) in self.cameras
        ):
            return True
        return source_id in self._file_ids or any(
            names_source(pattern, source_id, path) for pattern in self._patterns
        )

    def _time_matches(self, sighting: Sighting) -> bool:
        return _ends_after(sighting, self.since) and _starts_before(sighting, self.until)


def is_file_id(source: str) -> bool:
    """Whether what names a source is the id of a file, which means no other."""
    return _FILE_ID.fullmatch(source) is not None


def names_source(pattern: str, source_id: str, path: str) -> bool:
    """Whether a source is meant: by its id, its path, a part of it, or a pattern with * and ?.

    A camera is meant by its name, not by its address.
    """
    path, pattern = folded(full_name(source_id, path)), folded(pattern)
    if pattern in path or pattern == source_id.casefold():
        return True
    # Brackets stand for themselves: many file names have some.
    pattern = pattern.replace("[", "[[]")
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(PurePath(path).name, pattern)


def folded(text: str) -> str:
    """Upper and lower case, and composed and decomposed letters, made the same."""
    if text.isascii():
        # The same, and quicker: lists of thousands of names are looked through.
        return text.lower()
    # Of İ, folding leaves the dot beside the i, where no keyboard but a Turkish one puts it.
    return unicodedata.normalize("NFC", text).casefold().replace("i\u0307", "i")


def _ends_after(sighting: Sighting, moment: Moment | None) -> bool:
    if isinstance(moment, datetime):
        return sighting.end_at is not None and sighting.end_at >= moment
    return moment is None or (not sighting.photo and sighting.end_s >= moment)


def _starts_before(sighting: Sighting, moment: Moment | None) -> bool:
    if isinstance(moment, datetime):
        return sighting.start_at is not None and sighting.start_at <= moment
    return moment is None or (not sighting.photo and sighting.start_s <= moment)


def _number(person: Listed) -> int:
    return int(person.id[1:])


# What is sorted by, and whether the highest comes first.
_SORTS: dict[str, tuple[Callable[[Listed], Any], bool]] = {
    "seconds": (lambda p: (p.seconds, p.faces), True),
    "first": (lambda p: p.first_order, False),
    "last": (lambda p: p.last_order, True),
    "name": (lambda p: (not p.name, p.name.casefold()), False),
    "faces": (lambda p: p.faces, True),
    "sightings": (lambda p: len(p.sightings), True),
    "id": (_number, False),
}
SORTS = tuple(_SORTS)


def sorted_people(people: Iterable[Person], by: str = "seconds", *, reverse: bool = False) -> list[Person]:
    """People in an order; among equals, the older id comes first.

    Args:
        people: Whom.
        by: One of `SORTS`: seconds, faces and sightings with the highest first, last with the latest; first
            with the earliest, name from A, id with the oldest.
        reverse: The other way round.

    Raises:
        UsageError: If there is no such order.
    """
    key, descending = sort_key(by)
    return sorted(sorted(people, key=_number), key=key, reverse=descending != reverse)


def sort_key(by: str) -> tuple[Callable[[Listed], Any], bool]:
    """What people are compared by in an order, and whether the highest comes first.

    Raises:
        UsageError: If there is no such order.
    """
    if by not in _SORTS:
        raise UsageError(f"people can't be sorted by {by!r}, only by {', '.join(SORTS)}.")
    return _SORTS[by]
