"""The connections of a port: so many at most, and none for long."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator


class PortClients:
    """Lets clients of a port in, and cuts off those that are slow; any thread may call.

    However slowly anybody asks, or takes an answer, there is room for who comes next: the one that has been
    there longest is cut off for them.

    Args:
        most: So many are there at a time.
        lasting_s: Who has not asked, or not taken the answer, in this time is cut off, s.
    """

    def __init__(self, most: int, lasting_s: float) -> None:
        self._most = most
        self._lasting_s = lasting_s
        # When each is late, in the order in which they came; None while its answer is made.
        self._there: dict[socket.socket, float | None] = {}
        # Cut off, but their threads have not noticed yet.
        self._leaving: set[socket.socket] = set()
        self._changed = threading.Condition()

    def let_in(self, connection: socket.socket) -> bool:
        """Make room for one more; returns whether there is any."""
        with self._changed:
            if len(self._there) >= self._most:
                slow = [other for other, late_s in self._there.items() if late_s is not None]
                if not slow or len(self._leaving) >= self._most:
                    return False
                self._cut_off(slow[0])
            self._there[connection] = time.monotonic() + self._lasting_s
            return True

    @contextlib.contextmanager
    def answering(self, connection: socket.socket) -> Iterator[None]:
        """A context in which the answer to one is made; it may take its time."""
        self._is_late_at(connection, None)
        try:
            yield
        finally:
            self._is_late_at(connection, time.monotonic() + self._lasting_s)

    def cut_off_late(self) -> None:
        """Cut off those that are late; to be called all the time."""
        now_s = time.monotonic()
        with self._changed:
            late = [one for one, late_s in self._there.items() if late_s is not None and late_s <= now_s]
            for connection in late:
                self._cut_off(connection)

    def left(self, connection: socket.socket) -> None:
        """One is no longer served."""
        with self._changed:
            self._there.pop(connection, None)
            self._leaving.discard(connection)
            self._changed.notify_all()

    def close(self, wait_s: float) -> None:
        """Cut all off, and wait until they are no longer served, but not for ever."""
        with self._changed:
            for connection in list(self._there):
                self._cut_off(connection)
            self._changed.wait_for(lambda: not self._leaving, wait_s)

    def _is_late_at(self, connection: socket.socket, late_s: float | None) -> None:
        with self._changed:
            if connection in self._there:
                self._there[connection] = late_s

    def _cut_off(self, connection: socket.socket) -> None:
        del self._there[connection]
        self._leaving.add(connection)
        # Whoever waits for it, in a thread of its own, wakes up.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
