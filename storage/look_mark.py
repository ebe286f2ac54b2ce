"""A mark for the time in which a source is looked at; one that is left over tells of a process that died."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import redis

from storage.commands import commands_of
from storage.keys import Keys
from storage.living_process import is_alive, own_process

_DEATHS = 2
_TOKEN_BYTES = 8


class LookMark:
    """Says that a source is looked at, and after a death at which frame; a context manager.

    A process that is killed, or crashes in a model, leaves its mark behind. Who then looks at the source
    writes down each frame before it looks at it. A frame over which two have died so is to be left out, as
    a third would. Where nobody died, that costs four commands per source. The mark of a process that lives,
    on this host, tells of no death: two may look at one source at the same time.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        source_id: The source.
    """

    def __init__(self, client: redis.Redis, keys: Keys, source_id: str) -> None:
        self._client = commands_of(client)
        self._key = keys.looking
        self._source_id = source_id
        self._deaths: Counter[int] = Counter()
        self._careful = False
        self._process, self._token = "", ""

    @property
    def careful(self) -> bool:
        """Whether each frame is written down before it is looked at, as somebody has died over one."""
        return self._careful

    def is_deadly(self, index: int) -> bool:
        """Whether a frame is to be left out."""
        return self._deaths[index] >= _DEATHS

    def at(self, index: int) -> None:
        """This frame is looked at next."""
        if self._careful:
            self._write(index)

    def __enter__(self) -> Self:
        """Leave a mark, and see whether there is one already."""
        # Of the process that looks, which may be a fork of the one that made this.
        self._process, self._token = own_process(), secrets.token_hex(_TOKEN_BYTES)
        left = self._client.hget(self._key, self._source_id)
        found = _Mark() if left is None else _decode(left)
        lives = is_alive(found.process)
        self._deaths = found.died
        if found.at is not None and not lives:
            self._deaths[found.at] += 1
        self._careful = bool(self._deaths) or (left is not None and not lives)
        self._write(None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Take the mark away: whoever gets here has not died."""
        # What went wrong says more than that the server is away; the mark only makes the next one careful.
        with contextlib.suppress(*(() if kind is None else (redis.RedisError,))):
            left = self._client.hget(self._key, self._source_id)
            # That of somebody who came later must tell of their death, should they die.
            if left is not None and _decode(left).token in ("", self._token):
                self._client.hdel(self._key, self._source_id)

    def _write(self, at: int | None) -> None:
        died = {str(index): count for index, count in self._deaths.items()}
        told = {"at": at, "died": died, "process": self._process, "token": self._token}
        self._client.hset(self._key, self._source_id, json.dumps(told))


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a mark says; nothing, where it can't be read, which costs nothing but time."""

    at: int | None = None
    died: Counter[int] = field(default_factory=Counter)
    process: str = ""
    token: str = ""


def _decode(raw: bytes) -> _Mark:
    try:
        said = json.loads(raw)
        at = said["at"]
        return _Mark(
            None if at is None else int(at),
            Counter({int(k): int(v) for k, v in said["died"].items()}),
            str(said.get("process", "")),
            str(said.get("token", "")),
        )
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return _Mark()
