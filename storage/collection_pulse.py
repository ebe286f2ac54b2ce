"""What there is to say of a collection at any moment, for little work: for whoever watches over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis

from storage.commands import commands_of
from storage.errors import RecordError
from storage.keys import Keys
from storage.recluster_record import ReclusterRecord
from storage.sample_queue import GROUP
from storage.stream_readers import StreamReader, StreamReaders


@dataclass(frozen=True, slots=True)
class CollectionPulse:
    """How a collection and its queue are doing. Read in a few round trips, however large it is.

    Attributes:
        people: People there are.
        named: Those who have a name.
        ignored: Those whom lists leave out.
        tracks: Tracks.
        provisional: Those of which a re-cluster may still correct whose they are.
        sources: Sources.
        waiting: Entries of `samples` that have had no effect yet.
        pending: Those of them that a cluster worker has been handed.
        oldest_s: Age of the oldest of them, s; 0 where there is none.
        led: Whether a cluster worker is in charge.
        dead: Dead letters.
        dead_added: Dead letters that there ever were; None where the server doesn't tell.
        changes: Events in the stream `changes`.
        readers: Who reads its streams, and how far they are.
        reclustered: What the last re-cluster did; None before the first.
    """

    people: int = 0
    named: int = 0
    ignored: int = 0
    tracks: int = 0
    provisional: int = 0
    sources: int = 0
    waiting: int = 0
    pending: int = 0
    oldest_s: float = 0.0
    led: bool = False
    dead: int = 0
    dead_added: int | None = None
    changes: int = 0
    readers: tuple[StreamReader, ...] = ()
    reclustered: ReclusterRecord | None = None


def read_pulse(client: redis.Redis, keys: Keys) -> CollectionPulse:
    """Look at a collection.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """
    asked: tuple[tuple[str | int, ...], ...] = (
        ("ZCARD", keys.identities),
        ("HLEN", keys.names),
        ("SCARD", keys.ignored),
        ("SCARD", keys.tracks),
        ("SCARD", keys.provisional),
        ("SCARD", keys.sources),
        ("XLEN", keys.samples),
        ("XPENDING", keys.samples, GROUP),
        ("XRANGE", keys.samples, "-", "+", "COUNT", 1),
        ("EXISTS", keys.leader),
        ("XLEN", keys.dead),
        ("XINFO STREAM", keys.dead),
        ("XLEN", keys.changes),
        ("XREVRANGE", keys.reclusters, "+", "-", "COUNT", 1),
        ("TIME",),
    )
    with commands_of(client).pipeline(transaction=False) as pipe:
        for command in asked:
            pipe.execute_command(*command)
        replies = _execute(pipe)
    counts = [reply if isinstance(reply, int) else 0 for reply in replies]
    oldest, stream, last = replies[8], replies[11], replies[13]
    return CollectionPulse(
        people=counts[0],
        named=counts[1],
        ignored=counts[2],
        tracks=counts[3],
        provisional=counts[4],
        sources=counts[5],
        waiting=counts[6],
        pending=_pending(replies[7]),
        oldest_s=_age_s(oldest, replies[14]),
        led=bool(replies[9]),
        dead=counts[10],
        dead_added=0 if isinstance(stream, redis.ResponseError) else _added(stream),
        changes=counts[12],
        readers=tuple(StreamReaders(client, keys).all()),
        reclustered=_recluster(last),
    )


def _execute(pipe: Any) -> list[Any]:
    # A stream or a group that isn't there yet is an error of its own command alone.
    replies: list[Any] = pipe.execute(raise_on_error=False)
    for reply in replies:
        if isinstance(reply, redis.RedisError) and not isinstance(reply, redis.ResponseError):
            raise reply
        if isinstance(reply, redis.ResponseError) and not str(reply).startswith(("NOGROUP", "no such key")):
            raise reply
    return replies


def _pending(reply: Any) -> int:
    return int(reply["pending"]) if isinstance(reply, dict) else 0


def _age_s(entries: Any, now: Any) -> float:
    if not entries or isinstance(entries, redis.ResponseError):
        return 0.0
    began_ms = int(entries[0][0].split(b"-")[0])
    seconds, microseconds = now
    return max(float(seconds + microseconds / 1e6 - began_ms / 1e3), 0.0)


def _added(facts: Any) -> int | None:
    added = facts.get("entries-added") if isinstance(facts, dict) else None
    return None if added is None else int(added)


def _recluster(entries: Any) -> ReclusterRecord | None:
    if not entries or isinstance(entries, redis.ResponseError):
        return None
    try:
        return ReclusterRecord.decode(entries[0][1])
    except RecordError:
        return None
