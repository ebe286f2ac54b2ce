"""What happens to identities, as it happens and as it happened."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis

from storage.commands import Pipeline, StreamEntry, commands_of
from storage.connection import MAX_BLOCK_MS
from storage.entry_id import HIGHEST, is_entry_id, order
from storage.errors import RecordError
from storage.identity_record import IdentityChange
from storage.keys import Keys

_log = logging.getLogger(__name__)

PAGE = 1000
"""Events that are read at once."""

START = "0-0"
"""Id before those of all entries."""


class ChangePage(NamedTuple):
    """Some of what happened after an entry.

    Attributes:
        changes: The oldest first, without those that can't be read.
        last_id: Id to read on after.
        more: Whether there was more when this was read.
        known: Whether the entry itself is still there, so that the stream is the one that it was read from.
        kept: Whether nothing after the entry has been cut off the stream. What was deleted because a person
            was forgotten doesn't count.
    """

    changes: list[IdentityChange]
    last_id: str
    more: bool
    known: bool
    kept: bool


class _Facts(NamedTuple):
    """What a stream says of itself."""

    length: int
    added: int
    first_id: bytes
    last_id: bytes


_NOTHING = _Facts(0, 0, b"0-0", b"0-0")


class ChangeReader:
    """Reads the stream `changes` of a collection: from now on, or after an entry.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._key = keys.changes
        self._missed = False
        _, facts = self._read(b"0-0", 1)
        # How many entries the stream had been given up to the one that was read last.
        self._after, self._added = facts.last_id, facts.added

    @property
    def position(self) -> str:
        """Id of the entry that `news` has read last; that of the newest one at first."""
        return self._after.decode()

    def news(self, wait_s: float = 0.0) -> list[IdentityChange]:
        """What has happened since this was asked last, at most a thousand events, the oldest first.

        Events that can't be read are left out with a warning. Who asks rarely misses some, as the stream is
        capped: see `take_missed`.

        Args:
            wait_s: How long to wait for something to happen, at most 5 s.
        """
        if wait_s > 0:
            block_ms = min(max(int(wait_s * 1000), 1), MAX_BLOCK_MS)
            # What it replies is read again below, in one step with what tells whether anything is missing.
            self._client.xread({self._key: self._after}, count=1, block=block_ms)
        entries, facts = self._read(self._after, PAGE)
        self._added += len(entries)
        if len(entries) == PAGE:
            self._after = entries[-1][0]
            return self._decoded(entries)
        if facts.added != self._added or order(facts.last_id) < order(self._after):
            self._missed = True
            self._after, self._added = facts.last_id, facts.added
            return []
        if entries:
            self._after = entries[-1][0]
        return self._decoded(entries)

    def take_missed(self) -> bool:
        """Whether `news` may have passed over something since this was asked last.

        It has where entries were cut off the stream before they were read, where the collection was dropped
        or restored from a backup, where the server lost data, and where a person was forgotten of whom
        something had just been told.
        """
        missed, self._missed = self._missed, False
        return missed

    def end(self) -> str:
        """Id of the newest entry that there ever was; `START` where there was none."""
        _, facts = self._read(b"0-0", 1)
        return facts.last_id.decode()

    def since(self, entry_id: str, limit: int = PAGE) -> ChangePage:
        """What happened after an entry; `news` goes on where it was.

        Args:
            entry_id: Its id; `START` for all that is kept.
            limit: At most so many events.

        Raises:
            ValueError: If it can't be the id of an entry.
        """
        if not is_entry_id(entry_id):
            raise ValueError(f"{entry_id[:40]!r} is no id of an event: they look like 1700000000000-0")
        wanted = entry_id.encode()
        if order(wanted) == (HIGHEST, HIGHEST):
            # Nothing can come after it, and Redis refuses to be asked.
            return ChangePage([], entry_id, more=False, known=False, kept=False)
        with self._client.pipeline() as pipe:
            pipe.xrange(self._key, wanted, wanted, count=1)
            pipe.xrange(self._key, b"(" + wanted, b"+", count=limit + 1)
            replies = self._asked(pipe)
        itself, entries = replies[:2] if replies else ([], [])
        facts = _facts(replies[-1]) if replies else _NOTHING
        more, entries = len(entries) > limit, entries[:limit]
        place = order(wanted)
        # Streams are cut from their oldest end alone.
        whole = facts.added == facts.length
        kept = place <= order(facts.last_id) and (
            bool(itself) or whole or place == order(facts.last_id) or order(facts.first_id) < place
        )
        last_id = entries[-1][0].decode() if entries else entry_id
        return ChangePage(
            self._decoded(entries), last_id, more, bool(itself) or (entry_id == START and whole), kept
        )

    def again(self, entry_ids: Sequence[str]) -> list[IdentityChange]:
        """Some events once more, in the order of their ids here, without those that are no longer there."""
        with self._client.pipeline(transaction=False) as pipe:
            for entry_id in entry_ids:
                pipe.xrange(self._key, entry_id.encode(), entry_id.encode(), count=1)
            found = pipe.execute()
        return self._decoded([entry for entries in found for entry in entries])

    def _read(self, after: bytes, count: int) -> tuple[list[StreamEntry], _Facts]:
        """Entries after an id, and what the stream said of itself at that very moment."""
        with self._client.pipeline() as pipe:
            pipe.xrange(self._key, b"(" + after, b"+", count=count)
            replies = self._asked(pipe)
        return (replies[0], _facts(replies[-1])) if replies else ([], _NOTHING)

    def _asked(self, pipe: Pipeline) -> list[Any]:
        """Replies of a transaction, the last about the stream itself; none where there is no stream."""
        pipe.execute_command("XINFO STREAM", self._key)
        try:
            return pipe.execute()
        except redis.ResponseError as error:
            if "no such key" in str(error):
                return []
            raise

    def _decoded(self, entries: Sequence[StreamEntry]) -> list[IdentityChange]:
        found: list[IdentityChange] = []
        for entry_id, raw in entries:
            try:
                found.append(IdentityChange.decode(raw or {}, entry_id.decode()))
            except RecordError as error:
                _log.warning("%s %s is left out: %s", self._key, entry_id.decode(), error)
        return found


def _facts(told: dict[str, Any]) -> _Facts:
    first = told["first-entry"]
    return _Facts(
        told["length"], told["entries-added"], first[0] if first else b"0-0", told["last-generated-id"]
    )
