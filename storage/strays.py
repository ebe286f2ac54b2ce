"""What is left of tracks that nobody knows: their records are gone, or can't be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet

import redis

from storage.catalogue import SCAN_COUNT
from storage.commands import commands_of
from storage.keys import Keys
from storage.people_reader import chunks


class Strays:
    """Finds records by their keys, as no other record leads to them.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys

    def tracks(self, known: AbstractSet[str]) -> set[str]:
        """Ids of tracks of which there is anything, beside those that are known."""
        keys = self._keys
        found = set(self._named(keys.track("")))
        found.update(member.decode() for member in self._client.smembers(keys.tracks))
        for key in (keys.templates, keys.assignments):
            found.update(name.decode() for name in self._client.hkeys(key))
        return found - known

    def samples(self) -> Iterator[str]:
        """Ids of all samples that are stored, in no order."""
        return self._named(self._keys.sample(""))

    def samples_of(self, track_ids: Collection[str]) -> set[str]:
        """Ids of the samples that are stored of some tracks."""
        if not track_ids:
            return set()
        wanted = frozenset(track_ids)
        return {sample_id for sample_id in self.samples() if sample_id.rpartition(".")[0] in wanted}

    def tracks_of(self, identity_ids: Collection[str]) -> set[str]:
        """Ids of all tracks that some people are said to have."""
        found: set[str] = set()
        for chunk in chunks(sorted(identity_ids)):
            with self._client.pipeline(transaction=False) as pipe:
                for identity_id in chunk:
                    pipe.execute_command("SMEMBERS", self._keys.identity_tracks(identity_id))
                for members in pipe.execute():
                    found.update(member.decode() for member in members)
        return found

    def owners_of(self, track_ids: Collection[str]) -> dict[str, str]:
        """Who is said to have some tracks, as of those of whom somebody does."""
        ids = list(track_ids)
        values = self._client.hmget(self._keys.assignments, ids) if ids else []
        return {i: value.decode() for i, value in zip(ids, values, strict=True) if value}

    def _named(self, prefix: str) -> Iterator[str]:
        for name in self._client.scan_iter(f"{prefix}*", SCAN_COUNT, "hash"):
            yield name.decode().removeprefix(prefix)


def source_of(track_id: str) -> str:
    """The source of a track, as its id says: source, start and order within it, and which part of it."""
    parts = track_id.split(".")
    while len(parts) > 1 and not parts[-1].isdigit():
        parts.pop()
    return ".".join(parts[:-2])
