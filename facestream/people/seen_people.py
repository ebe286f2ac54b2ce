"""When and where people were seen, from Python."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.dead_letters.dead_letter_box import DeadLetterBox
from facestream.errors import UsageError
from facestream.people.people_filter import Moment, PeopleFilter
from facestream.people.person import Person, person_of
from storage.identity_record import ChangeKind

if TYPE_CHECKING:
    from facestream.events.event import Event
    from facestream.people.appearance import Appearance


@dataclass(slots=True, eq=False)
class SeenPeople(DeadLetterBox):
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
            cameras: Or seen by one of these, by their names; * is any.
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
        from facestream.people.appearance import appearances

        people = self._everybody() if person is None else [self._one(person)]
        everybody = ignored or person is not None
        where = PeopleFilter(sources, cameras, since=since, until=until, ignored=everybody)
        return appearances(people, where, newest_first=newest_first)

    def watch(
        self,
        *,
        people: str | Collection[str] = (),
        kinds: str | Collection[str] = (),
        after: str | None = None,
        timeout_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """What happens to people, as it happens.

        Where events were lost, as those of long ago are, or the collection was dropped, one of kind "reset"
        comes: read anew what was made of them. What the server tells late, as it was gone, comes when it is
        asked for again `after` the last event.

        Args:
            people: About this id or these alone; empty for all. A reset is told in any case.
            kinds: Of this kind or these alone; empty for all.
            after: Go on after the event with this id; by default at this moment.
            timeout_s: End after so long without an event; by default never.
            stop: Ends it within a moment, when it is set by another thread.

        Raises:
            UsageError: If no event can have the id, or there is no such kind.
        """
        from facestream.events.event import Wanted, events
        from facestream.wiring import make_change_reader
        from storage.entry_id import is_entry_id

        if after is not None and not is_entry_id(after):
            raise UsageError(f"no event has the id {after[:40]!r}: they look like 1700000000000-0.")
        people, kinds = ({given} if isinstance(given, str) else set(given) for given in (people, kinds))
        unknown = kinds - {kind.value for kind in ChangeKind} - {"reset"}
        if unknown:
            raise UsageError(f"no event is of kind {min(unknown)!r}, only of {', '.join(ChangeKind)}.")
        with self._errors():
            # At once: what happens before the first event is asked for counts as well.
            changes = make_change_reader(self._handle, self._reader.keys)
        wanted = Wanted(frozenset(people), frozenset(kinds))
        found = events(changes, self._reader, after, wanted, timeout_s, stop or threading.Event())
        return self._guarded(found)

    def _guarded(self, found: Iterator[Event]) -> Iterator[Event]:
        """The same, with errors of the server as they are told here."""
        while True:
            with self._errors():
                event = next(found, None)
            if event is None:
                return
            yield event

    def _everybody(self) -> list[Person]:
        """All people, also those who are ignored."""
        with self._errors():
            sources = {source.source_id: source for source in self._reader.sources()}
            return [person_of(identity, sources) for identity in self._reader.people()]

    def _one(self, person_id: str) -> Person:
        with self._errors():
            return self._person(self._identity(person_id))
