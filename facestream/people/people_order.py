"""People in an order that is kept while some of them change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, overload

from facestream.people.people_filter import Listed, sort_key

# What it takes to sort one person, by what it takes to pass over one.
_SORTED_COST = 20
# Key, tie-breaker and id: no two are equal.
_Entry = tuple[Any, int, str]


class PeopleOrder:
    """The ids of people in an order of `facestream.people.people_filter.sorted_people`.

    A change of one person takes a search for their place instead of sorting everybody.

    Args:
        people: Everybody.
        by: One of `facestream.people.people_filter.SORTS`.
        reverse: The other way round.

    Raises:
        UsageError: If there is no such order.
    """

    def __init__(self, people: Iterable[Listed], by: str, *, reverse: bool = False) -> None:
        self._key, descending = sort_key(by)
        self._backwards = descending != reverse
        self._of = {person.id: self._entry(person) for person in people}
        self._entries = sorted(self._of.values())
        self._ids = [entry[2] for entry in self._entries]

    def _entry(self, person: Listed) -> _Entry:
        # Read backwards, the older of equals comes first as well.
        number = int(person.id[1:])
        return self._key(person), -number if self._backwards else number, person.id

    def put(self, person: Listed) -> None:
        """Somebody is new, or has changed."""
        self.remove(person.id)
        entry = self._of[person.id] = self._entry(person)
        place = bisect_left(self._entries, entry)
        self._entries.insert(place, entry)
        self._ids.insert(place, person.id)

    def remove(self, person_id: str) -> None:
        """Somebody is no more; who isn't there may be removed."""
        entry = self._of.pop(person_id, None)
        if entry is not None:
            place = bisect_left(self._entries, entry)
            del self._entries[place], self._ids[place]

    def of_some(self, person_ids: Collection[str]) -> Sequence[str]:
        """Some people in order; who isn't there is left out."""
        if len(person_ids) * _SORTED_COST < len(self._of):
            there = [person_id for person_id in person_ids if person_id in self._of]
            return sorted(there, key=self._of.__getitem__, reverse=self._backwards)
        return [person_id for person_id in self.ids() if person_id in person_ids]

    def ids(self) -> Sequence[str]:
        """Everybody, in order; not to be looked at any more once somebody has changed."""
        return _Backwards(self._ids) if self._backwards else self._ids


class _Backwards(Sequence[str]):
    """A list from its end to its beginning, without a copy."""

    def __init__(self, items: list[str]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return reversed(self._items)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            length = len(self._items)
            start, stop, _ = index.indices(length)
            return self._items[length - max(start, stop) : length - start][::-1]
        return self._items[-1 - index]
