"""All people of a collection in memory, as fresh as the collection itself."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from facestream.name_search import NameSearch
from facestream.people_filter import PeopleFilter, folded
from facestream.people_order import PeopleOrder
from facestream.person import Person, person_of
from facestream.sighting import Sighting
from facestream.sighting_index import SightingIndex
from storage.errors import StorageError
from storage.identity_record import Identity
from storage.identity_record import Sighting as Stored
from storage.source_record import SourceRecord

if TYPE_CHECKING:
    from facestream.changed_people import ChangedPeople
    from facestream.news import News
    from storage.connection import RedisHandle
    from storage.overview import Pulse
    from storage.people_reader import PeopleReader

_log = logging.getLogger(__name__)

_EVERY_S = 0.5
# Answers are given from what was read at most so long ago, whatever the thread is at.
_OLDEST_S = 2.0
_JOIN_S = 60.0
_ORDERS = 6
_FIRST_ORDERS = (("name", False), ("last", False), ("seconds", False))
_LISTS = 16
_CHUNK = 1000

_ANYBODY = PeopleFilter(ignored=True)

_Question = tuple[PeopleFilter, str, bool]


class Counts(NamedTuple):
    """How much there is.

    Attributes:
        people: Number of people.
        named: Those of them who have a name.
        ignored: Those whom lists leave out.
        provisional: Those whom no re-cluster has confirmed yet.
        sightings: Number of sightings.
        pulse: Of everything else.
    """

    people: int
    named: int
    ignored: int
    provisional: int
    sightings: int
    pulse: Pulse


class PeopleBoard:
    """Lists of people and sightings within milliseconds; a context manager that keeps them fresh.

    Everybody is read once, then those who change: at once where the stream `changes` tells of it, within a
    second or so where nothing does. Methods may be called by several threads, and raise `StorageError` where
    the server has not answered for some seconds.

    Args:
        handle: The server.
        reader: Of the collection.
        changed: Of the same one.
        news: Of the same one; says when to look.
    """

    def __init__(
        self, handle: RedisHandle, reader: PeopleReader, changed: ChangedPeople, news: News | None = None
    ) -> None:
        self._handle = handle
        self._reader = reader
        self._changed = changed
        self._news = news
        # One looks at Redis at a time; the other lock is held for milliseconds.
        self._looking = threading.Lock()
        self._lock = threading.Lock()
        self._looked_s = float("-inf")
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="people", daemon=True)
        self._version = 0
        self._people: dict[str, Person] = {}
        self._sources: dict[str, SourceRecord] = {}
        # Sources of sightings of which nothing is known.
        self._unknown: set[str] = set()
        self._folded_names: dict[str, str] = {}
        self._ignored: set[str] = set()
        self._provisional: set[str] = set()
        self._sightings = 0
        self._search: NameSearch | None = None
        self._orders: dict[tuple[str, bool], PeopleOrder] = {}
        self._wanted: OrderedDict[tuple[str, bool], None] = OrderedDict.fromkeys(_FIRST_ORDERS)
        self._lists: OrderedDict[_Question, Sequence[str]] = OrderedDict()
        self._index = SightingIndex(self._people, self._sources)

    # Questions -----------------------------------------------------------------------------------------

    def people(
        self, where: PeopleFilter, offset: int, limit: int, *, sort: str = "seconds", reverse: bool = False
    ) -> tuple[list[Person], int]:
        """Some of the people who match, as `Store.people` would list them, and how many there are in all.

        Raises:
            UsageError: If there is no such order.
        """
        self._be_fresh()
        question = (where, sort, reverse)
        with self._lock:
            version = self._version
            ids = self._lists.get(question)
            candidates = ids if ids is not None else self._candidates(where, sort, reverse)
            # What is looked up in sets need not be looked at in people.
            rest = replace(where, text="", named=None, ignored=True, only_ignored=False)
            people = [] if ids is not None or rest == _ANYBODY else [self._people[i] for i in candidates]
        if ids is None:
            ids = candidates if rest == _ANYBODY else _listed(people, rest, sort, reverse)
            with self._lock:
                if version == self._version:
                    self._lists[question] = ids
                    _shorten(self._lists, _LISTS)
        with self._lock:
            page = [self._people[i] for i in ids[offset : offset + limit] if i in self._people]
        return where.apply(page) if where.narrows else page, len(ids)

    def person(self, person_id: str) -> Person | None:
        """Somebody by the id that they have now."""
        self._be_fresh()
        return self._people.get(person_id)

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
        self._be_fresh()
        with self._lock:
            hidden = () if where.ignored or person_id is not None else self._ignored
            places, total = self._index.find(where, offset, limit, person_id=person_id, hidden=hidden)
            found = [(self._people[place.person_id], place.position) for place in places]
        return [(person, person.sightings[position]) for person, position in found], total

    def sources(self) -> list[tuple[SourceRecord, int]]:
        """All sources by path, each with how many people were seen in it."""
        self._be_fresh()
        with self._lock:
            people = self._index.people_by_source()
            ordered = sorted(self._sources.values(), key=lambda source: (source.path, source.source_id))
        return [(source, people.get(source.source_id, 0)) for source in ordered]

    def source(self, source_id: str) -> SourceRecord | None:
        """One source."""
        self._be_fresh()
        return self._sources.get(source_id)

    def counts(self) -> Counts:
        """How much there is."""
        self._be_fresh()
        with self._lock:
            return Counts(
                len(self._people),
                len(self._folded_names),
                len(self._ignored),
                len(self._provisional),
                self._sightings,
                self._changed.pulse,
            )

    def _candidates(self, where: PeopleFilter, sort: str, reverse: bool) -> Sequence[str]:
        """Those who may match by what is looked up in sets, in order."""
        order = self._order(sort, reverse)
        text = where.folded_text
        if text:
            ids = self._said(text, order)
        else:
            ids = order.of_some(self._index.people_within(where)) if where.narrows else order.ids()
        if where.only_ignored:
            ids = [i for i in ids if i in self._ignored]
        elif self._ignored and not where.ignored:
            ids = [i for i in ids if i not in self._ignored]
        if where.named is not None:
            ids = [i for i in ids if (i in self._folded_names) == where.named]
        return ids

    def _said(self, text: str, order: PeopleOrder) -> Sequence[str]:
        """Those who have a text in their name, or as their id, in order."""
        if self._search is None:
            self._search = NameSearch(self._folded_names)
        hits = self._search.holding(text)
        if hits is not None:
            return order.of_some(hits | {text})
        name_of = self._folded_names.get
        return [i for i in order.ids() if text in name_of(i, "") or i == text]

    def _order(self, sort: str, reverse: bool) -> PeopleOrder:
        order = self._orders.get((sort, reverse))
        if order is None:
            order = self._orders[sort, reverse] = PeopleOrder(self._people.values(), sort, reverse=reverse)
        # Those that were asked for last are kept, and made again where everybody has changed.
        self._wanted[sort, reverse] = None
        self._wanted.move_to_end((sort, reverse))
        for gone in _shorten(self._wanted, _ORDERS):
            self._orders.pop(gone, None)
        return order

    # How it stays fresh --------------------------------------------------------------------------------

    def refresh(self, person_ids: Collection[str] = (), *, compare: bool = False) -> None:
        """Look at once: whatever was written before, and is told of, shows in the next answer.

        Args:
            person_ids: People of whom it is known that they have changed.
            compare: Look at everybody, also at those of whom nothing is told.
        """
        if compare:
            self._changed.compare_soon()
        self._look(set(person_ids), compare=compare)
        self._wake.set()

    def _be_fresh(self) -> None:
        if time.monotonic() - self._looked_s > _OLDEST_S:
            self._look(set(), since_s=time.monotonic() - _OLDEST_S)

    def _look(self, person_ids: set[str], *, compare: bool = False, since_s: float = float("inf")) -> None:
        with self._looking:
            if self._looked_s >= since_s:
                # Another thread did while this one waited.
                return
            began_s = time.monotonic()
            try:
                with self._handle.errors():
                    compared = self._take_in(person_ids, compare=compare)
            except BaseException:
                self._changed.lose()
                raise
            self._looked_s = began_s
            if compared:
                self._changed.rest(time.monotonic() - began_s)

    def _take_in(self, person_ids: set[str], *, compare: bool) -> bool:
        """Read what has changed; returns whether all was compared."""
        found = self._changed.look(compare=compare)
        person_ids |= found.people
        if found.everything:
            person_ids |= self._people.keys()
        if found.sources and self._take_in_sources(whole=True):
            person_ids |= self._people.keys()
        if not person_ids:
            return found.compared
        ids = sorted(person_ids)
        for start in range(0, len(ids), _CHUNK):
            self._read_again(ids[start : start + _CHUNK], many=len(ids) > _CHUNK)
        return found.compared

    def _read_again(self, person_ids: Sequence[str], *, many: bool) -> None:
        read = self._reader.people(person_ids)
        missing = {seen.source_id for person in read for seen in person.sightings} - self._sources.keys()
        if missing:
            if self._take_in_sources(missing):
                # Others were seen there as well.
                self._changed.lose()
            self._unknown |= missing - self._sources.keys()
        made = {identity.identity_id: self._made(identity) for identity in read}
        self._put(person_ids, made, many=many)

    def _take_in_sources(self, source_ids: Collection[str] | None = None, *, whole: bool = False) -> bool:
        """Read sources; returns whether what is known of one, and of its sightings, is another thing now."""
        read = {source.source_id: source for source in self._reader.sources(source_ids)}
        with self._lock:
            gone = self._sources.keys() - read.keys() if whole else set()
            moved = bool(gone or self._unknown & read.keys()) or any(
                i in self._sources and _order_of(self._sources[i]) != _order_of(source)
                for i, source in read.items()
            )
            for source_id in gone:
                del self._sources[source_id]
            if any(self._sources.get(i) != source for i, source in read.items()):
                self._version += 1
                self._lists.clear()
            self._sources.update(read)
            self._unknown = (self._unknown | gone) - read.keys()
            if moved:
                self._orders.clear()
                self._index.sources_changed()
        return moved

    def _made(self, identity: Identity) -> Person:
        return person_of(_compact(identity, self._sources), self._sources)

    def _put(self, person_ids: Sequence[str], made: Mapping[str, Person], *, many: bool) -> None:
        before = self._people
        changed = [i for i in person_ids if before.get(i) != made.get(i)]
        if not changed:
            return
        with self._lock:
            self._version += 1
            self._lists.clear()
            if many:
                # To sort everybody once is quicker than to put each into their place.
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
        self._ignored.discard(person_id)
        self._provisional.discard(person_id)
        before = self._people.get(person_id)
        self._sightings += len(person.sightings if person else ()) - len(before.sightings if before else ())
        name = folded(person.name) if person else ""
        if name != self._folded_names.pop(person_id, ""):
            self._search = None
        if name:
            self._folded_names[person_id] = name
        if person is None:
            self._people.pop(person_id, None)
            return
        self._people[person_id] = person
        if person.ignored:
            self._ignored.add(person_id)
        if person.provisional:
            self._provisional.add(person_id)

    def _follow(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._look(set(), compare=True)
                for wanted in list(self._wanted):
                    if wanted not in self._orders:
                        with self._lock:
                            self._order(*wanted)
            except StorageError as error:
                _log.warning("%s It is tried again.", error)
            self._wake.wait(_EVERY_S)

    def _missed(self) -> None:
        self._changed.lose()
        self._wake.set()

    def __enter__(self) -> Self:
        """Begin to read."""
        if self._news is not None:
            self._unsubscribe = self._news.subscribe(lambda _: self._wake.set(), self._missed)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        if self._news is not None:
            self._unsubscribe()
        self._stop.set()
        self._wake.set()
        self._thread.join(_JOIN_S)


def _listed(candidates: Sequence[Person], where: PeopleFilter, sort: str, reverse: bool) -> Sequence[str]:
    """The ids of those who match, in order."""
    if not where.narrows:
        return [person.id for person in where.apply(candidates)]
    # What is narrowed takes more memory than it came from: no more than ids and keys are kept.
    chunks = (candidates[start : start + _CHUNK] for start in range(0, len(candidates), _CHUNK))
    narrowed = (person for chunk in chunks for person in where.apply(chunk))
    return PeopleOrder(narrowed, sort, reverse=reverse).ids()


def _compact(identity: Identity, sources: dict[str, SourceRecord]) -> Identity:
    """The same person; each id of a source is in memory once."""
    stored = tuple(
        Stored(sources[i].source_id if i in sources else i, start_s, end_s)
        for i, start_s, end_s in identity.sightings
    )
    return replace(identity, sightings=stored)


def _order_of(source: SourceRecord) -> tuple[str, float | None]:
    """What the order of sightings depends on."""
    return source.path, source.recorded_at_s


def _shorten(kept: OrderedDict[Any, Any], most: int) -> list[Any]:
    """Drop what was added first; returns the keys."""
    return [kept.popitem(last=False)[0] for _ in range(len(kept) - most)]
