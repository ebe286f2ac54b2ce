"""Who reads the streams `changes` and `faces`, and how far they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from storage.commands import commands_of
from storage.entry_id import HIGHEST, is_entry_id, order
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
        """Every one, by stream and name; in three round trips, however many there are."""
        *groups, (seconds, microseconds), webhooks = self._ask(
            [
                *(("XINFO GROUPS", key) for key in self._streams.values()),
                ("TIME",),
                ("SMEMBERS", self._keys.webhooks),
            ]
        )
        now_s = seconds + microseconds / 1e6
        found = [*self._groups(groups), *self._webhooks(sorted(name.decode() for name in webhooks or ()))]
        firsts = self._ask(
            [("XRANGE", self._streams[one.stream], one.needs, "+", "COUNT", 1) for one in found]
        )
        readers = [one.reader(first, now_s) for one, first in zip(found, firsts, strict=True)]
        return sorted(readers, key=lambda reader: (reader.stream, reader.kind, reader.name))

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
        return min(needs, key=order) if needs else None

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
        told = self._ask([("XINFO GROUPS", key) for key in self._streams.values()])
        return [
            (stream, group["name"])
            for stream, groups in zip(self._streams, told, strict=True)
            for group in groups or ()
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

    def _groups(self, told: Sequence[Any]) -> list[_Found]:
        """Consumer groups, as far as they are read of.

        Args:
            told: What the server tells of those of each stream.
        """
        named = [
            (stream, group)
            for stream, groups in zip(self._streams, told, strict=True)
            for group in groups or ()
        ]
        answers = iter(
            self._ask(
                [
                    (asked, self._streams[stream], group["name"])
                    for stream, group in named
                    for asked in ("XPENDING", "XINFO CONSUMERS")
                ]
            )
        )
        found = []
        for (stream, group), pending, consumers in zip(named, answers, answers, strict=True):
            first = pending["min"] if pending else None
            idle_s = [row["idle"] / 1000 for row in consumers or ()]
            needs = first or _after(group["last-delivered-id"])
            found.append(_Found(group["name"].decode("utf-8", "replace"), "group", stream, needs, idle_s))
        return found

    def _webhooks(self, webhook_ids: Sequence[str]) -> list[_Found]:
        cursors = self._ask(
            [("HGET", self._keys.webhook_state(webhook_id), "cursor") for webhook_id in webhook_ids]
        )
        found = []
        for webhook_id, cursor in zip(webhook_ids, cursors, strict=True):
            # A damaged record needs nothing that could be told.
            with contextlib.suppress(ValueError):
                found.append(_Found(webhook_id, "webhook", "changes", _after(cursor or _START)))
        return found

    def _ask(self, asked: Sequence[tuple[str | bytes | int, ...]]) -> list[Any]:
        """The replies to commands that are sent together; None where a stream or a group isn't there."""
        if not asked:
            return []
        with self._client.pipeline(transaction=False) as pipe:
            for command in asked:
                pipe.execute_command(*command)
            # A stream or a group that isn't there is an error of its own command alone.
            replies: list[Any] = cast(Any, pipe).execute(raise_on_error=False)
        for reply in replies:
            if isinstance(reply, Exception) and not _is_missing(reply):
                raise reply
        return [None if isinstance(reply, Exception) else reply for reply in replies]


@dataclass(frozen=True, slots=True)
class _Found:
    """A reader of whom is not known yet how far it is behind.

    Attributes:
        name: As those of `StreamReader`.
        kind: The same.
        stream: The same.
        needs: The same.
        idle_s: For how long each of those has not read who read for it.
    """

    name: str
    kind: str
    stream: str
    needs: bytes
    idle_s: Sequence[float] = ()

    def reader(self, first: Sequence[tuple[bytes, object]] | None, now_s: float) -> StreamReader:
        """The same with that: `first` is the first entry that it needs, if there is one."""
        behind_s = max(now_s - order(first[0][0])[0] / 1000, 0.0) if first else 0.0
        return StreamReader(
            self.name, self.kind, self.stream, self.needs, behind_s, min([behind_s, *self.idle_s])
        )


def _is_missing(error: Exception) -> bool:
    return isinstance(error, redis.ResponseError) and str(error).startswith(("NOGROUP", "no such key"))


def lower_id(one: str, other: bytes | None) -> str:
    """The lower one of two ids of entries."""
    return one if other is None or order(one) <= order(other) else other.decode()


def _after(entry_id: bytes) -> bytes:
    """The id right after another one; the highest that there is stays.

    Raises:
        ValueError: It is no id of an entry.
    """
    if not is_entry_id(entry_id.decode("ascii")):
        raise ValueError(f"{entry_id!r} is no id of an entry")
    milliseconds, number = order(entry_id)
    if number < HIGHEST:
        return b"%d-%d" % (milliseconds, number + 1)
    return b"%d-0" % (milliseconds + 1) if milliseconds < HIGHEST else entry_id
