"""When and where people were seen, from Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.decided_people import DecidedPeople
from facestream.people_filter import Moment, PeopleFilter
from facestream.person import Person, person_of

if TYPE_CHECKING:
    from facestream.appearance import Appearance


@dataclass(slots=True, eq=False)
class SeenPeople(DecidedPeople):
    """An open collection that tells who was seen when."""

    def sightings(
        self,
        *,
        person: str | None = None,
        sources: str | Sequence[str] = (),
        cameras: str | Sequence[str] = (),
        since: Moment | None = None,
        until: Moment | None = None,
        ignored: bool = False,
        newest_first: bool = True,
    ) -> Iterator[Appearance]:
        """Who was seen where and when, one by one, over all people.

        Memory holds the overview of people, as `people` does, and one sighting of each.

        Args:
            person: Of one person alone, by id or name, ignored or not.
            sources: Seen in one of these: an id, a path or a part of one, or a pattern with * and ?.
            cameras: Seen by one of these, by their names.
            since: At this moment or later. A date, local unless it has a zone, looks at sightings whose date
                is known; seconds look at times within videos.
            until: At this moment or before.
            ignored: Also of those who are ignored.
            newest_first: The latest first, or the earliest. Those without a date come after all others, by
                their source and the time in it.

        Raises:
            NotFoundError: If there is no such person.
            UsageError: If more than one person is called so.
        """
        from facestream.appearance import appearances

        people = self._everybody() if person is None else [self._one(person)]
        where = PeopleFilter(sources, since, until, ignored=ignored or person is not None)
        names = (cameras,) if isinstance(cameras, str) else cameras
        return appearances(people, where, names, newest_first=newest_first)

    def _everybody(self) -> list[Person]:
        """All people, also those who are ignored."""
        with self._errors():
            sources = {source.source_id: source for source in self._reader.sources()}
            return [person_of(identity, sources) for identity in self._reader.people()]

    def _one(self, person_id: str) -> Person:
        with self._errors():
            return self._person(self._identity(person_id))
