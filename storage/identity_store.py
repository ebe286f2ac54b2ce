"""The state of a collection in Redis: read by everyone, written by its cluster worker."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import cast

import redis

from storage.collection_reader import CollectionReader
from storage.commands import Pipeline, Value
from storage.errors import LeaseLostError, ModelConflictError, StorageError
from storage.fields import Raw, reading
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.keys import SCHEMA
from storage.lease import Lease
from storage.sample_queue import GROUP, Delivery
from storage.sample_record import FaceSample
from storage.source_record import SourceRecord
from storage.track_record import TrackRecord

_CHANGES_LIMIT = 100_000
_TRIES = 100


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
        templates: Template of each track that is new or has changed, as bytes.
        names: Names that people take over from those who are merged into them.
        forgotten: People of whom nothing but the id may be left.
        erased: Entries of streams to delete, by key.
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
    templates: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    erased: dict[str, list[bytes]] = field(default_factory=dict)
    changes: list[IdentityChange] = field(default_factory=list)
    done: list[Delivery] = field(default_factory=list)
    unreadable: list[Delivery] = field(default_factory=list)

    def forget(self, identity_ids: set[str], track_ids: Collection[str]) -> None:
        """Take out what tells of people and their tracks, and let nothing but their ids be left.

        Args:
            identity_ids: The people.
            track_ids: Their tracks.
        """
        self.changes = [
            change
            for change in self.changes
            if identity_ids.isdisjoint((change.identity_id, change.other_id))
            and change.track_id not in track_ids
        ]
        self.identities = [i for i in self.identities if i.identity_id not in identity_ids]
        self.unreadable = [
            delivery
            for delivery in self.unreadable
            if delivery.raw.get(b"track_id", b"").decode("utf-8", "replace") not in track_ids
        ]
        for identity_id in identity_ids:
            self.names.pop(identity_id, None)
            self.members_added.pop(identity_id, None)
            self.members_removed.pop(identity_id, None)
        self.forgotten |= identity_ids


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
        self.check_model(model_id)
        facts = {"schema": str(SCHEMA), "created_at_s": f"{time.time():.3f}", **about}
        with self._client.pipeline() as pipe:
            # Whatever is missing, also after a run that was killed right here.
            for name, value in facts.items():
                pipe.hsetnx(self._keys.meta, name, value)
            pipe.execute()

    def check_model(self, model_id: str) -> None:
        """Refuse to compare with embeddings of another space; an empty collection is fine.

        Raises:
            ModelConflictError: If the collection holds embeddings of another space.
        """
        stored = (self._client.hget(self._keys.meta, "model_id") or model_id.encode()).decode()
        if stored != model_id:
            raise ModelConflictError(
                f"collection {self._keys.collection!r} holds embeddings of {stored!r}; this run would add "
                f"or compare {model_id!r}, and the two can't be compared. Use the model pack of the "
                "collection (--models), or another --collection.",
                stored=stored,
                asked=model_id,
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
            for track_id, template in effects.templates.items():
                pipe.hset(keys.templates, track_id, template)
            for track_id, identity_id in effects.assignments.items():
                pipe.hset(keys.track(track_id), "identity_id", identity_id or "")
                if identity_id:
                    pipe.hset(keys.assignments, track_id, identity_id)
                else:
                    pipe.hdel(keys.assignments, track_id)
            for track_id, source_id in effects.tracks_removed.items():
                pipe.srem(keys.tracks, track_id)
                pipe.srem(keys.source_tracks(source_id), track_id)
                pipe.hdel(keys.templates, track_id)
                pipe.hdel(keys.assignments, track_id)
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
            for identity_id, name in effects.names.items():
                pipe.hset(keys.identity(identity_id), "name", name)
                pipe.hset(keys.names, identity_id, name)
            for identity_id in effects.forgotten:
                self._queue_tombstone(pipe, identity_id)
            for key, entry_ids in effects.erased.items():
                pipe.xack(key, GROUP, *entry_ids)
                pipe.xdel(key, *entry_ids)
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
            pipe.hdel(keys.people, identity.identity_id)
            pipe.hdel(keys.names, identity.identity_id)
            return
        pipe.hset(keys.people, identity.identity_id, identity.encode_overview())
        pipe.zadd(keys.identities, {identity.identity_id: identity.number})
        starts: dict[str, float] = {sighting.encode(): sighting.start_s for sighting in identity.sightings}
        if starts:
            pipe.zadd(keys.identity_sightings(identity.identity_id), starts)

    def _queue_tombstone(self, pipe: Pipeline, identity_id: str) -> None:
        """Leave nothing of a person but that there was one."""
        keys = self._keys
        pipe.zrem(keys.identities, identity_id)
        pipe.hdel(keys.people, identity_id)
        pipe.hdel(keys.names, identity_id)
        pipe.delete(
            keys.identity(identity_id),
            keys.identity_tracks(identity_id),
            keys.identity_sightings(identity_id),
        )
        pipe.hset(keys.identity(identity_id), mapping={"identity_id": identity_id, "forgotten": 1})

    def rename(self, identity_id: str, name: str) -> bool:
        """Say what people call somebody; an empty name takes it away.

        Args:
            identity_id: A person there is.
            name: The name.

        Returns:
            Whether the person was still there: not merged, forgotten or gone in the meantime.

        Raises:
            StorageError: If the person is written by others again and again.
        """
        key = self._keys.identity(identity_id)
        change = IdentityChange(ChangeKind.RENAMED, identity_id)
        for _ in range(_TRIES):
            with self._client.pipeline(transaction=True) as pipe:
                pipe.watch(key)
                if int(cast(bytes | None, pipe.hget(key, "tracks")) or 0) == 0:
                    return False
                pipe.multi()
                pipe.hset(key, "name", name)
                if name:
                    pipe.hset(self._keys.names, identity_id, name)
                else:
                    pipe.hdel(self._keys.names, identity_id)
                fields = {**change.encode(), "published_at_s": f"{time.time():.3f}"}
                pipe.xadd(self._keys.changes, fields, maxlen=_CHANGES_LIMIT, approximate=True)
                try:
                    pipe.execute()
                except redis.WatchError:
                    # The cluster worker wrote this very person.
                    continue
            return True
        raise StorageError(f"{identity_id} is being written all the time and has kept its name. Try again.")
