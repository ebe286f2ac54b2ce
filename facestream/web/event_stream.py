"""One stream of server-sent events: what was missed, then what happens."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from facestream.web.feed_item import FeedItem, event_item, is_behind, sse_text, still_true
from facestream.web.live_feed import FeedClient, LiveFeed
from storage.entry_id import is_entry_id
from storage.errors import StorageError

_log = logging.getLogger(__name__)

HEARTBEAT_S = 15
"""A comment is sent so often, so that nobody between takes the stream for dead; and as often it is asked
whether the caller may still read."""

SEND_TIMEOUT_S = 60.0
"""A client that takes nothing for so long is gone."""

_AGAIN_MS = 2000
_PAGE = 1000
_MOST_PAGES = 20


class EventStream:
    """What one client is sent.

    Args:
        feed: What happens.
        client: What waits for it.
        last_id: Id of the event that it was sent last, before; None for one that connects for the first time.
        is_allowed: Whether its caller may still read; may take a while.
    """

    def __init__(
        self, feed: LiveFeed, client: FeedClient, last_id: str | None, is_allowed: Callable[[], bool]
    ) -> None:
        self._feed = feed
        self._client = client
        self._last_id = last_id
        self._is_allowed = is_allowed
        self._after = client.start

    async def pieces(self) -> AsyncIterator[bytes]:
        """Pieces of the stream, until the server ends or the caller may no longer read."""
        # An id without an event: who connects again before anything happened has one to name.
        start = self._client.start if self._last_id is None else None
        yield ServerSentEvent(id=start, retry=_AGAIN_MS, sep="\n").encode()
        if self._last_id is not None:
            async for piece in self._missed(self._last_id):
                yield piece
        asked_s = time.monotonic()
        while await self._client.wait(HEARTBEAT_S):
            lost = self._client.take_lost()
            if lost is not None:
                yield self._reset(*lost)
            is_outdated = self._client.is_outdated
            found = [item for item in self._client.take() if is_behind(item, self._after)]
            if found and is_outdated:
                found = await self._still_true(found)
            if found:
                yield b"".join(item.text for item in found)
            if time.monotonic() - asked_s >= HEARTBEAT_S:
                if not await run_in_threadpool(self._is_allowed):
                    return
                asked_s = time.monotonic()

    async def _still_true(self, items: list[FeedItem]) -> list[FeedItem]:
        try:
            return await run_in_threadpool(still_true, items, self._feed.log)
        except StorageError as error:
            _log.warning("%s Who listens to events reads everything anew.", error)
            self._client.lose("missed")
            return []

    async def _missed(self, last_id: str) -> AsyncIterator[bytes]:
        """What happened since an event, up to what waits for the client."""
        after, pages = last_id, 0
        while True:
            # Before the page: what overtakes the client from here on is in it, or in the next one.
            lost = self._client.take_lost()
            if lost is not None and lost[0] != "slow":
                yield self._reset(*lost)
                return
            try:
                page = (
                    await run_in_threadpool(self._feed.log.since, after, _PAGE)
                    if is_entry_id(after)
                    else None
                )
            except StorageError as error:
                _log.warning("%s Who listens to events reads everything anew.", error)
                page = None
            if page is None or not page.kept or not (page.known or pages) or pages >= _MOST_PAGES:
                yield self._reset("expired", self._client.start)
                return
            pages, after = pages + 1, page.last_id
            found = [event_item(event).text for event in page.events if self._client.wanted.passes(event)]
            # With the id of the last, which may not be one of those that are wanted.
            yield b"".join(found) + ServerSentEvent(id=after, sep="\n").encode()
            if not page.more and not self._client.has_lost:
                self._after = after
                return

    def _reset(self, reason: str, position: str) -> bytes:
        self._after = position
        return sse_text("reset", {"kind": "reset", "reason": reason}, position)


class FeedResponse(EventSourceResponse):
    """A response that takes its client off the feed however it ends.

    Args:
        pieces: What is sent.
        client: Whose it is.
    """

    def __init__(self, pieces: AsyncIterator[bytes], client: FeedClient) -> None:
        super().__init__(
            pieces,
            sep="\n",
            ping=HEARTBEAT_S,
            ping_message_factory=lambda: ServerSentEvent(comment="", sep="\n"),
            send_timeout=SEND_TIMEOUT_S,
            headers={"Cache-Control": "no-store"},
        )
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            _log.info("A client took no events for %g s and is cut off.", SEND_TIMEOUT_S)
        finally:
            self._client.leave()
