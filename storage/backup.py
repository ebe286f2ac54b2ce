"""A collection out of Redis, into a backup."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import redis

from storage.archive import KINDS, Row, Tell
from storage.archive_writer import ArchiveWriter
from storage.catalogue import SCAN_COUNT, key_prefix
from storage.commands import commands_of
from storage.hold import Hold

# Keys read in one round trip, and members of a large one.
_CHUNK = 200
_PAGE = 1000
# Entries of a stream; those of `samples` hold pictures.
_STREAM_PAGE = 200
_SCANS = {"hash": "HSCAN", "set": "SSCAN", "zset": "ZSCAN"}


def save_collection(client: redis.Redis, hold: Hold, writer: ArchiveWriter, tell: Tell) -> None:
    """Copy all keys of a collection, as they are while it is held.

    What a run sends meanwhile may be in it or not. Left out are its lease, consumer groups, which the next
    run makes, what a change of its models has got ready so far, which can be done again, jobs, whose files
    lie beside one server, who has which camera, and delivers to webhooks, at this moment, and tokens with
    their sessions. URLs of cameras and webhooks stay sealed.

    Args:
        client: Connection to Redis.
        hold: Hold on the collection.
        writer: Takes the keys in.
        tell: Is told how far it is.

    Raises:
        LeaseLostError: If the hold was lost in between: what was copied is not of one moment then.
    """
    source = _Source(client, key_prefix(hold.keys).encode(), writer)
    keys = hold.keys
    passing = {
        keys.leader,
        keys.leader_wanted,
        keys.reembed,
        keys.reembed_vectors,
        keys.workers,
        keys.jobs,
        keys.looking,
        keys.webhook_lease,
    }
    # A token that was removed since must not come back with a backup.
    passing |= {keys.tokens, keys.tokens_used, keys.sessions}
    source.list_keys(lambda name: name in passing or keys.is_passing(name))
    total, done = writer.records, 0
    for chunk in writer.listed(_CHUNK):
        tell("reading", done, total)
        source.copy(chunk)
        done += len(chunk)
    hold.check()


class _Source:
    """Keys of one collection, read page by page."""

    def __init__(self, client: redis.Redis, prefix: bytes, writer: ArchiveWriter) -> None:
        self._client = commands_of(client)
        self._prefix = prefix
        self._writer = writer

    def list_keys(self, is_passing: Callable[[str], bool]) -> None:
        """Note all keys but those that pass by themselves; a scan may come upon one more than once."""
        for kind in KINDS:
            found = self._client.scan_iter(f"{self._prefix.decode()}*", SCAN_COUNT, kind)
            kept = (name for name in found if not is_passing(name.decode("utf-8", "replace")))
            self._writer.list_records(kind, (name[len(self._prefix) :] for name in kept))

    def copy(self, chunk: Iterable[tuple[int, bytes, str]]) -> None:
        """Copy what some keys hold."""
        # Where each of them is to be read on from.
        places: list[tuple[int, bytes, str, int]] = []
        for number, key, kind in chunk:
            if kind == "stream":
                self._copy_stream(number, self._prefix + key)
            else:
                places.append((number, self._prefix + key, kind, 0))
        while places:
            with self._client.pipeline(transaction=False) as pipe:
                for _, name, kind, cursor in places:
                    if kind == "string":
                        pipe.execute_command("GET", name)
                    else:
                        pipe.execute_command(_SCANS[kind], name, cursor, "COUNT", _PAGE)
                replies = pipe.execute()
            self._writer.add(
                (number, *row)
                for (number, _, kind, _), reply in zip(places, replies, strict=True)
                for row in _rows(kind, reply if kind == "string" else reply[1])
            )
            places = [
                (number, name, kind, reply[0])
                for (number, name, kind, _), reply in zip(places, replies, strict=True)
                if kind != "string" and reply[0] != 0
            ]

    def _copy_stream(self, number: int, name: bytes) -> None:
        last_id: bytes = self._client.execute_command("XINFO STREAM", name)["last-generated-id"]
        self._writer.set_last_id(number, last_id)
        first = b"-"
        # Not beyond what was there at first: senders may be quicker.
        while page := self._client.xrange(name.decode(), first, last_id, count=_STREAM_PAGE):
            self._writer.add(
                (number, entry_id, field, value)
                for entry_id, raw in page
                for field, value in (raw or {}).items()
            )
            first = b"(" + page[-1][0]


def _rows(kind: str, found: Any) -> list[Row]:
    """A reply as rows; its shape follows from the kind."""
    match kind:
        case "string":
            # It may have expired, or gone, since it was listed.
            return [] if found is None else [(b"", b"", found)]
        case "hash":
            return [(b"", field, value) for field, value in found.items()]
        case "set":
            return [(member, b"", b"") for member in found]
        case _:
            return [(member, b"", repr(score).encode()) for member, score in found]
