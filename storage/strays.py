"""What is left of tracks that nobody knows: their records are gone, or can't be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet

import redis

from storage.commands import commands_of
from storage.keys import Keys

_SCAN_COUNT = 1_000


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
        begins = tuple(f"{track_id}." for track_id in track_ids)
        return (
            {sample_id for sample_id in self.samples() if sample_id.startswith(begins)} if begins else set()
        )

    def _named(self, prefix: str) -> Iterator[str]:
        for name in self._client.scan_iter(f"{prefix}*", _SCAN_COUNT, "hash"):
            yield name.decode().removeprefix(prefix)


def source_of(track_id: str) -> str:
    """The source of a track, as its id says: source, start and order within it."""
    return track_id.rsplit(".", 2)[0]
