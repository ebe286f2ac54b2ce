"""Which collections a server holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import redis

from storage.commands import Commands, Hash, commands_of
from storage.errors import RecordError
from storage.fields import unix_time
from storage.keys import Keys
from storage.recluster_record import DEFAULT_CLUSTERING

SCAN_COUNT = 1000
"""Keys that the server looks at in one step of a scan."""

_META = re.compile(r"fs:\{(.+)\}:meta")
# Collections counted in one round trip.
_CHUNK = 200


def key_prefix(keys: Keys) -> str:
    """What all keys of a collection begin with; a name can hold no character that a pattern minds."""
    return keys.meta.removesuffix("meta")


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """What there is to say of a collection at a glance.

    Attributes:
        name: Its name.
        people: Number of people.
        tracks: Number of tracks.
        sources: Number of videos, photos, and cameras that something was looked at of.
        created_at_s: Unix time of the first run or camera, or None where that isn't known.
        pack: Model pack of the first run, or empty.
        licence: Licence of that pack, as SPDX writes it, or empty.
        commercial_use: Whether the pack may be used in business, or None where that isn't known.
        model_id: Embedding space of all vectors, or empty.
        schema: Version of its layout, or empty.
        clustering: How its tracks are grouped into people.
        leftover: Whether it is no collection, but what a restore left that was killed.
        cameras: Number of cameras.
    """

    name: str
    people: int
    tracks: int
    sources: int
    created_at_s: float | None = None
    pack: str = ""
    licence: str = ""
    commercial_use: bool | None = None
    model_id: str = ""
    schema: str = ""
    clustering: str = DEFAULT_CLUSTERING
    leftover: bool = False
    cameras: int = 0

    @property
    def created_at(self) -> datetime | None:
        """Date of the first run, in UTC."""
        return None if self.created_at_s is None else datetime.fromtimestamp(self.created_at_s, UTC)


class Catalogue:
    """The collections of a server.

    Args:
        client: Connection to Redis.
        primaries: Clients of all servers that hold collections, where they lie on several
            (`RedisHandle.primaries`).
    """

    def __init__(
        self, client: redis.Redis, primaries: Callable[[], Iterable[redis.Redis]] | None = None
    ) -> None:
        self._client = commands_of(client)
        self._primaries = primaries or (lambda: (client,))

    def names(self) -> list[str]:
        """Names of all collections, sorted."""
        return sorted({name for client in self._primaries() for name in _names(commands_of(client))})

    def infos(self) -> list[CollectionInfo]:
        """All collections, sorted by name."""
        found: dict[str, CollectionInfo] = {}
        for client in map(commands_of, self._primaries()):
            names = sorted(_names(client))
            for start in range(0, len(names), _CHUNK):
                chunk = [Keys(name) for name in names[start : start + _CHUNK]]
                # One that was dropped since the scan is no more.
                found |= {info.name: info for info in _read(client, chunk) if not info.leftover}
        return [found[name] for name in sorted(found)]

    def find(self, keys: Keys) -> CollectionInfo | None:
        """The collection that the connection is for, or what a restore left that was killed.

        Returns:
            None where there is nothing.
        """
        info = self.info(keys)
        return None if info.leftover and not self._has_keys(keys) else info

    def info(self, keys: Keys) -> CollectionInfo:
        """The collection that the connection is for; one that is not there is a `leftover` of nothing."""
        (info,) = _read(self._client, [keys])
        return info

    def _has_keys(self, keys: Keys) -> bool:
        leader = keys.leader.encode()
        return any(key != leader for key in self._client.scan_iter(key_prefix(keys) + "*", SCAN_COUNT))


def _names(client: Commands) -> set[str]:
    """Names of the collections that one server holds."""
    found: set[str] = set()
    for key in client.scan_iter("fs:{*}:meta", SCAN_COUNT, "hash"):
        match = _META.fullmatch(key.decode("utf-8", "replace"))
        if match is not None and Keys.allow(match[1]):
            found.add(match[1])
    return found


def _read(client: Commands, collections: Sequence[Keys]) -> list[CollectionInfo]:
    with client.pipeline(transaction=False) as pipe:
        for keys in collections:
            pipe.zcard(keys.identities)
            pipe.scard(keys.tracks)
            pipe.scard(keys.sources)
            pipe.scard(keys.cameras)
            pipe.hgetall(keys.meta)
        replies = pipe.execute()
    rows = zip(*(replies[k::5] for k in range(5)), strict=True)
    return [
        _info(keys.collection, people, tracks, sources, cameras, meta)
        for keys, (people, tracks, sources, cameras, meta) in zip(collections, rows, strict=True)
    ]


def _info(name: str, people: int, tracks: int, sources: int, cameras: int, meta: Hash) -> CollectionInfo:
    def said(field: bytes) -> str:
        return meta.get(field, b"").decode("utf-8", "replace")

    try:
        created_at_s = unix_time(meta, "created_at_s")
    except RecordError:
        # A damaged date must not hide the collection.
        created_at_s = None
    return CollectionInfo(
        name,
        people,
        tracks,
        sources,
        created_at_s,
        said(b"pack"),
        said(b"licence"),
        {"1": True, "0": False}.get(said(b"commercial_use")),
        said(b"model_id"),
        said(b"schema"),
        said(b"clustering") or DEFAULT_CLUSTERING,
        not meta,
        cameras,
    )
