"""All people of a collection in memory, as fresh as the collection itself."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from facestream.people.people_filter import PeopleFilter
from facestream.people.people_lists import Counts, PeopleLists
from facestream.people.person import Person, person_of
from facestream.people.sighting import Sighting
from facestream.processes.trouble import Trouble
from storage.errors import StorageError
from storage.identity_record import Identity, IdentityChange
from storage.sighting_record import Sighting as Stored
from storage.source_record import SourceRecord

if TYPE_CHECKING:
    from facestream.events.news import News
    from facestream.people.changed_people import ChangedPeople
    from storage.connection import RedisHandle
    from storage.overview import Pulse
    from storage.people_reader import PeopleReader

_log = logging.getLogger(__name__)

_EVERY_S = 0.5
# Answers are given from what was read at most so long ago, whatever the thread is at.
_OLDEST_S = 2.0
# Its thread looks twice a second: what it saw last is out of date by then.
_OLD_S = 10.0
_JOIN_S = 60.0
_CHUNK = 1000


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
        self._lists = PeopleLists()
        # One looks at Redis at a time.
        self._looking = threading.Lock()
        self._looked_s = float("-inf")
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="people", daemon=True)

    # Questions -----------------------------------------------------------------------------------------

    def people(
        self, where: PeopleFilter, offset: int, limit: int, *, sort: str = "seconds", reverse: bool = False
    ) -> tuple[list[Person], int]:
        """Some of the people who match, as `Store.people` would list them, and how many there are in all.

        Raises:
            UsageError: If there is no such order.
        """
        return self._fresh().people(where, offset, limit, sort=sort, reverse=reverse)

    def person(self, person_id: str) -> Person | None:
        """Somebody by the id that they have now."""
        return self._fresh().known.get(person_id)

    def sightings(
        self, where: PeopleFilter, offset: int, limit: int, *, person_id: str | None = None
    ) -> tuple[list[tuple[Person, Sighting]], int]:
        """Some of the sightings, the newest first; see `PeopleLists.sightings`."""
        return self._fresh().sightings(where, offset, limit, person_id=person_id)

    def sources(self) -> list[tuple[SourceRecord, int]]:
        """All sources by path, each with how many people were seen in it."""
        return self._fresh().sources_with_people()

    def source(self, source_id: str) -> SourceRecord | None:
        """One source."""
        return self._fresh().sources.get(source_id)

    def counts(self) -> tuple[Counts, Pulse]:
        """How many people there are, and how much of everything else."""
        return self._fresh().counts(), self._changed.pulse

    @property
    def is_fresh(self) -> bool:
        """Whether everybody is read, and lists are as they should be by now."""
        return time.monotonic() - self._looked_s <= _OLD_S

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

    def _fresh(self) -> PeopleLists:
        if time.monotonic() - self._looked_s > _OLDEST_S:
            self._look(set(), since_s=time.monotonic() - _OLDEST_S)
        return self._lists

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
            person_ids |= self._lists.known.keys()
        if found.sources and self._take_in_sources():
            person_ids |= self._lists.known.keys()
        if not person_ids:
            return found.compared
        ids = sorted(person_ids)
        for start in range(0, len(ids), _CHUNK):
            self._read_again(ids[start : start + _CHUNK], many=len(ids) > _CHUNK)
        return found.compared

    def _read_again(self, person_ids: Sequence[str], *, many: bool) -> None:
        read = self._reader.people(person_ids)
        missing = {
            seen.source_id for person in read for seen in person.sightings
        } - self._lists.sources.keys()
        if missing:
            if self._take_in_sources(missing):
                # Others were seen there as well.
                self._changed.lose()
            self._lists.miss_sources(missing)
        made = {identity.identity_id: self._made(identity) for identity in read}
        self._lists.put(person_ids, made, many=many)

    def _take_in_sources(self, source_ids: Collection[str] | None = None) -> bool:
        """Read sources, or all; returns whether what is known of sightings is another thing by that."""
        read = {source.source_id: source for source in self._reader.sources(source_ids)}
        return self._lists.put_sources(read, all_there_are=source_ids is None)

    def _made(self, identity: Identity) -> Person:
        return person_of(_compact(identity, self._lists.sources), self._lists.sources)

    def _follow(self) -> None:
        trouble = Trouble(_log, "Lists of people are fresh")
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._look(set(), compare=True)
                self._lists.make_orders()
            except Exception as error:  # whatever it is, the next look must come
                trouble.tell(error)
            else:
                trouble.over()
            self._wake.wait(_EVERY_S)

    def _told(self, _: Sequence[IdentityChange]) -> None:
        """Look before those who are told next ask for what has changed: nobody tells them again."""
        # What fails is told where it is tried again.
        with contextlib.suppress(StorageError):
            self._look(set(), since_s=time.monotonic())
        self._wake.set()

    def _missed(self) -> None:
        self._changed.lose()
        self._wake.set()

    def __enter__(self) -> Self:
        """Begin to read."""
        if self._news is not None:
            self._unsubscribe = self._news.subscribe(self._told, self._missed)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        if self._news is not None:
            self._unsubscribe()
        self._stop.set()
        self._wake.set()
        self._thread.join(_JOIN_S)


def _compact(identity: Identity, sources: dict[str, SourceRecord]) -> Identity:
    """The same person; each id of a source is in memory once."""
    stored = tuple(
        Stored(sources[i].source_id if i in sources else i, start_s, end_s)
        for i, start_s, end_s in identity.sightings
    )
    return replace(identity, sightings=stored)
