"""Who was seen where and when, over all people."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from facestream.people.sighting import Order, Sighting, start_order
from facestream.source_name import camera_name

if TYPE_CHECKING:
    from facestream.people.people_filter import PeopleFilter
    from facestream.people.person import Person

_FIELDS = tuple(field.name for field in fields(Sighting))


@dataclass(frozen=True, slots=True)
class Appearance(Sighting):
    """A sighting, and of whom.

    Attributes:
        person_id: Who.
        person_name: What people call them, or empty.
        thumbnail: Sample id of their best face, see `Store.thumbnail`; empty where there is none.
    """

    person_id: str = ""
    person_name: str = ""
    thumbnail: str = ""

    @property
    def camera(self) -> str:
        """Name of the camera, or empty for a file."""
        return camera_name(self.source_id, self.source)


def appearances(
    people: Iterable[Person], where: PeopleFilter, *, newest_first: bool = True
) -> Iterator[Appearance]:
    """The sightings of people in one order, made one by one.

    Memory holds what `people` holds, and one sighting of each of them.

    Args:
        people: Whose.
        where: Which of their sightings, by source, camera and time; who is ignored is left out unless it says
            so.
        newest_first: The latest first, or the earliest. Sightings without a date come after all others, by
            their source and the time in it.
    """
    runs = [
        _of_one(person, where, newest_first=newest_first)
        for person in people
        if where.ignored or not person.ignored
    ]
    for _, found in heapq.merge(*runs, key=lambda run: run[0]):
        yield found


def _of_one(person: Person, where: PeopleFilter, *, newest_first: bool) -> Iterator[tuple[Order, Appearance]]:
    thumbnail = person.thumbnails[0] if person.thumbnails else ""
    for seen in ordered_sightings(person, newest_first=newest_first):
        if where.holds(seen):
            facts = {name: getattr(seen, name) for name in _FIELDS}
            found = Appearance(**facts, person_id=person.id, person_name=person.name, thumbnail=thumbnail)
            yield _key(seen, newest_first=newest_first), found


def ordered_sightings(person: Person, *, newest_first: bool) -> Iterator[Sighting]:
    """Sightings of a person as they are asked for; they are in order of time, those without a date last."""
    if not newest_first:
        yield from person.sightings
        return
    dated = sum(1 for seen in person.sightings if seen.recorded_at_s is not None)
    for number in range(dated - 1, -1, -1):
        yield person.sightings[number]
    for number in range(dated, len(person.sightings)):
        yield person.sightings[number]


def _key(seen: Sighting, *, newest_first: bool) -> Order:
    undated, at_s, source, media_s = start_order(seen)
    return (undated, -at_s if newest_first else at_s, source, media_s)
