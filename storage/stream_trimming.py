"""Cutting the streams `changes` and `faces` to their length, but for what somebody has still to read."""

from __future__ import annotations

import redis

from storage.commands import commands_of
from storage.keys import Keys
from storage.stream_readers import StreamReaders

LENGTH = 100_000
"""About so many entries are kept of each, the latest ones."""

MOST = 500_000
"""Longer than about this they never get, whoever has not read them; each XADD sees to that."""

_PAGE = 1_000


class StreamTrimming:
    """Cuts streams; for whoever leads a collection.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        length: About so many entries are kept where nobody needs more.
    """

    def __init__(self, client: redis.Redis, keys: Keys, length: int = LENGTH) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._readers = StreamReaders(client, keys)
        self._length = length

    def trim(self, silent_after_s: float) -> None:
        """Cut both streams.

        Args:
            silent_after_s: Whoever has read nothing for longer holds nothing back.
        """
        for key in (self._keys.changes, self._keys.faces):
            excess = self._client.xlen(key) - self._length
            if excess <= 0:
                continue
            needed = self._readers.first_needed(key, silent_after_s)
            if needed is None:
                self._client.execute_command("XTRIM", key, "MAXLEN", "~", self._length)
                continue
            below = self._below(key, excess, needed)
            if below is not None:
                self._client.execute_command("XTRIM", key, "MINID", "~", below)

    def _below(self, key: str, excess: int, needed: bytes) -> bytes | None:
        """Id of the first entry to be kept: behind so many, but none that is needed goes."""
        first, below = b"-", None
        while excess > 0:
            page = self._client.xrange(key, first, b"(" + needed, count=min(_PAGE, excess))
            if not page:
                return needed
            excess -= len(page)
            below = page[-1][0]
            first = b"(" + below
        return below
