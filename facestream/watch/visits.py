"""Visits: who comes to a camera after not having been there for a while."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facestream.events.arrival import is_arrival
from facestream.people.people_tally import source_of
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.sighting_record import Sighting

AWAY_S = 30.0
"""Who was not there for longer comes anew."""
LATELY_S = 90.0
"""Somebody who stays is told of by a new track once a minute: who isn't has left."""

_KEPT_S = 600.0
# Events tell times to the millisecond.
_ROUNDED_S = 0.01


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody came.

    Attributes:
        source_id: The camera's source.
        person: Their id.
        name: What people call them, or empty.
        new: Whether they were never seen anywhere before.
        away_s: For how long they had not been there, s; None where they never were.
    """

    source_id: str
    person: str
    name: str = ""
    new: bool = False
    away_s: float | None = None

    @property
    def called(self) -> str:
        """Id, and name where there is one."""
        return f"{self.person} {self.name}".rstrip()


@dataclass(slots=True)
class _There:
    """Somebody at a camera: media time of the latest face that was told, when that was, and their name."""

    event_s: float
    at_s: float
    name: str = ""
    ignored: bool = False


class Visits:
    """Tells visits from what happens to identities: each once, however many tracks it has.

    What a re-cluster moves from one person to another is no visit. People who are ignored are left out.
    Memory holds those who were seen in the last ten minutes, and the last one of each camera.

    Args:
        look_up: Gives the record of a person, or None. Asked where the events alone don't tell that somebody
            was there all the time.
    """

    def __init__(self, look_up: Callable[[str], Identity | None]) -> None:
        self._look_up = look_up
        self._there: dict[tuple[str, str], _There] = {}

    def take(self, change: IdentityChange) -> list[Visit]:
        """Take in what happened next; returns the visits that begin by it."""
        self._let_go(change.published_at_s)
        person = change.identity_id
        match change.kind:
            case ChangeKind.CREATED | ChangeKind.ASSIGNED if is_arrival(change):
                there = _There(change.event_s, change.published_at_s)
                return self._came(
                    source_of(change.track_id), person, there, new=change.kind is ChangeKind.CREATED
                )
            case ChangeKind.MERGED:
                found: list[Visit] = []
                for source_id, there in self._leave(person):
                    if change.published_at_s - there.at_s <= LATELY_S:
                        found += self._came(source_id, change.other_id, there)
                return found
            case ChangeKind.VANISHED | ChangeKind.FORGOTTEN:
                self._leave(person)
            case ChangeKind.RENAMED if any(key[1] == person for key in self._there):
                identity = self._look_up(person)
                for (_, other), there in self._there.items():
                    if other == person:
                        there.name = identity.name if identity else ""
        return []

    def lately(self, source_id: str) -> list[tuple[str, float]]:
        """Who was seen at a camera in the last minutes, and the last one there.

        Returns:
            Name, or else id, and unix time at which their latest track was told; the latest first.
        """
        found = [
            (there.name or person, there.at_s)
            for (source, person), there in self._there.items()
            if source == source_id and not there.ignored
        ]
        return sorted(found, key=lambda seen: -seen[1])

    def _came(self, source_id: str, person: str, there: _There, *, new: bool = False) -> list[Visit]:
        key = (source_id, person)
        before = self._there.get(key)
        last_s = -math.inf if before is None else before.event_s
        identity = None
        if before is not None and there.event_s - last_s <= AWAY_S:
            before.event_s = max(last_s, there.event_s)
            before.at_s = max(before.at_s, there.at_s)
            return []
        if not new:
            identity = self._look_up(person)
        self._there[key] = _There(
            there.event_s,
            there.at_s,
            identity.name if identity else "",
            identity is not None and identity.ignored,
        )
        if new:
            return [Visit(source_id, person, new=True)]
        if identity is None or identity.merged_into or identity.ignored:
            return []
        begin_s, gone_s = visit_at(identity.sightings, source_id, there.event_s)
        if last_s >= begin_s - _ROUNDED_S:
            return []
        away_s = None if gone_s is None else begin_s - gone_s
        return [Visit(source_id, person, identity.name, away_s=away_s)]

    def _leave(self, person: str) -> list[tuple[str, _There]]:
        """Whoever this was is not there any more; returns where they were."""
        keys = [key for key in self._there if key[1] == person]
        return [(key[0], self._there.pop(key)) for key in keys]

    def _let_go(self, now_s: float) -> None:
        """Forget who left long ago, but the last one of each camera."""
        latest: dict[str, float] = {}
        for (source_id, _), there in self._there.items():
            latest[source_id] = max(latest.get(source_id, -math.inf), there.at_s)
        self._there = {
            key: there
            for key, there in self._there.items()
            if now_s - there.at_s <= _KEPT_S or there.at_s == latest[key[0]]
        }


def visit_at(sightings: Sequence[Sighting], source_id: str, event_s: float) -> tuple[float, float | None]:
    """The visit that a moment belongs to.

    Args:
        sightings: Of a person.
        source_id: The source.
        event_s: Media time in that source.

    Returns:
        When the visit began, and when the one before it ended, or None if there was none; media times.
    """
    here = [s for s in sightings if s.source_id == source_id and s.start_s <= event_s + _ROUNDED_S]
    begin_s = event_s
    for seen in sorted(here, key=lambda s: s.start_s, reverse=True):
        if begin_s - seen.end_s > AWAY_S:
            return begin_s, seen.end_s
        begin_s = min(begin_s, seen.start_s)
    return begin_s, None
