"""What happens to people, as the Python client tells it."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from facestream.people.people_tally import source_of
from facestream.people.sighting import date_of
from facestream.source_name import is_camera, short_name
from storage.change_reader import START
from storage.identity_record import IdentityChange

if TYPE_CHECKING:
    from storage.change_reader import ChangeReader
    from storage.people_reader import PeopleReader

EventKind = Literal["created", "assigned", "split", "merged", "vanished", "renamed", "forgotten", "reset"]

# So soon it is noticed that somebody wants to stop.
_WAIT_S = 0.25


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a person.

    Attributes:
        id: To go on after, with `Store.watch(after=...)`.
        kind: "created": somebody new was seen, with a first track. "assigned": a track was found to be
            theirs. "split": a track is theirs that was somebody else's. "merged": they are `other_id` from
            now on. "vanished": they are no more, as their tracks are others'. "renamed": they got a name, or
            lost it. "forgotten": nothing is left of them. "reset": events were lost before this one, so what
            was made of earlier ones is to be read anew; it is about nobody.
        person_id: Who.
        person_name: What people call them now, or empty.
        track_id: The track it is about, or empty.
        other_id: Of "merged", who took over; of "assigned" and "split", who had the track before. Else empty.
        thumbnail: Sample id of a face to show, see `Store.thumbnail`; or empty.
        source_id: The source of the track, or empty.
        camera: Name of the camera, or empty for a file.
        event_s: When the track was seen last, seconds from the start of its source; 0 without a track.
        event_at: The same as a date in UTC, where it is known.
        published_at: When it was found out, UTC.
        provisional: Whether nobody has confirmed yet whose the track is.
    """

    id: str
    kind: EventKind
    person_id: str = ""
    person_name: str = ""
    track_id: str = ""
    other_id: str = ""
    thumbnail: str = ""
    source_id: str = ""
    camera: str = ""
    event_s: float = 0.0
    event_at: datetime | None = None
    published_at: datetime | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are told; a reset always is.

    Attributes:
        people: About one of these ids; empty for all.
        kinds: Of one of these kinds; empty for all.
    """

    people: Collection[str] = ()
    kinds: Collection[str] = ()

    def holds(self, change: IdentityChange) -> bool:
        """Whether an event is wanted."""
        about = not self.people or change.identity_id in self.people or change.other_id in self.people
        return about and (not self.kinds or change.kind.value in self.kinds)


def events(
    changes: ChangeReader,
    reader: PeopleReader,
    after: str | None,
    wanted: Wanted,
    timeout_s: float | None,
    stop: threading.Event,
) -> Iterator[Event]:
    """What happens from now on, or after an event.

    Args:
        changes: The stream; read by nobody else.
        reader: Tells names and sources.
        after: Id of an event; `START` for the oldest that is kept; None for now.
        wanted: Which are told.
        timeout_s: Ends after so long without any that is wanted; None never.
        stop: Ends it within a moment.

    Raises:
        ValueError: If `after` can't be an id.
    """
    position = changes.position if after is None else after
    quiet_since_s = time.monotonic()
    while not stop.is_set():
        page = changes.since(position)
        # Whoever asks for all that is kept misses nothing.
        if not page.kept and position != START:
            # What is to be read anew tells more than what is left of the events until now.
            position = _newest(changes)
            yield Event(position, "reset", published_at=datetime.now(UTC))
            quiet_since_s = time.monotonic()
            continue
        for event in _told([change for change in page.changes if wanted.holds(change)], reader):
            yield event
            if stop.is_set():
                return
            quiet_since_s = time.monotonic()
        position = page.last_id
        if page.more:
            continue
        left_s = _WAIT_S
        if timeout_s is not None:
            left_s = min(left_s, quiet_since_s + timeout_s - time.monotonic())
            if left_s <= 0:
                return
        changes.news(left_s)


def _newest(changes: ChangeReader) -> str:
    """Id of the newest event there is."""
    while changes.news() or changes.take_missed():
        pass
    return changes.position


def _told(found: Sequence[IdentityChange], reader: PeopleReader) -> Iterator[Event]:
    if not found:
        return
    names = reader.names_of({change.identity_id for change in found})
    sources = {
        source.source_id: source
        for source in reader.sources({source_of(change.track_id) for change in found if change.track_id})
    }
    for change in found:
        source_id = source_of(change.track_id) if change.track_id else ""
        source = sources.get(source_id)
        yield Event(
            change.entry_id,
            change.kind.value,
            change.identity_id,
            names.get(change.identity_id, ""),
            change.track_id,
            change.other_id,
            change.thumbnail,
            source_id,
            short_name(source_id, source.path if source else "") if is_camera(source_id) else "",
            change.event_s,
            date_of(source.recorded_at_s, change.event_s) if source else None,
            datetime.fromtimestamp(change.published_at_s, UTC),
            change.provisional,
        )
