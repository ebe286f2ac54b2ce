"""Who reads the streams `changes` and `faces`, and how far they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from storage.commands import commands_of
from storage.keys import Keys

_START = b"0-0"


@dataclass(frozen=True, slots=True)
class StreamReader:
    """Somebody for whom entries of a stream are kept until they were read.

    Attributes:
        name: Name of the consumer group, or id of the webhook.
        kind: "group" or "webhook".
        stream: "changes" or "faces".
        needs: Id of the first entry that it has not done with; no entry with a lower one is needed.
        behind_s: Age of the oldest entry that it has not done with; 0 where there is none.
        silent_s: For how long nobody has read on, though there was something to read; 0 where there was not.
    """

    name: str
    kind: str
    stream: str
    needs: bytes
    behind_s: float
    silent_s: float


class StreamReaders:
    """The registered readers of a collection: webhooks, and consumer groups that others made.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._streams = {"changes": keys.changes, "faces": keys.faces}

    def all(self) -> list[StreamReader]:
        """Every one, by stream and name."""
        seconds, microseconds = self._client.time()
        now_s = seconds + microseconds / 1e6
        found = [*self._groups(now_s), *self._webhooks(now_s)]
        return sorted(found, key=lambda reader: (reader.stream, reader.kind, reader.name))

    def first_needed(self, key: str, silent_after_s: float) -> bytes | None:
        """Id below which nobody needs an entry of a stream; None where nobody needs any.

        Args:
            key: The stream.
            silent_after_s: Whoever has been silent for longer does not count.
        """
        needs = [
            reader.needs
            for reader in self.all()
            if self._streams[reader.stream] == key and reader.silent_s <= silent_after_s
        ]
        return min(needs, key=_order) if needs else None

    def drop_group(self, stream: str, name: str) -> bool:
        """Delete a consumer group, whatever it has not read; returns whether there was one of that name."""
        try:
            return bool(self._client.execute_command("XGROUP", "DESTROY", self._streams[stream], name))
        except redis.ResponseError as error:
            # There is no stream either.
            if "key to exist" not in str(error):
                raise
            return False

    def groups(self) -> list[tuple[str, bytes]]:
        """Stream and name of each consumer group."""
        return [
            (stream, group["name"])
            for stream, key in self._streams.items()
            for group in self._told(self._client.xinfo_groups, key)
        ]

    def begin_groups(self, groups: Iterable[tuple[str, bytes]]) -> None:
        """Make consumer groups that read what comes from now on; one that is there stays as it is.

        Args:
            groups: Stream and name of each.
        """
        for stream, name in groups:
            try:
                self._client.execute_command("XGROUP", "CREATE", self._streams[stream], name, "$", "MKSTREAM")
            except redis.ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def _groups(self, now_s: float) -> Iterator[StreamReader]:
        for stream, key in self._streams.items():
            for group in self._told(self._client.xinfo_groups, key):
                name = group["name"]
                needs = _after(group["last-delivered-id"])
                if group["pending"]:
                    pending: Any = self._told(self._client.xpending, key, name)
                    needs = (pending["min"] if pending else None) or needs
                behind_s = self._behind_s(key, needs, now_s)
                idle_s = [row["idle"] / 1000 for row in self._told(self._client.xinfo_consumers, key, name)]
                yield StreamReader(
                    name.decode("utf-8", "replace"),
                    "group",
                    stream,
                    needs,
                    behind_s,
                    min([behind_s, *idle_s]),
                )

    def _webhooks(self, now_s: float) -> Iterator[StreamReader]:
        for webhook_id in sorted(name.decode() for name in self._client.smembers(self._keys.webhooks)):
            cursor = self._client.hget(self._keys.webhook_state(webhook_id), "cursor")
            try:
                needs = _after(cursor or _START)
            except ValueError:
                # A damaged record needs nothing that could be told.
                continue
            behind_s = self._behind_s(self._keys.changes, needs, now_s)
            yield StreamReader(webhook_id, "webhook", "changes", needs, behind_s, behind_s)

    def _told(self, ask: Any, *arguments: Any) -> list[dict[str, Any]]:
        """What the server tells of groups or consumers; nothing where they went meanwhile."""
        try:
            found: list[dict[str, Any]] = ask(*arguments)
        except redis.ResponseError as error:
            if not str(error).startswith(("NOGROUP", "no such key")):
                raise
            return []
        return found

    def _behind_s(self, key: str, needs: bytes, now_s: float) -> float:
        page = self._client.xrange(key, needs, b"+", count=1)
        return max(now_s - _order(page[0][0])[0] / 1000, 0.0) if page else 0.0


def lower_id(one: str, other: bytes | None) -> str:
    """The lower one of two ids of entries."""
    return one if other is None or _order(one.encode()) <= _order(other) else other.decode()


def _order(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)


def _after(entry_id: bytes) -> bytes:
    """The id right after another one."""
    milliseconds, number = _order(entry_id)
    return b"%d-%d" % (milliseconds, number + 1)
