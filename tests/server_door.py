"""A way to a real server that can be shut for a while, as when a server restarts or a cable is pulled."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.connection import RedisHandle


class Door:
    """A connection to an embedded server as if it were one of a person's own, through a link to its socket.

    Args:
        server: The embedded server.
        folder: Where the link lies.
    """

    def __init__(self, server: RedisHandle, folder: Path) -> None:
        assert server.socket_path is not None
        self._socket_path = server.socket_path
        self._link = folder / "door.sock"
        self._link.symlink_to(self._socket_path)
        self._pool = redis.ConnectionPool(
            connection_class=redis.UnixDomainSocketConnection,
            path=str(self._link),
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        client = redis.Redis.from_pool(self._pool)
        stack = contextlib.ExitStack()
        stack.callback(client.close)
        self.handle = RedisHandle(client, "the server behind the door", False, None, None, (), stack)

    def shut(self) -> None:
        """Nobody gets through any more, and who was through is cut off."""
        self._link.unlink()
        # Their sockets alone: connections are of the threads that use them.
        for connection in (*self._pool._in_use_connections, *self._pool._available_connections):
            cut = connection._sock
            if cut is not None:
                with contextlib.suppress(OSError):
                    cut.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        """Everybody gets through again."""
        self._link.symlink_to(self._socket_path)
