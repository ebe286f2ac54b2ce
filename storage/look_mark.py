"""A mark for the time in which a source is looked at; one that is left over tells of a process that died."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from typing import Self

import redis

from storage.commands import commands_of
from storage.keys import Keys

_DEATHS = 2


class LookMark:
    """Says that a source is looked at, and after a death at which frame; a context manager.

    A process that is killed, or crashes in a model, leaves its mark behind. Who then looks at the source
    writes down each frame before it looks at it. A frame over which two have died so is to be left out, as
    a third would. Where nobody died, that costs two commands per source.

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
        left = self._client.hget(self._key, self._source_id)
        self._careful = left is not None
        at, self._deaths = _decode(left or b"")
        if at is not None:
            self._deaths[at] += 1
        self._write(None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Take the mark away: whoever gets here has not died."""
        # What went wrong says more than that the server is away; the mark only makes the next one careful.
        with contextlib.suppress(*(() if kind is None else (redis.RedisError,))):
            self._client.hdel(self._key, self._source_id)

    def _write(self, at: int | None) -> None:
        died = {str(index): count for index, count in self._deaths.items()}
        self._client.hset(self._key, self._source_id, json.dumps({"at": at, "died": died}))


def _decode(raw: bytes) -> tuple[int | None, Counter[int]]:
    """The frame and the deaths of a mark; nothing of one that can't be read, which costs nothing but time."""
    try:
        said = json.loads(raw)
        at = said["at"]
        return None if at is None else int(at), Counter({int(k): int(v) for k, v in said["died"].items()})
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None, Counter()
