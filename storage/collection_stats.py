"""How much is in a collection."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import redis

from storage.catalogue import SCAN_COUNT, CollectionInfo, key_prefix
from storage.collection_reader import CollectionReader
from storage.commands import commands_of
from storage.keys import Keys

# Keys read in one round trip.
_CHUNK = 500
# Keys of a kind that are measured; more make the estimate no better than the round trips are worth.
_MEASURED = 400
# Members of a large key that the server looks at to measure it.
_MEMBERS = 50


@dataclass(frozen=True, slots=True)
class CollectionStats:
    """How much is in a collection.

    Attributes:
        info: What it is, with the numbers of people, tracks and sources.
        named: People who have a name.
        unassigned: Tracks that were given to nobody.
        provisional: Tracks of which a re-cluster may still correct whose they are.
        faces: Faces in sampled frames, summed over tracks.
        samples: Faces with a vector.
        videos: Number of videos.
        videos_complete: Those that are done to their end.
        photos: Number of photos.
        photos_complete: Those that are done.
        cameras: Number of cameras.
        looked_at_s: Length of what is done of the videos and cameras, s.
        events: Events in the stream `changes`.
        logged_faces: Entries in the stream `faces`.
        waiting: Entries that the next run takes in.
        put_aside: Entries that could not be taken in.
        kept_out: People who were forgotten and of whom templates are kept, to leave them out.
        returns_ignored: Tracks of theirs that were left out.
        memory_bytes: Memory in the server, estimated from some keys of each kind; None where the server does
            not tell.
    """

    info: CollectionInfo
    named: int
    unassigned: int
    provisional: int
    faces: int
    samples: int
    videos: int
    videos_complete: int
    photos: int
    photos_complete: int
    cameras: int
    looked_at_s: float
    events: int
    logged_faces: int
    waiting: int
    put_aside: int
    kept_out: int
    returns_ignored: int
    memory_bytes: int | None


def measure(client: redis.Redis, keys: Keys, info: CollectionInfo) -> CollectionStats:
    """Count what is in a collection.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        info: What is known of it.
    """
    reader = CollectionReader(client, keys)
    commands = commands_of(client)
    sources = reader.sources()
    videos = [source for source in sources if source.kind == "video"]
    photos = [source for source in sources if source.kind == "photo"]
    cameras = [source for source in sources if source.kind == "camera"]
    census = _Census(client, keys)
    census.take()
    return CollectionStats(
        info=info,
        named=len(reader.names()),
        unassigned=census.unassigned,
        provisional=len(reader.provisional()),
        faces=census.faces,
        samples=census.count("sample"),
        videos=len(videos),
        videos_complete=sum(source.complete for source in videos),
        photos=len(photos),
        photos_complete=sum(source.complete for source in photos),
        cameras=len(cameras),
        looked_at_s=sum(end - start for source in (*videos, *cameras) for start, end in source.ranges),
        events=commands.xlen(keys.changes),
        logged_faces=commands.xlen(keys.faces),
        waiting=commands.xlen(keys.samples),
        put_aside=commands.xlen(keys.dead),
        kept_out=commands.hlen(keys.kept_out),
        returns_ignored=int(commands.hget(keys.meta, "returns_ignored") or 0),
        memory_bytes=census.memory_bytes(),
    )


@dataclass(slots=True)
class _Kind:
    """Keys that hold the same kind of thing: how many, and some of them to measure."""

    count: int = 0
    some: list[bytes] = field(default_factory=list)


class _Census:
    """All keys of a collection, looked at once."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._prefix = key_prefix(keys)
        self._kinds: dict[str, _Kind] = {}
        # Seeded: the same collection has the same size twice.
        self._random = random.Random(0)  # noqa: S311 - a fair choice, no secret
        self.faces = self.unassigned = 0

    def count(self, kind: str) -> int:
        """Number of keys of a kind."""
        return self._kinds[kind].count if kind in self._kinds else 0

    def take(self) -> None:
        """Look at all keys; one that is made or deleted meanwhile may count or not."""
        found = self._client.scan_iter(f"{self._prefix}*", SCAN_COUNT)
        while chunk := list(islice(found, _CHUNK)):
            tracks = []
            for name in chunk:
                kind = self._kind(name)
                self._put(self._kinds.setdefault(kind, _Kind()), name)
                if kind == "track":
                    tracks.append(name)
            if tracks:
                self._count_faces(tracks)

    def _kind(self, name: bytes) -> str:
        """The name without the id: `identity:p1:tracks` is of the kind `identity:tracks`."""
        first, _, rest = name.decode("utf-8", "replace").removeprefix(self._prefix).partition(":")
        last = rest.rpartition(":")[2]
        return f"{first}:{last}" if last in ("tracks", "sightings") and last != rest else first

    def _put(self, kind: _Kind, name: bytes) -> None:
        # Each key is among the chosen ones with the same chance (Vitter 1985, algorithm R).
        kind.count += 1
        if len(kind.some) < _MEASURED:
            kind.some.append(name)
        elif (place := self._random.randrange(kind.count)) < _MEASURED:
            kind.some[place] = name

    def _count_faces(self, names: Sequence[bytes]) -> None:
        with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.execute_command("HMGET", name, "faces", "identity_id")
            for faces, identity_id in pipe.execute():
                self.faces += int(faces) if faces and faces.isdigit() else 0
                self.unassigned += not identity_id

    def memory_bytes(self) -> int | None:
        """Memory of all keys, as far as those that were chosen speak for the others."""
        total = 0.0
        for kind in self._kinds.values():
            with self._client.pipeline(transaction=False) as pipe:
                for name in kind.some:
                    pipe.execute_command("MEMORY USAGE", name, "SAMPLES", _MEMBERS)
                try:
                    sizes = [size for size in pipe.execute() if size]
                except redis.ResponseError:
                    # Hosted servers may hide the command.
                    return None
            total += kind.count * sum(sizes) / max(len(sizes), 1)
        return round(total)
