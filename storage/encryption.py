"""A collection whose faces get encrypted, get another key, or stand open again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import redis

from storage.archive import Tell
from storage.catalogue import SCAN_COUNT, key_prefix
from storage.commands import Hash, Value, commands_of
from storage.data_keys import (
    DataKeys,
    DataSeal,
    crop_context,
    kept_out_context,
    sealed_with,
    template_context,
    vector_context,
)
from storage.errors import RecordError
from storage.hold import Hold
from storage.keys import Keys
from storage.optimistic import begin_collection

# Samples that are rewritten in one step, with pictures of some 8 kB.
_SAMPLES = 200
_TEMPLATES = 2000
_DEAD = 100

T = TypeVar("T")

# An entry of a stream can't be changed, only be replaced; not if somebody has dropped it since.
_REPLACE = """
if redis.call('XDEL', KEYS[1], ARGV[1]) == 1 then
    redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))
end
"""


@dataclass(frozen=True, slots=True)
class Encryption:
    """What `meta` says of the encryption of a collection.

    Attributes:
        key_id: Id of the key that new values are sealed with; empty where they are not.
        before: Id of the key that older values may be sealed with still, or empty where those may stand
            open; None unless a change was begun and is not finished.
    """

    key_id: str
    before: str | None

    @classmethod
    def of(cls, client: redis.Redis, keys: Keys) -> Encryption:
        """Read it; a collection that is not there is not encrypted."""
        now, before = commands_of(client).hmget(keys.meta, ["data_key", "data_key_before"])
        return cls((now or b"").decode(), None if before is None else before.decode())


@dataclass(slots=True)
class Rewritten:
    """What a change of the encryption has written anew.

    Attributes:
        samples: Faces.
        templates: Mean vectors of tracks, and what is kept of each person who is kept out.
        dead: Entries that could not be taken in.
        damaged: Values that don't open and stay as they are.
    """

    samples: int = 0
    templates: int = 0
    dead: int = 0
    damaged: int = 0


def begin_change(client: redis.Redis, hold: Hold, key_id: str) -> int:
    """Say with which key everything is sealed from now on; what is there is left to `rewrite`.

    The log `faces` is emptied in the same step, as entries can't be changed.

    Args:
        client: Connection to Redis.
        hold: Hold on the collection.
        key_id: Id of the key; empty to leave values as they are.

    Returns:
        Number of entries of `faces` that are gone.

    Raises:
        CollectionBusyError: If something waits for a cluster worker, or its models are being changed.
        LeaseLostError: If the hold was lost.
    """
    keys = hold.keys
    before = Encryption.of(client, keys).key_id
    logged = commands_of(client).xlen(keys.faces)
    with hold.step(staged={}) as pipe:
        begin_collection(pipe, keys)
        pipe.hset(keys.meta, mapping={"data_key": key_id, "data_key_before": before})
        pipe.execute_command("XTRIM", keys.faces, "MAXLEN", 0)
        if not key_id:
            pipe.hdel(keys.meta, "data_key")
    return logged


def end_change(hold: Hold) -> None:
    """Say that nothing is left of before, neither in Redis nor in files."""
    with hold.step() as pipe:
        pipe.hdel(hold.keys.meta, "data_key_before")


def rewrite(client: redis.Redis, hold: Hold, data_keys: DataKeys, tell: Tell) -> Rewritten:
    """Write all faces anew that are not sealed with the key of the collection, page by page.

    What was stopped in between is gone on with: what is done already is looked at, and left alone.

    Args:
        client: Connection to Redis.
        hold: Hold on the collection.
        data_keys: The keys, that of the collection and those of before.
        tell: Is told how far it is.

    Raises:
        DataKeyError: If one of the keys is not here.
        LeaseLostError: If the hold was lost.
    """
    name = commands_of(client).hget(hold.keys.meta, "data_key")
    return _Rewriting(client, hold, data_keys, data_keys.sealing(name), tell).run()


class _Rewriting:
    def __init__(
        self, client: redis.Redis, hold: Hold, data_keys: DataKeys, seal: DataSeal, tell: Tell
    ) -> None:
        self._client = commands_of(client)
        self._hold = hold
        self._keys = hold.keys
        self._data_keys = data_keys
        self._seal = seal
        self._tell = tell
        self._done = Rewritten()

    def run(self) -> Rewritten:
        self._samples()
        self._vectors(self._keys.templates, template_context)
        self._vectors(self._keys.kept_out, kept_out_context)
        self._dead()
        return self._done

    def _samples(self) -> None:
        prefix = f"{key_prefix(self._keys)}sample:"
        total, seen = sum(1 for _ in self._client.scan_iter(f"{prefix}*", SCAN_COUNT, "hash")), 0
        for names in _paged(self._client.scan_iter(f"{prefix}*", SCAN_COUNT, "hash"), _SAMPLES):
            self._tell("rewriting faces", seen, total)
            seen += len(names)
            with self._client.pipeline(transaction=False) as read:
                for name in names:
                    read.hmget(name.decode(), ["vector", "crop_jpeg"])
                rows: list[list[bytes | None]] = read.execute()
            with self._hold.step() as pipe:
                for name, (vector, crop) in zip(names, rows, strict=True):
                    sample_id = name.decode().removeprefix(prefix)
                    fields = self._fields(sample_id, {b"vector": vector or b"", b"crop_jpeg": crop or b""})
                    if fields:
                        pipe.execute_command("HSET", name, *_words(fields))
                        self._done.samples += 1

    def _vectors(self, key: str, context: Callable[[str], str]) -> None:
        """Those of a hash, with what binds each of them to its field."""
        total = self._client.hlen(key)
        cursor, seen = 0, 0
        while True:
            self._tell("rewriting templates", seen, total)
            cursor, page = self._client.hscan(key, cursor, count=_TEMPLATES)
            seen += len(page)
            rows = {
                name: row
                for name, old in page.items()
                if (row := self._renewed(old, context(name.decode()))) is not None
            }
            if rows:
                with self._hold.step() as pipe:
                    pipe.execute_command("HSET", key, *_words(rows))
                self._done.templates += len(rows)
            if cursor == 0:
                return

    def _dead(self) -> None:
        # Those that are written anew come behind the others: not twice.
        newest = self._client.xrevrange(self._keys.dead, count=1)
        if not newest:
            return
        for page in _paged(self._entries(newest[0][0]), _DEAD):
            with self._hold.step() as pipe:
                for entry_id, raw in page:
                    sample_id = raw.get(b"sample_id", b"").decode("utf-8", "replace")
                    if changed := self._fields(sample_id, raw):
                        words = _words({**raw, **changed})
                        pipe.execute_command("EVAL", _REPLACE, 1, self._keys.dead, entry_id, *words)
                        self._done.dead += 1

    def _entries(self, last: bytes) -> Iterator[tuple[bytes, Hash]]:
        first = b"-"
        while page := self._client.xrange(self._keys.dead, first, last, count=_DEAD):
            yield from ((entry_id, raw) for entry_id, raw in page if raw is not None)
            first = b"(" + page[-1][0]

    def _fields(self, sample_id: str, raw: Hash) -> Hash:
        """Vector and picture of a face, sealed anew; those that need not be are left out."""
        contexts: dict[bytes, Callable[[str], str]] = {b"vector": vector_context, b"crop_jpeg": crop_context}
        found: Hash = {}
        for name, context in contexts.items():
            value = self._renewed(raw.get(name, b""), context(sample_id))
            if value is not None:
                found[name] = value
        return found

    def _renewed(self, value: bytes, context: str) -> bytes | None:
        """A value sealed with the key of now; None where it is, or can't be."""
        if not value or sealed_with(value) == self._seal.key_id:
            return None
        try:
            return self._seal.seal(self._data_keys.open(value, context), context)
        except RecordError:
            self._done.damaged += 1
            return None


def _words(fields: Hash) -> list[Value]:
    return [word for pair in fields.items() for word in pair]


def _paged(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while page := list(islice(left, size)):
        yield page
