"""The state of a collection in Redis: read by everyone, written by its cluster worker."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import redis

from storage.collection_reader import CollectionReader
from storage.commands import Pipeline, Value
from storage.errors import CollectionSchemaError, LeaseLostError, ModelConflictError
from storage.fields import Raw, reading
from storage.identity_record import Identity, IdentityChange
from storage.keys import SCHEMA
from storage.lease import Lease
from storage.sample_queue import GROUP, Delivery
from storage.sample_record import FaceSample
from storage.source_record import SourceRecord
from storage.track_record import TrackRecord

_CHANGES_LIMIT = 100_000


@dataclass(slots=True)
class Effects:
    """What one step of the cluster worker changes. All of it happens, or nothing.

    Attributes:
        samples: Samples to store.
        tracks: Tracks to store; their assignment is in `assignments`.
        tracks_removed: Source of each track to delete; their samples are in `samples_removed`.
        samples_removed: Ids of samples to delete.
        assignments: Person of a track, or None for nobody.
        sources: Progress of sources.
        identities: People to write, with their sightings.
        members_added: Tracks that a person got.
        members_removed: Tracks that a person lost.
        changes: Events to publish.
        done: Deliveries to acknowledge and remove.
        unreadable: Deliveries to move to the dead-letter stream.
    """

    samples: list[FaceSample] = field(default_factory=list)
    tracks: list[TrackRecord] = field(default_factory=list)
    tracks_removed: dict[str, str] = field(default_factory=dict)
    samples_removed: set[str] = field(default_factory=set)
    assignments: dict[str, str | None] = field(default_factory=dict)
    sources: dict[str, SourceRecord] = field(default_factory=dict)
    identities: list[Identity] = field(default_factory=list)
    members_added: dict[str, set[str]] = field(default_factory=dict)
    members_removed: dict[str, set[str]] = field(default_factory=dict)
    changes: list[IdentityChange] = field(default_factory=list)
    done: list[Delivery] = field(default_factory=list)
    unreadable: list[Delivery] = field(default_factory=list)


class IdentityStore(CollectionReader):
    """Sources, tracks, samples and people of one collection, to be read and written.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def claim_model(self, model_id: str, about: dict[str, str]) -> None:
        """Tie the collection to an embedding space; the first run decides.

        Args:
            model_id: The embedding space of this run.
            about: More facts to keep beside it: pack, licence.

        Raises:
            CollectionSchemaError: If another version of facestream wrote the collection.
            ModelConflictError: If the collection holds embeddings of another space.
        """
        self.check_schema()
        self._client.hsetnx(self._keys.meta, "model_id", model_id)
        stored = (self._client.hget(self._keys.meta, "model_id") or b"").decode()
        if stored != model_id:
            raise ModelConflictError(
                f"collection {self._keys.collection!r} holds embeddings of {stored!r}; this run would add "
                f"{model_id!r}, and the two can't be compared. Use the model pack of the collection, or "
                "another --collection.",
                stored=stored,
                asked=model_id,
            )
        facts = {"schema": str(SCHEMA), "created_at_s": f"{time.time():.3f}", **about}
        with self._client.pipeline() as pipe:
            # Whatever is missing, also after a run that was killed right here.
            for name, value in facts.items():
                pipe.hsetnx(self._keys.meta, name, value)
            pipe.execute()

    def check_schema(self) -> None:
        """Refuse a collection of another layout; one that doesn't exist yet is fine.

        Raises:
            CollectionSchemaError: If another version of facestream wrote it.
        """
        found = (self._client.hget(self._keys.meta, "schema") or str(SCHEMA).encode()).decode(
            "utf-8", "replace"
        )
        if found != str(SCHEMA):
            raise CollectionSchemaError(
                f"collection {self._keys.collection!r} has schema {found[:20]!r}, and this version of "
                f"facestream reads and writes {SCHEMA}. Use the version that wrote it, or "
                "another --collection.",
                found=found,
                supported=SCHEMA,
            )

    def register_source(self, source: SourceRecord) -> SourceRecord:
        """Write what is known of a source and return it with its progress.

        Raises:
            RecordError: If its progress is damaged; names the key.
        """
        key = self._keys.source(source.source_id)
        with self._client.pipeline(transaction=True) as pipe:
            pipe.sadd(self._keys.sources, source.source_id)
            pipe.hset(key, mapping=source.encode())
            pipe.hgetall(key)
            raw: Raw = pipe.execute()[-1]
        with reading(key):
            return SourceRecord.decode(raw)

    def new_identity_id(self) -> str:
        """An id that was never used and never will be again."""
        return f"p{self._client.incr(self._keys.next_identity)}"

    def commit(self, effects: Effects, lease: Lease) -> None:
        """Apply a step and acknowledge what it came from, in one transaction.

        Raises:
            LeaseLostError: If another cluster worker has taken over; nothing was written then.
        """
        keys = self._keys
        with lease.watching, self._client.pipeline(transaction=True) as pipe:
            pipe.watch(lease.key)
            if pipe.get(lease.key) != lease.token:
                raise LeaseLostError(f"{lease.key}: another cluster worker has taken over this collection")
            pipe.multi()
            for sample in effects.samples:
                pipe.hset(keys.sample(sample.sample_id), mapping=sample.encode())
            for track in effects.tracks:
                pipe.sadd(keys.tracks, track.track_id)
                pipe.sadd(keys.source_tracks(track.source_id), track.track_id)
                pipe.hset(keys.track(track.track_id), mapping=track.encode())
            for track_id, identity_id in effects.assignments.items():
                pipe.hset(keys.track(track_id), "identity_id", identity_id or "")
            for track_id, source_id in effects.tracks_removed.items():
                pipe.srem(keys.tracks, track_id)
                pipe.srem(keys.source_tracks(source_id), track_id)
                pipe.delete(keys.track(track_id))
            for sample_id in effects.samples_removed:
                pipe.delete(keys.sample(sample_id))
            for source in effects.sources.values():
                pipe.hset(keys.source(source.source_id), mapping=source.progress_fields())
            for identity_id, gone in effects.members_removed.items():
                if gone:
                    pipe.srem(keys.identity_tracks(identity_id), *gone)
            for identity_id, come in effects.members_added.items():
                if come:
                    pipe.sadd(keys.identity_tracks(identity_id), *come)
            for identity in effects.identities:
                self._queue_identity(pipe, identity)
            now = f"{time.time():.3f}"
            for change in effects.changes:
                fields = {**change.encode(), "published_at_s": now}
                pipe.xadd(keys.changes, fields, maxlen=_CHANGES_LIMIT, approximate=True)
            for delivery in effects.unreadable:
                entry: dict[bytes, Value] = {**delivery.raw}
                pipe.xadd(keys.dead, {**entry, b"dead_reason": delivery.problem, b"dead_at_s": now})
            finished = [delivery.entry_id for delivery in (*effects.done, *effects.unreadable)]
            if finished:
                pipe.xack(keys.samples, GROUP, *finished)
                pipe.xdel(keys.samples, *finished)
            try:
                pipe.execute()
            except redis.WatchError as error:
                raise LeaseLostError(f"{lease.key}: the lease changed during a step") from error

    def _queue_identity(self, pipe: Pipeline, identity: Identity) -> None:
        keys = self._keys
        pipe.hset(keys.identity(identity.identity_id), mapping=identity.encode())
        pipe.delete(keys.identity_sightings(identity.identity_id))
        if identity.tracks == 0:
            pipe.zrem(keys.identities, identity.identity_id)
            return
        pipe.zadd(keys.identities, {identity.identity_id: identity.number})
        starts: dict[str, float] = {sighting.encode(): sighting.start_s for sighting in identity.sightings}
        if starts:
            pipe.zadd(keys.identity_sightings(identity.identity_id), starts)
