"""People in an order that is kept while some of them change."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Any

from facestream.people_filter import sort_key
from facestream.person import Person

# Key, tie-breaker and id: no two are equal.
_Entry = tuple[Any, int, str]


class PeopleOrder:
    """The ids of people in an order of `facestream.people_filter.sorted_people`.

    A change of one person takes a search for their place instead of sorting everybody.

    Args:
        people: Everybody.
        by: One of `facestream.people_filter.SORTS`.
        reverse: The other way round.

    Raises:
        UsageError: If there is no such order.
    """

    def __init__(self, people: Iterable[Person], by: str, *, reverse: bool = False) -> None:
        self._key, descending = sort_key(by)
        self._backwards = descending != reverse
        self._of = {person.id: self._entry(person) for person in people}
        self._entries = sorted(self._of.values())

    def _entry(self, person: Person) -> _Entry:
        # Read backwards, the older of equals comes first as well.
        number = int(person.id[1:])
        return self._key(person), -number if self._backwards else number, person.id

    def put(self, person: Person) -> None:
        """Somebody is new, or has changed."""
        self.remove(person.id)
        entry = self._of[person.id] = self._entry(person)
        insort(self._entries, entry)

    def remove(self, person_id: str) -> None:
        """Somebody is no more; who isn't there may be removed."""
        entry = self._of.pop(person_id, None)
        if entry is not None:
            del self._entries[bisect_left(self._entries, entry)]

    def ids(self) -> list[str]:
        """Everybody, in order."""
        found = [entry[2] for entry in self._entries]
        if self._backwards:
            found.reverse()
        return found
