"""What an event doesn't say itself: who somebody is now, and which source a track is of."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from typing import NamedTuple

import redis

from storage.commands import commands_of
from storage.errors import RecordError
from storage.fields import flag, text, unix_time
from storage.keys import Keys

_MOST_CAMERAS = 10_000
# Longer chains of people who were merged into one another are those of damaged records.
_MOST_MERGES = 50


class PersonFacts(NamedTuple):
    """Who somebody is.

    Attributes:
        identity_id: Who they are now: whoever took them over, or they themselves.
        name: What people call them, or empty.
        ignored: Whether lists leave them out.
    """

    identity_id: str
    name: str = ""
    ignored: bool = False


class SourceFacts(NamedTuple):
    """Where a track was seen.

    Attributes:
        source_id: The source.
        path: Of a file; of a camera its URL without its secrets.
        recorded_at_s: Unix time of its start, or None where nobody knows.
    """

    source_id: str
    path: str = ""
    recorded_at_s: float | None = None


class EventFacts:
    """Looks up what belongs to events, many at once; what can't be read is left out.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys
        # Of cameras: when one began never changes. A file can get another date.
        self._cameras: dict[str, SourceFacts] = {}

    def people(self, identity_ids: Collection[str]) -> dict[str, PersonFacts]:
        """Who some people are now, by the ids that were asked for."""
        ends = {identity_id: identity_id for identity_id in identity_ids}
        facts: dict[str, PersonFacts] = {}
        asked: set[str] = set(ends)
        for _ in range(_MOST_MERGES):
            keys = [self._keys.identity(each) for each in sorted(asked)]
            rows = self._fields(keys, "name", "ignored", "merged_into")
            followed = {}
            for identity_id, row in zip(sorted(asked), rows, strict=True):
                with contextlib.suppress(RecordError):
                    name, ignored = text(row, "name", ""), flag(row, "ignored", "0")
                    facts[identity_id] = PersonFacts(identity_id, name, ignored)
                    followed[identity_id] = text(row, "merged_into", "") or identity_id
            ends = {given: followed.get(end, end) for given, end in ends.items()}
            asked = set(ends.values()) - facts.keys()
            if not asked:
                break
        return {given: facts.get(end, PersonFacts(end)) for given, end in ends.items()}

    def sources(self, track_ids: Collection[str]) -> dict[str, SourceFacts]:
        """Where some tracks were seen, by their ids; those that are no more are left out."""
        tracks = sorted(set(track_ids))
        rows = self._fields([self._keys.track(track_id) for track_id in tracks], "source_id")
        found = {}
        for track_id, row in zip(tracks, rows, strict=True):
            with contextlib.suppress(RecordError):
                found[track_id] = text(row, "source_id")
        # Several threads ask.
        known = {source_id: self._cameras.get(source_id) for source_id in set(found.values())}
        facts = {source_id: camera for source_id, camera in known.items() if camera is not None}
        new = sorted(known.keys() - facts.keys())
        rows = self._fields([self._keys.source(each) for each in new], "kind", "path", "recorded_at_s")
        for source_id, row in zip(new, rows, strict=True):
            with contextlib.suppress(RecordError):
                began_s = unix_time(row, "recorded_at_s")
                facts[source_id] = SourceFacts(source_id, text(row, "path", ""), began_s)
                if row.get(b"kind") == b"camera":
                    if len(self._cameras) >= _MOST_CAMERAS:
                        self._cameras.clear()
                    self._cameras[source_id] = facts[source_id]
        return {
            track_id: facts.get(source_id, SourceFacts(source_id)) for track_id, source_id in found.items()
        }

    def forget_sources(self) -> None:
        """Look cameras up anew: the collection may be another one now."""
        self._cameras.clear()

    def _fields(self, names: list[str], *fields: str) -> list[Mapping[bytes, bytes]]:
        if not names:
            return []
        with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(name, list(fields))
            rows = pipe.execute()
        return [
            {field.encode(): value for field, value in zip(fields, row, strict=True) if value is not None}
            for row in rows
        ]
