"""The dead-letter stream: entries that could not be taken in, to be looked at, tried again or let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import redis

from storage.commands import Pipeline, StreamEntry, commands_of
from storage.keys import Keys
from storage.optimistic import change_alone

DEAD_LIMIT = 10_000
"""About how many are kept, the latest ones."""

REASON, AT, TRIES, WAS = b"dead_reason", b"dead_at_s", b"dead_tries", b"dead_was"

# Entries read in one round trip: a sample with its picture takes 10 kB.
_PAGE = 200
_TRIES = 100


@dataclass(frozen=True, slots=True, eq=False)
class DeadEntry:
    """One entry that could not be taken in.

    Attributes:
        entry_id: Its id in the stream.
        fields: What was sent, as it came.
        reason: Why it could not be taken in, the last time.
        at_s: Unix time of that; None where the field is damaged.
        tries: How often it was tried.
        was: Id under which it was in the stream before it was tried again; empty at first.
    """

    entry_id: str
    fields: Mapping[bytes, bytes]
    reason: str
    at_s: float | None
    tries: int = 1
    was: str = ""

    @classmethod
    def of(cls, entry_id: bytes, raw: Mapping[bytes, bytes]) -> DeadEntry:
        """From the entry; whatever is damaged in it is left out, for that is what this stream is for."""
        own = (REASON, AT, TRIES, WAS)
        return cls(
            entry_id.decode(),
            {name: value for name, value in raw.items() if name not in own},
            _text(raw, REASON),
            _number(raw, AT),
            int(_number(raw, TRIES) or 1),
            _text(raw, WAS),
        )

    def text(self, name: str) -> str:
        """A field as text; empty where it is missing."""
        return _text(self.fields, name.encode())

    @property
    def size_bytes(self) -> int:
        """Size of what was sent."""
        return sum(len(name) + len(value) for name, value in self.fields.items())


def put_aside(raw: Mapping[bytes, bytes], dead_id: bytes, reason: str, at_s: str) -> dict[bytes, bytes]:
    """Fields of an entry that could not be taken in.

    Args:
        raw: Its fields as they came.
        dead_id: Its id in the dead-letter stream, if it was tried again from there; else empty.
        reason: Why.
        at_s: Unix time.
    """
    entry = {**raw, REASON: reason.encode(), AT: at_s.encode()}
    if dead_id:
        tries = int(_number(raw, TRIES) or 1) + 1
        entry |= {TRIES: str(tries).encode(), WAS: dead_id}
    return entry


class DeadLetters:
    """Reads and thins out the dead-letter stream of a collection.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._key = keys.dead

    def count(self) -> int:
        """How many there are."""
        return self._client.xlen(self._key)

    def all(self, after: str = "") -> Iterator[DeadEntry]:
        """Every one, the oldest first.

        Args:
            after: Only those that came after this id.
        """
        first = b"(" + after.encode() if after else b"-"
        while page := self._client.xrange(self._key, first, b"+", count=_PAGE):
            yield from (DeadEntry.of(entry_id, raw) for entry_id, raw in page if raw is not None)
            first = b"(" + page[-1][0]

    def latest(self, limit: int) -> list[DeadEntry]:
        """The latest ones, the last one first."""
        found: list[DeadEntry] = []
        last = b"+"
        while len(found) < limit:
            count = min(_PAGE, limit - len(found))
            page = self._client.xrevrange(self._key, last, b"-", count=count)
            if not page:
                break
            found += [DeadEntry.of(entry_id, raw) for entry_id, raw in page if raw is not None]
            last = b"(" + page[-1][0]
        return found

    def get(self, entry_id: str) -> DeadEntry | None:
        """One of them, or None."""
        for found_id, raw in self._client.xrange(self._key, entry_id.encode(), entry_id.encode()):
            if raw is not None:
                return DeadEntry.of(found_id, raw)
        return None

    def there(self, entry_ids: Sequence[str]) -> set[str]:
        """Those of some ids that there are."""
        found: set[str] = set()
        for start in range(0, len(entry_ids), _PAGE):
            page = self._page([entry_id.encode() for entry_id in entry_ids[start : start + _PAGE]])
            found |= {entry_id.decode() for entry_id, _ in page}
        return found

    def drop(self, entry_ids: Sequence[str]) -> int:
        """Delete some for good, with the samples that only they, as tracks, would have named.

        Returns:
            How many there were.
        """
        count = 0
        for start in range(0, len(entry_ids), _PAGE):
            count += self._drop([entry_id.encode() for entry_id in entry_ids[start : start + _PAGE]])
        return count

    def _drop(self, entry_ids: Sequence[bytes]) -> int:
        unclaimed = self._keys.unclaimed

        def attempt(pipe: Pipeline) -> int:
            there = [raw or {} for _, raw in self._page(entry_ids)]
            track_ids = {raw.get(b"track_id", b"") for raw in there if raw.get(b"type") == b"track"} - {b""}
            doomed = self._unclaimed_of(track_ids) if track_ids else []
            pipe.multi()
            pipe.xdel(self._key, *entry_ids)
            for sample_id in doomed:
                pipe.delete(self._keys.sample(sample_id))
                pipe.zrem(unclaimed, sample_id)
            return len(there)

        # Their track may be taken in at this very moment, as it was sent again.
        restless = f"{unclaimed} changed again and again while dead letters were to be dropped"
        return change_alone(self._client, unclaimed, attempt, tries=_TRIES, restless=restless)

    def _page(self, entry_ids: Sequence[bytes]) -> list[StreamEntry]:
        with self._client.pipeline(transaction=False) as pipe:
            for entry_id in entry_ids:
                pipe.xrange(self._key, entry_id, entry_id)
            pages: list[list[StreamEntry]] = pipe.execute()
        return [entry for page in pages for entry in page]

    def _unclaimed_of(self, track_ids: set[bytes]) -> list[str]:
        """Unclaimed samples of some tracks."""
        found = [sample_id.decode() for sample_id in self._client.zrange(self._keys.unclaimed, 0, -1)]
        with self._client.pipeline(transaction=False) as pipe:
            for sample_id in found:
                pipe.hget(self._keys.sample(sample_id), "track_id")
            owners: list[bytes | None] = pipe.execute()
        return [sample_id for sample_id, owner in zip(found, owners, strict=True) if owner in track_ids]


def _text(raw: Mapping[bytes, bytes], name: bytes) -> str:
    return raw.get(name, b"").decode("utf-8", "replace")


def _number(raw: Mapping[bytes, bytes], name: bytes) -> float | None:
    try:
        value = float(raw.get(name, b""))
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None
