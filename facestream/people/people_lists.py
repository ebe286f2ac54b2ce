"""People in memory, listed and found within milliseconds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from facestream.people.gathered import Gathered
from facestream.people.narrowed_people import NarrowedPeople
from facestream.people.people_filter import PeopleFilter
from facestream.people.people_marks import PeopleMarks
from facestream.people.people_order import PeopleOrder
from facestream.people.person import Person
from facestream.people.sighting import Sighting
from facestream.people.sighting_index import SightingIndex
from storage.source_record import SourceRecord

_ORDERS = 6
_FIRST_ORDERS = (("name", False), ("last", False), ("seconds", False))
_LISTS = 16
_CHUNK = 1000
_ANYBODY = PeopleFilter(ignored=True)

_Question = tuple[PeopleFilter, str, bool]


class Counts(NamedTuple):
    """How many people there are.

    Attributes:
        people: Number of people.
        named: Those of them who have a name.
        ignored: Those whom lists leave out.
        provisional: Those whom no re-cluster has confirmed yet.
        sightings: Number of sightings.
    """

    people: int
    named: int
    ignored: int
    provisional: int
    sightings: int


class PeopleLists:
    """People and sources, kept so that any list of them takes milliseconds; used by several threads at once.

    Attributes:
        known: People by id; to be looked at, and changed by `put` alone.
        sources: Sources by id, likewise by `put_sources`. People refer to it.
    """

    def __init__(self) -> None:
        self.known: dict[str, Person] = {}
        self.sources: dict[str, SourceRecord] = {}
        # Held for milliseconds.
        self._lock = threading.Lock()
        self._version = 0
        # Sources of sightings of which nothing is known.
        self._unknown: set[str] = set()
        self._marks = PeopleMarks()
        self._sightings = 0
        self._orders: dict[tuple[str, bool], PeopleOrder] = {}
        self._wanted: OrderedDict[tuple[str, bool], None] = OrderedDict.fromkeys(_FIRST_ORDERS)
        self._lists: OrderedDict[_Question, Sequence[str]] = OrderedDict()
        self._index = SightingIndex(self.known, self.sources)

    # Questions -----------------------------------------------------------------------------------------

    def people(
        self, where: PeopleFilter, offset: int, limit: int, *, sort: str = "seconds", reverse: bool = False
    ) -> tuple[list[Person], int]:
        """Some of the people who match, as `Store.people` would list them, and how many there are in all.

        Raises:
            UsageError: If there is no such order.
        """
        question = (where, sort, reverse)
        with self._lock:
            version = self._version
            found: Sequence[str] | Callable[[], Sequence[str]] | None = self._lists.get(question)
            if found is None:
                found = self._found(where, sort, reverse)
            if not callable(found):
                ids, page = found, self._page(question, found, offset, limit)
        if callable(found):
            # This may take a while: others go on meanwhile.
            ids = found()
            with self._lock:
                page = self._page(question if version == self._version else None, ids, offset, limit)
        return where.apply(page) if where.narrows else page, len(ids)

    def _found(
        self, where: PeopleFilter, sort: str, reverse: bool
    ) -> Sequence[str] | Callable[[], Sequence[str]]:
        """A list, or what makes it, where that takes a while."""
        if where.narrows and self._index.answers(where):
            narrowed = NarrowedPeople(*self._index.seen(where), self.sources, where)
            people = {i: self.known[i] for i in self._marks.kept(narrowed.ids, where)}
            return lambda: narrowed.ordered(people, sort, reverse=reverse)
        ids = self._candidates(where, sort, reverse)
        # What is looked up in sets need not be looked at in people.
        rest = replace(where, text="", name="", named=None, ignored=True, only_ignored=False)
        if rest == _ANYBODY:
            return ids
        candidates = [self.known[i] for i in ids]
        if where.narrows:
            return lambda: _listed(candidates, rest, sort, reverse)
        return lambda: [person.id for person in where.lasting(candidates)]

    def _page(self, question: _Question | None, ids: Sequence[str], offset: int, limit: int) -> list[Person]:
        """Some of a list, which is kept for whoever asks the same."""
        if question is not None:
            self._lists[question] = ids
            _shorten(self._lists, _LISTS)
        return [self.known[i] for i in ids[offset : offset + limit] if i in self.known]

    def sightings(
        self, where: PeopleFilter, offset: int, limit: int, *, person_id: str | None = None
    ) -> tuple[list[tuple[Person, Sighting]], int]:
        """Some of the sightings of everybody or of one person, the newest first, and how many there are.

        Those with a date come first, by their end, then the others, by their source.

        Args:
            where: Its sources and times count, and whether to include who is ignored.
            offset: So many are passed over.
            limit: At most so many.
            person_id: Only theirs, also if they are ignored.
        """
        with self._lock:
            hidden = () if where.ignored or person_id is not None else self._marks.ignored
            places, total = self._index.find(where, offset, limit, person_id=person_id, hidden=hidden)
            found = [(self.known[place.person_id], place.position) for place in places]
        return [(person, person.sightings[position]) for person, position in found], total

    def sources_with_people(self) -> list[tuple[SourceRecord, int]]:
        """All sources by path, each with how many people were seen in it."""
        with self._lock:
            people = self._index.people_by_source()
            ordered = sorted(self.sources.values(), key=lambda source: (source.path, source.source_id))
        return [(source, people.get(source.source_id, 0)) for source in ordered]

    def counts(self) -> Counts:
        """How much there is."""
        with self._lock:
            return Counts(
                len(self.known),
                len(self._marks.names),
                len(self._marks.ignored),
                len(self._marks.provisional),
                self._sightings,
            )

    def _candidates(self, where: PeopleFilter, sort: str, reverse: bool) -> Sequence[str]:
        """Those who may match by what is looked up in sets, in order."""
        order = self._order(sort, reverse)
        text = where.folded_text
        if (
            text
            and replace(where, text="", ignored=False) == PeopleFilter()
            and self._marks.holding(text) is None
        ):
            return self._said_often(text, order, self._hidden(where))
        if self._marks.ignored and where == PeopleFilter():
            seen = (i for i in order.ids() if i not in self._marks.ignored)
            return Gathered(seen, len(order.ids()) - len(self._marks.ignored))
        ids = order.of_some(self._marks.said(text)) if text else order.ids()
        return self._marks.kept(ids, replace(where, text=""))

    def _said_often(self, text: str, order: PeopleOrder, hidden: Collection[str]) -> Sequence[str]:
        """The same where very many have it: they are gathered in order as far as somebody looks."""
        names = self._marks.names

        def says(person_id: str) -> bool:
            return person_id not in hidden and (text in names.get(person_id, "") or person_id == text)

        # In the order in which they lie in memory, which is much quicker than any other.
        length = sum([text in name for name in names.values()])
        length -= sum(text in names.get(person_id, "") for person_id in hidden)
        length += says(text) and text in self.known and text not in names.get(text, "")
        return Gathered(filter(says, order.ids()), length)

    def _hidden(self, where: PeopleFilter) -> Collection[str]:
        return () if where.ignored else self._marks.ignored

    def _order(self, sort: str, reverse: bool) -> PeopleOrder:
        order = self._orders.get((sort, reverse))
        if order is None:
            order = self._orders[sort, reverse] = PeopleOrder(self.known.values(), sort, reverse=reverse)
        # Those that were asked for last are kept, and made again where everybody has changed.
        self._wanted[sort, reverse] = None
        self._wanted.move_to_end((sort, reverse))
        for gone in _shorten(self._wanted, _ORDERS):
            self._orders.pop(gone, None)
        return order

    # Changes -------------------------------------------------------------------------------------------

    def put(self, person_ids: Sequence[str], made: Mapping[str, Person], *, many: bool = False) -> None:
        """Take in who has changed.

        Args:
            person_ids: Who may have changed, come or gone.
            made: Those of them that there are, by id.
            many: Whether there are so many that everybody is better sorted anew.
        """
        before = self.known
        changed = [i for i in person_ids if before.get(i) != made.get(i)]
        if not changed:
            return
        with self._lock:
            self._version += 1
            self._lists.clear()
            if many:
                self._orders.clear()
            self._index.changed(changed)
            for person_id in changed:
                person = made.get(person_id)
                self._put_one(person_id, person)
                for order in self._orders.values():
                    if person is None:
                        order.remove(person_id)
                    else:
                        order.put(person)

    def _put_one(self, person_id: str, person: Person | None) -> None:
        before = self.known.get(person_id)
        self._sightings += len(person.sightings if person else ()) - len(before.sightings if before else ())
        self._marks.put(person_id, person)
        if person is None:
            self.known.pop(person_id, None)
            return
        self.known[person_id] = person

    def put_sources(self, read: Mapping[str, SourceRecord], *, all_there_are: bool = False) -> bool:
        """Take in sources; returns whether what is known of sightings is another thing by that.

        People who were seen in them are to be put again then, as their sightings may have another order.
        """
        with self._lock:
            gone = self.sources.keys() - read.keys() if all_there_are else set()
            moved = bool(gone or self._unknown & read.keys()) or any(
                i in self.sources and _order_of(self.sources[i]) != _order_of(source)
                for i, source in read.items()
            )
            for source_id in gone:
                del self.sources[source_id]
            if moved or any(self.sources.get(i) != source for i, source in read.items()):
                self._version += 1
                self._lists.clear()
            self.sources.update(read)
            self._unknown = (self._unknown | gone) - read.keys()
            if moved:
                self._orders.clear()
                self._index.sources_changed()
        return moved

    def miss_sources(self, source_ids: set[str]) -> None:
        """Say that people were seen in sources of which nothing is known."""
        with self._lock:
            self._unknown |= source_ids - self.sources.keys()

    def make_orders(self) -> None:
        """Make what everybody's change has undone, so that nobody who asks has to wait for it."""
        with self._lock:
            self._index.prepare()
        for wanted in list(self._wanted):
            if wanted not in self._orders:
                with self._lock:
                    self._order(*wanted)


def _listed(candidates: Sequence[Person], where: PeopleFilter, sort: str, reverse: bool) -> Sequence[str]:
    """The ids of those who match, in order."""
    # What is narrowed takes more memory than it came from: no more than ids and keys are kept.
    chunks = (candidates[start : start + _CHUNK] for start in range(0, len(candidates), _CHUNK))
    narrowed = (person for chunk in chunks for person in where.apply(chunk))
    return PeopleOrder(narrowed, sort, reverse=reverse).ids()


def _order_of(source: SourceRecord) -> tuple[str, float | None]:
    """What the order of sightings depends on."""
    return source.path, source.recorded_at_s


def _shorten(kept: OrderedDict[Any, Any], most: int) -> list[Any]:
    """Drop what was added first; returns the keys."""
    return [kept.popitem(last=False)[0] for _ in range(len(kept) - most)]
