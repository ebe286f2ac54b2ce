"""What happens in a collection, told to all in this process who want to know."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from facestream.processes.trouble import Trouble
from storage.errors import StorageError
from storage.outage import jittered

if TYPE_CHECKING:
    from storage.change_reader import ChangeReader
    from storage.connection import RedisHandle
    from storage.identity_record import IdentityChange

_log = logging.getLogger(__name__)

# Longest wait for something to happen: as often, it is looked whether anything was missed, or this is to end.
_WAIT_S = 0.25
_AGAIN_S, _LONGEST_AGAIN_S = 0.5, 5.0
_JOIN_S = 15.0

MOST_SILENCE_S = 5.0
"""Whoever asks four times a second and hears nothing for so long, has no server."""

OnChanges = Callable[[Sequence["IdentityChange"]], None]


class News:
    """Reads the stream `changes` in one thread and calls whoever subscribed; a context manager.

    Subscribers are called one after the other, in the order in which they subscribed: who passes events on to
    others subscribes behind those who keep what these others will ask for.

    An embedded server that has ended, with a full disk for instance, is started again.

    Args:
        reader: Of the collection.
        handle: Its server.
    """

    def __init__(self, reader: ChangeReader, handle: RedisHandle) -> None:
        self._reader = reader
        self._handle = handle
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._heard_s = time.monotonic()
        self._subscribers: list[tuple[OnChanges, Callable[[], None]]] = []
        self._thread = threading.Thread(target=self._read, name="news", daemon=True)

    @property
    def position(self) -> str:
        """Id of the newest entry of the stream that was read."""
        return self._reader.position

    @property
    def silence_s(self) -> float:
        """Since when the server has not answered, s; it is asked four times a second."""
        return time.monotonic() - self._heard_s

    def subscribe(self, on_changes: OnChanges, on_gap: Callable[[], None]) -> Callable[[], None]:
        """Be told of changes from now on, in the thread of the news: take little time.

        Args:
            on_changes: Called with what happened, the oldest first, each with its `entry_id`.
            on_gap: Called where some of it may have been missed: what is known must be read anew. That is so
                where the collection was dropped or restored, where the server lost data, where somebody was
                forgotten, and where this process was too slow; a server that was away and has lost nothing is
                no gap.

        Returns:
            Ends it; may be called more than once.
        """
        entry = (on_changes, on_gap)
        with self._lock:
            self._subscribers.append(entry)

        def unsubscribe() -> None:
            with self._lock:
                # By identity: the same functions may have subscribed twice.
                self._subscribers = [other for other in self._subscribers if other is not entry]

        return unsubscribe

    def _read(self) -> None:
        again_s = _AGAIN_S
        trouble = Trouble(_log, f"{self._handle.where} answers")
        while not self._stop.is_set():
            try:
                with self._handle.errors():
                    changes = self._reader.news(_WAIT_S)
            except StorageError as error:
                if not self._stop.is_set():
                    trouble.tell(error)
                    self._start_again()
                self._stop.wait(jittered(again_s))
                again_s = min(2 * again_s, _LONGEST_AGAIN_S)
                continue
            again_s = _AGAIN_S
            trouble.over()
            self._heard_s = time.monotonic()
            if self._reader.take_missed():
                self._tell(None)
            if changes:
                self._tell(changes)

    def _start_again(self) -> None:
        try:
            self._handle.start_again()
        except StorageError as error:
            # What keeps it from starting is what ended it, more often than not.
            _log.debug("%s", error)

    def _tell(self, changes: Sequence[IdentityChange] | None) -> None:
        with self._lock:
            subscribers = tuple(self._subscribers)
        for on_changes, on_gap in subscribers:
            try:
                if changes is None:
                    on_gap()
                else:
                    on_changes(changes)
            except Exception:
                # One who fails takes the news from nobody else.
                _log.exception("Somebody could not take in what happened.")

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._stop.set()
        self._thread.join(_JOIN_S)
