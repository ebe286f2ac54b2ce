"""Which people have changed, found out with little work: what others write is not always told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import redis

from storage.commands import Hash, commands_of
from storage.keys import Keys

# Fields of the overview read in one round trip: 2 MB or so, a few milliseconds of the server's time.
_PAGE = 2000
_META = ("created_at_s", "model_id", "decisions_applied")


class Pulse(NamedTuple):
    """Numbers of a collection that change where it does.

    Attributes:
        created_at_s: When it was made, as it is written; empty where it is not there.
        model_id: Embedding space of all vectors.
        decisions: Number of decisions.
        decisions_applied: The last one that the cluster worker has carried out.
        recluster: Id of the last entry of `reclusters`.
        people: Number of people.
        names: Number of people with names.
        ignored: Number of people whom lists leave out.
        provisional: Number of provisional tracks.
        sources: Number of sources.
        tracks: Number of tracks.
        vectors: Number of tracks that can be searched.
        cameras: Number of cameras.
    """

    created_at_s: bytes = b""
    model_id: bytes = b""
    decisions: int = 0
    decisions_applied: bytes = b""
    recluster: bytes = b""
    people: int = 0
    names: int = 0
    ignored: int = 0
    provisional: int = 0
    sources: int = 0
    tracks: int = 0
    vectors: int = 0
    cameras: int = 0


class Overview:
    """The hash `people` of one collection and the numbers around it, to be looked at again and again.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys

    def pulse(self) -> Pulse:
        """The numbers, all of the same moment."""
        keys = self._keys
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(keys.meta, [*_META])
            pipe.execute_command("HLEN", keys.decisions)
            pipe.execute_command("XREVRANGE", keys.reclusters, "+", "-", "COUNT", 1)
            pipe.execute_command("HLEN", keys.people)
            pipe.execute_command("HLEN", keys.names)
            for name in (keys.ignored, keys.provisional, keys.sources, keys.tracks):
                pipe.scard(name)
            pipe.execute_command("HLEN", keys.templates)
            pipe.scard(keys.cameras)
            meta, decisions, reclusters, *counts = pipe.execute()
        created_at_s, model_id, applied = (value or b"" for value in meta)
        return Pulse(
            created_at_s, model_id, decisions, applied, reclusters[0][0] if reclusters else b"", *counts
        )

    def rows(self) -> Iterator[Hash]:
        """Values of all people, page by page; somebody may come twice, and whoever comes or goes not at all."""
        cursor = 0
        while True:
            cursor, page = self._client.hscan(self._keys.people, cursor, count=_PAGE)
            yield page
            if cursor == 0:
                return
