"""How often an entry of the queue was tried alone and came to no end."""

from __future__ import annotations

import redis

from storage.commands import Commands
from storage.errors import RecordError, StorageError

MOST_FAILURES = 5
"""An entry that has failed so often while nothing else was being done is put aside."""


class SolitaryAttempts:
    """Counts attempts at entries that were delivered again, before each: whoever dies of one can't count it.

    The count is the delivery counter of the list of pending entries, which goes with the entry. A first
    delivery sets it to 1, and `SampleQueue.take_over` leaves it: so entries that were merely beside one that
    failed keep their 1.

    Args:
        client: Connection to Redis.
        key: The stream.
        group: Its consumer group.
        consumer: Name of the consumer that has the entries.
    """

    def __init__(self, client: Commands, key: str, group: str, consumer: str) -> None:
        self._client = client
        self._key = key
        self._group = group
        self._consumer = consumer

    def failures(self, entry_id: bytes) -> int | None:
        """How many attempts at an entry came to no end; None where it is pending no more."""
        rows = self._client.xpending_range(self._key, self._group, entry_id, entry_id, 1)
        return max(int(rows[0]["times_delivered"]) - 1, 0) if rows else None

    def note(self, entry_id: bytes, failures: int) -> None:
        """Note how many attempts have failed, before another one, should that come to no end.

        Args:
            entry_id: The entry; nothing happens where it is pending no more.
            failures: Their number, with the one that is about to begin.
        """
        self._client.xclaim(
            self._key, self._group, self._consumer, 0, [entry_id], retrycount=failures + 1, justid=True
        )


def is_of_entry(error: Exception) -> bool:
    """Whether an error may be the fault of what was being taken in, and not of the server or a lease."""
    return isinstance(error, RecordError) or not isinstance(error, (redis.RedisError, StorageError))
