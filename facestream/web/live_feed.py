"""Live events, passed from one thread on to all who listen."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from facestream.events.event_filter import EventFilter
from facestream.events.live_event import EventLog, LiveEvent
from facestream.web.feed_item import FeedItem, event_item, sse_text
from storage.errors import StorageError
from storage.identity_record import ChangeKind

if TYPE_CHECKING:
    from facestream.events.news import News
    from storage.identity_record import IdentityChange

_log = logging.getLogger(__name__)

BACKLOG = 1000
"""Events that wait for one client; one who is further behind loses them and is told so."""

# Most that is sent in one piece.
_PIECE = 200
# What has waited for longer may have been erased meanwhile; who keeps up waits for less.
_FRESH_S = 1.0


class FeedFullError(Exception):
    """As many listen already as may.

    Attributes:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} clients listen to live events already, which is the most there may be.")
        self.most = most


class FeedClient:
    """One who listens; all of it in the thread of the event loop.

    Attributes:
        start: Id of the entry behind which it began to listen.
    """

    def __init__(self, feed: LiveFeed, wanted: EventFilter, start: str) -> None:
        self.start = start
        self.wanted = wanted
        self._feed = feed
        self._waiting: deque[FeedItem] = deque()
        self._woken = asyncio.Event()
        self._waiting_since_s = 0.0
        self._in_doubt = False
        self._lost = ""
        self._closed = False

    def put(self, items: Sequence[FeedItem]) -> None:
        """Have some items wait for it."""
        if self._lost or not items:
            # It learns anew what it missed.
            return
        if not self._waiting:
            self._waiting_since_s, self._in_doubt = time.monotonic(), False
        self._waiting.extend(items)
        if len(self._waiting) > BACKLOG:
            self.lose("slow")
        self._woken.set()

    def lose(self, reason: str) -> None:
        """Drop what waits: it has to be told that it missed something."""
        self._waiting.clear()
        self._lost = reason
        self._woken.set()

    def doubt(self) -> None:
        """Somebody was forgotten, of whom what waits may tell."""
        self._in_doubt = True

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._woken.set()

    def leave(self) -> None:
        """Listen no more; may be called more than once."""
        self._feed.leave(self)

    async def wait(self, longest_s: float) -> bool:
        """Return when something waits, or when it took so long; returns whether the feed still runs."""
        if not self._closed:
            try:
                async with asyncio.timeout(longest_s):
                    await self._woken.wait()
            except TimeoutError:
                pass
        return not self._closed

    @property
    def is_outdated(self) -> bool:
        """Whether what is taken next has to be asked for again, as some of it may have been erased."""
        return self._in_doubt or time.monotonic() - self._waiting_since_s > _FRESH_S

    def take(self) -> list[FeedItem]:
        """Some of what waits, the oldest first."""
        found = [self._waiting.popleft() for _ in range(min(len(self._waiting), _PIECE))]
        if not self._waiting and not self._lost and not self._closed:
            self._woken.clear()
        return found

    @property
    def has_lost(self) -> bool:
        """Whether it has missed something that it was not told of yet."""
        return bool(self._lost)

    def take_lost(self) -> tuple[str, str] | None:
        """Why something was missed, and the id of the entry behind which it goes on; None if nothing was."""
        if not self._lost:
            return None
        reason, self._lost = self._lost, ""
        return reason, self._feed.position


class LiveFeed:
    """Passes what happens on to all who listen; a context manager.

    Args:
        news: What happens; who hears of an event may ask for what has changed at once, so that this has to be
            entered behind those who subscribe to keep it.
        log: Tells what belongs to events.
        most: How many may listen.
    """

    def __init__(self, news: News, log: EventLog, most: int = 500) -> None:
        self.log = log
        self._news = news
        self._most = most
        self._position = news.position
        self._clients: set[FeedClient] = set()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._end: Callable[[], None] = lambda: None

    @property
    def position(self) -> str:
        """Id of the entry up to which all was passed on."""
        return self._position

    def join(self, wanted: EventFilter) -> FeedClient:
        """Listen from now on; in the thread of the event loop.

        Raises:
            FeedFullError: If as many listen as may.
        """
        if len(self._clients) >= self._most:
            raise FeedFullError(self._most)
        with self._lock:
            self._loop = asyncio.get_running_loop()
            client = FeedClient(self, wanted, self._position)
            self._clients.add(client)
            if self._closed:
                client.close()
        return client

    def leave(self, client: FeedClient) -> None:
        """Take a client off; in the thread of the event loop."""
        self._clients.discard(client)

    @property
    def clients(self) -> int:
        """How many listen."""
        return len(self._clients)

    def publish(self, kind: str, data: dict[str, Any]) -> None:
        """Tell all of what is no event of the stream, such as the state of a job; from any thread."""
        self._post(lambda: self._pass_on([FeedItem(kind, sse_text(kind, data))]))

    def _take(self, changes: Sequence[IdentityChange]) -> None:
        try:
            events = self.log.told(changes)
        except StorageError as error:
            _log.warning("%s Who listens to events reads everything anew.", error)
            self._lose(changes[-1].entry_id)
            return
        items = [event_item(event) for event in events]
        forgotten = any(change.kind is ChangeKind.FORGOTTEN for change in changes)
        self._post(lambda: self._pass_on(items, items[-1].event, forgotten), changes[-1].entry_id)

    def _gap(self) -> None:
        self.log.forget_sources()
        self._lose(self._news.position)

    def _lose(self, position: str) -> None:
        def lose() -> None:
            self._position = position
            for client in self._clients:
                client.lose("missed")

        self._post(lose, position)

    def _pass_on(
        self, items: Sequence[FeedItem], last: LiveEvent | None = None, forgotten: bool = False
    ) -> None:
        if last is not None:
            self._position = last.change.entry_id
        for client in self._clients:
            if forgotten:
                client.doubt()
            client.put(items if client.wanted.passes_all else [i for i in items if _passes(i, client.wanted)])

    def _post(self, act: Callable[[], None], position: str | None = None) -> None:
        """Have the event loop do something; while nobody has listened, only keep the position."""
        with self._lock:
            if self._loop is not None:
                try:
                    # Once for all clients: each call wakes the loop.
                    self._loop.call_soon_threadsafe(act)
                except RuntimeError:
                    # Its loop has ended, and everybody with it.
                    self._loop = None
                    self._clients.clear()
                else:
                    return
            if position is not None:
                self._position = position

    def close(self) -> None:
        """End all streams, as a server does that is about to stop; from any thread, more than once."""
        self._closed = True

        def end() -> None:
            for client in self._clients:
                client.close()

        self._post(end)

    def __enter__(self) -> Self:
        """Begin to pass on."""
        self._end = self._news.subscribe(self._take, self._gap)
        # Not before: what is read in between would be passed over.
        self._position = self._news.position
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._end()
        self.close()


def _passes(item: FeedItem, wanted: EventFilter) -> bool:
    return wanted.passes(item.event) if item.event else wanted.passes_kind(item.kind)
