"""Connections that end after a while, whatever the other side sends.

A timeout of a socket is of each read: whoever sends a byte now and then, or one `100 Continue` after the
other, is waited for for ever by it.
"""

from __future__ import annotations

import contextlib
import socket
import threading

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

WHOLE_S = 15.0
"""From when the other side is reached, with what TLS takes."""

TIMER = "end of a request"
"""Name of the threads that wait for that."""


class _Cut:
    """Ends a connection when its time is over, unless that is called off before.

    Args:
        sock: Its socket.
    """

    def __init__(self, sock: socket.socket) -> None:
        # A descriptor of our own: TLS takes the other one over.
        self._sock = sock.dup()
        self._lock = threading.Lock()
        self._timer = threading.Timer(WHOLE_S, self._cut)
        self._timer.name, self._timer.daemon = TIMER, True
        self._timer.start()

    def _cut(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def call_off(self) -> None:
        """Let it be; may be called again."""
        self._timer.cancel()
        with self._lock:
            self._sock.close()


class _Connection(HTTPConnection):
    _ends: _Cut | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._ends = _Cut(sock)
        return sock

    def close(self) -> None:
        if self._ends is not None:
            self._ends.call_off()
        super().close()


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class BoundedPool(urllib3.HTTPConnectionPool):
    """Connections to one host."""

    ConnectionCls = _Connection


class BoundedTLSPool(urllib3.HTTPSConnectionPool):
    """The same by TLS."""

    ConnectionCls = _TLSConnection
