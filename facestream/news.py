"""What happens in a collection, told to all in this process who want to know."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from storage.errors import StorageError

if TYPE_CHECKING:
    from storage.change_reader import ChangeReader
    from storage.connection import RedisHandle
    from storage.identity_record import IdentityChange

_log = logging.getLogger(__name__)

_EVERY_S = 0.05
_AGAIN_S = 1.0
_JOIN_S = 15.0

OnChanges = Callable[[Sequence["IdentityChange"]], None]


class News:
    """Reads the stream `changes` in one thread and calls whoever subscribed; a context manager.

    Args:
        reader: Of the collection.
        handle: Its server.
    """

    def __init__(self, reader: ChangeReader, handle: RedisHandle) -> None:
        self._reader = reader
        self._handle = handle
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._subscribers: list[tuple[OnChanges, Callable[[], None]]] = []
        self._thread = threading.Thread(target=self._read, name="news", daemon=True)

    def subscribe(self, on_changes: OnChanges, on_gap: Callable[[], None]) -> Callable[[], None]:
        """Be told of changes from now on, in the thread of the news: take little time.

        Args:
            on_changes: Called with what happened, the oldest first.
            on_gap: Called where some of it may have been missed: what is known must be read anew.

        Returns:
            Ends it.
        """
        entry = (on_changes, on_gap)
        with self._lock:
            self._subscribers.append(entry)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.remove(entry)

        return unsubscribe

    def _read(self) -> None:
        wait_s = _EVERY_S
        while not self._stop.wait(wait_s):
            try:
                with self._handle.errors():
                    changes = self._reader.news()
            except StorageError as error:
                _log.warning("%s It is tried again.", error)
                wait_s = _AGAIN_S
                self._tell(None)
                continue
            wait_s = _EVERY_S
            if changes:
                self._tell(changes)

    def _tell(self, changes: Sequence[IdentityChange] | None) -> None:
        with self._lock:
            subscribers = tuple(self._subscribers)
        for on_changes, on_gap in subscribers:
            if changes is None:
                on_gap()
            else:
                on_changes(changes)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._stop.set()
        self._thread.join(_JOIN_S)
