"""A collection out of a backup, into Redis."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import redis

from storage.archive import Row, Tell
from storage.archive_reader import ArchiveReader
from storage.catalogue import key_prefix
from storage.commands import Value, commands_of
from storage.entry_id import order
from storage.erasure import erase_keys
from storage.errors import CollectionBusyError, LeaseLostError
from storage.hold import Hold
from storage.keys import Keys
from storage.lease import LARGE_STEP_S

_PAGE = 1000
# What is sent in one step. Each step is synced to the disk once.
_STEP_BYTES = 2_000_000
_STEP_COMMANDS = 2000
# Keys without an id that nobody reads without the others.
_EARLY = frozenset({b"next_identity", b"templates"})

# Who may come in is no matter of what somebody else wrote into a file.
_NEVER = frozenset({b"tokens", b"tokens:used", b"sessions"})

Command = tuple[Value, ...]


def stream_ends(client: redis.Redis, keys: Keys) -> dict[bytes, bytes]:
    """Newest id that each stream of a collection for others has given; readers wait for later ones."""
    commands = commands_of(client)
    ends = {}
    for name in (keys.changes, keys.faces, keys.reclusters):
        if commands.exists(name):
            facts = commands.execute_command("XINFO STREAM", name)
            ends[name.removeprefix(key_prefix(keys)).encode()] = facts["last-generated-id"]
    return ends


def load_collection(
    client: redis.Redis, hold: Hold, reader: ArchiveReader, ends: Mapping[bytes, bytes], tell: Tell
) -> None:
    """Write what a backup holds into a collection that is not there.

    Lists of ids, sources and `meta` are written last, in one step: before it, there is no collection, and
    nobody comes upon what is there of it. Where that step is not reached, what was written is deleted.

    Args:
        client: Connection to Redis.
        hold: Hold on the collection.
        reader: The backup.
        ends: Newest id that each stream had given before; those of the backup go on behind it.
        tell: Is told how far it is.

    Raises:
        LeaseLostError: If the hold was lost in between.
        CollectionBusyError: If a run began to process into the collection meanwhile.
    """
    counted = commands_of(client).exists(hold.keys.next_identity)
    try:
        _load(_Target(client, hold), reader, ends, tell)
    except CollectionBusyError:
        # Keys of somebody else are among ours now.
        raise
    except BaseException:
        # What stays where this fails as well is deleted by the next restore.
        with contextlib.suppress(redis.RedisError, LeaseLostError):
            erase_keys(client, hold, (hold.keys.next_identity,) if counted else ())
        raise


def _load(target: _Target, reader: ArchiveReader, ends: Mapping[bytes, bytes], tell: Tell) -> None:
    late: list[Command] = []
    done, last = 0, b""
    for key, kind, rows in reader.pieces(_PAGE):
        if key != last:
            tell("writing", done, reader.records)
            done, last = done + 1, key
        if key in _NEVER:
            continue
        if key == b"next_identity":
            target.raise_counter(int(rows[0][2]))
            continue
        command = _command(target.name(key), kind, rows)
        if _is_late(key, kind):
            late.append(command)
        else:
            target.add(command)
    for key, last_id in reader.streams():
        target.end_stream(key, max(last_id, ends.get(key, b"0-0"), key=order))
    target.flush()
    target.finish(late)


class _Target:
    """Keys of one collection, written step by step."""

    def __init__(self, client: redis.Redis, hold: Hold) -> None:
        self._client = commands_of(client)
        self._hold = hold
        self._prefix = key_prefix(hold.keys).encode()
        self._commands: list[Command] = []
        self._bytes = 0

    def name(self, key: bytes) -> bytes:
        """The whole name of a key."""
        return self._prefix + key

    def add(self, command: Command) -> None:
        """Put a command behind the others."""
        self._commands.append(command)
        self._bytes += sum(len(word) for word in command if isinstance(word, bytes))
        if self._bytes >= _STEP_BYTES or len(self._commands) >= _STEP_COMMANDS:
            self.flush()

    def flush(self) -> None:
        """Have all commands take effect."""
        if self._commands:
            with self._hold.step() as pipe:
                for command in self._commands:
                    pipe.execute_command(*command)
        self._commands, self._bytes = [], 0

    def raise_counter(self, number: int) -> None:
        """Let no id of a person be given twice: neither those of the backup nor those given before."""
        before = int(self._client.get(self._hold.keys.next_identity) or 0)
        self.add(("SET", self._hold.keys.next_identity, max(number, before)))

    def end_stream(self, key: bytes, last_id: bytes) -> None:
        """Let a stream, which may be empty, go on behind an id."""
        # Nothing else makes an empty stream.
        self.add(("XGROUP", "CREATE", self.name(key), "restored", "$", "MKSTREAM"))
        self.add(("XGROUP", "DESTROY", self.name(key), "restored"))
        self.add(("XSETID", self.name(key), last_id))

    def finish(self, commands: list[Command]) -> None:
        """Make the collection appear."""
        with self._hold.step(without=self._hold.keys.meta, within_s=LARGE_STEP_S) as pipe:
            for command in commands:
                pipe.execute_command(*command)


def _is_late(key: bytes, kind: str) -> bool:
    first, colon, _ = key.partition(b":")
    if colon:
        return first == b"source" and kind == "hash"
    return kind != "stream" and key not in _EARLY


def _command(name: bytes, kind: str, rows: list[Row]) -> Command:
    match kind:
        case "string":
            return ("SET", name, rows[0][2])
        case "hash":
            return ("HSET", name, *(word for _, field, value in rows for word in (field, value)))
        case "set":
            return ("SADD", name, *(member for member, _, _ in rows))
        case "zset":
            return ("ZADD", name, *(word for member, _, score in rows for word in (score, member)))
        case _:
            return ("XADD", name, rows[0][0], *(word for _, field, value in rows for word in (field, value)))
