"""What happened to somebody, as others are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from facestream.iso_time import iso_utc
from facestream.source_name import full_name, is_camera
from storage.identity_record import ChangeKind, IdentityChange

if TYPE_CHECKING:
    from storage.change_reader import ChangeReader
    from storage.connection import RedisHandle
    from storage.event_facts import EventFacts, SourceFacts


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event of the stream `changes`, with what belongs to it.

    Attributes:
        change: The event.
        person_id: Who its person is now: whoever took them over since, or they themselves.
        person_name: What these are called, or None.
        source: Where its track was seen, or None.
        ignored: Whether lists leave these out.
    """

    change: IdentityChange
    person_id: str
    person_name: str | None = None
    source: SourceFacts | None = None
    ignored: bool = False

    @property
    def camera(self) -> str | None:
        """Name of the camera that saw its track, or None for a file, and without a track."""
        if self.source is None or not is_camera(self.source.source_id):
            return None
        return full_name(self.source.source_id, self.source.path)

    @property
    def event_at_s(self) -> float | None:
        """Unix time of what was seen, or None where nobody knows."""
        if self.source is None or self.source.recorded_at_s is None:
            return None
        return self.source.recorded_at_s + self.change.event_s

    @property
    def about(self) -> frozenset[str]:
        """Ids of the people whom it is about, as they were and as they are."""
        change = self.change
        both = change.kind in (ChangeKind.MERGED, ChangeKind.SPLIT) and change.other_id
        return frozenset((change.identity_id, self.person_id, *((change.other_id,) if both else ())))

    def json(self) -> dict[str, Any]:
        """For machines; times are media seconds (`_s`) and ISO 8601 in UTC (`_at`)."""
        change, source = self.change, self.source
        return {
            "id": change.entry_id,
            "kind": change.kind.value,
            "person_id": change.identity_id,
            "person_name": self.person_name,
            "ignored": self.ignored,
            "other_id": change.other_id or None,
            "track_id": change.track_id or None,
            "thumbnail": change.thumbnail or None,
            "source_id": source.source_id if source else None,
            "camera": self.camera,
            "event_s": change.event_s if change.track_id else None,
            "event_at": iso_utc(self.event_at_s),
            "published_at": iso_utc(change.published_at_s),
            "provisional": change.provisional,
        }


class EventPage(NamedTuple):
    """Some of what happened after an entry; the others are those of `ChangePage`."""

    events: list[LiveEvent]
    last_id: str
    more: bool
    known: bool
    kept: bool


class EventLog:
    """Events with what belongs to them; for several threads at once.

    Args:
        reader: Of the collection.
        facts: Looks up what belongs to them.
        handle: The server.
    """

    def __init__(self, reader: ChangeReader, facts: EventFacts, handle: RedisHandle) -> None:
        self._reader = reader
        self._facts = facts
        self._handle = handle

    def told(self, changes: Sequence[IdentityChange]) -> list[LiveEvent]:
        """What happened, in the same order, with what belongs to it.

        Raises:
            StorageError: If the server can't be asked.
        """
        with self._handle.errors():
            people = self._facts.people({change.identity_id for change in changes})
            sources = self._facts.sources({change.track_id for change in changes if change.track_id})
        return [
            LiveEvent(change, who.identity_id, who.name or None, sources.get(change.track_id), who.ignored)
            for change, who in ((change, people[change.identity_id]) for change in changes)
        ]

    def since(self, entry_id: str, limit: int) -> EventPage:
        """What happened after an entry.

        Raises:
            StorageError: If the server can't be asked.
            ValueError: If it can't be the id of an entry.
        """
        with self._handle.errors():
            page = self._reader.since(entry_id, limit)
        return EventPage(self.told(page.changes), *page[1:])

    def again(self, events: Sequence[LiveEvent]) -> list[LiveEvent]:
        """Events that were read before, as they are told now, without those that were erased since.

        Whoever sends an event later than it was read asks for it again: somebody may have been forgotten.

        Raises:
            StorageError: If the server can't be asked.
        """
        with self._handle.errors():
            changes = self._reader.again([event.change.entry_id for event in events])
        return self.told(changes)

    def now(self, identity_ids: frozenset[str]) -> frozenset[str]:
        """Ids of some people and of whoever took them over.

        Raises:
            StorageError: If the server can't be asked.
        """
        with self._handle.errors():
            found = self._facts.people(identity_ids)
        return identity_ids | {person.identity_id for person in found.values()}

    def end(self) -> str:
        """Id of the newest entry.

        Raises:
            StorageError: If the server can't be asked.
        """
        with self._handle.errors():
            return self._reader.end()

    def errors(self) -> AbstractContextManager[None]:
        """Turn errors of the server into ours within a `with` block."""
        return self._handle.errors()

    def forget_sources(self) -> None:
        """Look sources up anew: the collection may be another one now."""
        self._facts.forget_sources()
