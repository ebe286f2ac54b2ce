"""What is told to those who listen to live events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from storage.entry_id import order

if TYPE_CHECKING:
    from facestream.events.live_event import EventLog, LiveEvent


class FeedItem(NamedTuple):
    """What is told: an event about people, or something else that has no id.

    Attributes:
        kind: What kind.
        text: As it is sent, for all clients once.
        event: The event; None for something else.
    """

    kind: str
    text: bytes
    event: LiveEvent | None = None


def event_item(event: LiveEvent) -> FeedItem:
    """An event as it is told."""
    kind = event.change.kind.value
    return FeedItem(kind, sse_text(kind, event.json(), event.change.entry_id), event)


def still_true(items: Sequence[FeedItem], log: EventLog) -> list[FeedItem]:
    """What was to be told a while ago, as it is told now: without what was erased since.

    Raises:
        StorageError: If the server can't be asked.
    """
    now = {event.change.entry_id: event for event in log.again([i.event for i in items if i.event])}
    found = []
    for item in items:
        if item.event is None:
            found.append(item)
        elif item.event.change.entry_id in now:
            found.append(event_item(now[item.event.change.entry_id]))
    return found


def is_behind(item: FeedItem, entry_id: str) -> bool:
    """Whether an item comes after an entry; what has no id does."""
    return item.event is None or order(item.event.change.entry_id) > order(entry_id)


def sse_text(kind: str, data: dict[str, Any], entry_id: str | None = None) -> bytes:
    """One event as it is sent.

    Args:
        kind: What kind.
        data: JSON.
        entry_id: What a client that connects again names; None leaves that as it was.
    """
    from sse_starlette.event import ServerSentEvent

    # In ASCII: some clients take more than CR and LF for the end of a line.
    text = json.dumps(data, separators=(",", ":"))
    return ServerSentEvent(text, event=kind, id=entry_id, sep="\n").encode()
