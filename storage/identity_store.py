"""The state of a collection in Redis: read by everyone, written by its cluster worker."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Collection, Mapping
from typing import cast

import redis

from storage.collection_reader import CollectionReader
from storage.commands import Pipeline, Value
from storage.decision_record import Decision
from storage.effects import Effects, Said
from storage.erasure_record import ERASURES_LIMIT
from storage.errors import (
    CollectionGoneError,
    LeaseLostError,
    ModelConflictError,
    OvertakenError,
    RecordError,
)
from storage.fields import Raw, reading
from storage.identity_record import CHANGES_LIMIT, ChangeKind, Identity, IdentityChange
from storage.keys import SCHEMA
from storage.lease import Lease
from storage.optimistic import begin_collection, change_alone
from storage.retention_policy import RetentionPolicy
from storage.sample_queue import GROUP
from storage.source_record import SourceRecord

_TRIES = 100
_RECLUSTERS_LIMIT = 10_000
_NO_LANDMARKS = bytes(40)


class IdentityStore(CollectionReader):
    """Sources, tracks, samples and people of one collection, to be read and written.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        options: What leads to the server on the command line, for messages.
    """

    def claim_model(
        self, model_id: str, about: dict[str, str], models: str = "PACK", *, began: str = ""
    ) -> None:
        """Tie the collection to an embedding space; the first run decides.

        Args:
            model_id: The embedding space of this run.
            about: More facts to keep beside it: pack, licence, models (what finds the pack again).
            models: Name or folder of its model pack, for the message of an error.
            began: `created_at_s` of the collection that is meant; empty for whichever has the name, if any.

        Raises:
            CollectionGoneError: If the one that is meant is no more; nothing was written then.
            CollectionSchemaError: If another version of facestream wrote the collection.
            ModelConflictError: If the collection holds embeddings of another space.
            ModelChangeError: If its models are being changed.
        """
        self.check_schema()
        facts = {"model_id": model_id, "schema": str(SCHEMA), "created_at_s": f"{time.time():.3f}", **about}

        def claim(pipe: Pipeline) -> None:
            # While nobody changes what this looks at.
            self.check_model(model_id, models)
            pipe.multi()
            # Whatever is missing, also of a collection that began with its settings.
            for name, value in facts.items():
                pipe.hsetnx(self._keys.meta, name, value)
            if "models" in about:
                # The same pack may lie somewhere else by now.
                pipe.hset(self._keys.meta, "models", about["models"])

        self._change(claim, began)

    def choose_clustering(self, method: str) -> None:
        """Keep how the tracks of the collection are to be grouped into people from now on."""
        self._client.hset(self._keys.meta, "clustering", method)

    def keep_retention(self, policy: RetentionPolicy, *, began: str = "") -> None:
        """Keep how long what was found is kept; what it says nothing of stays as it was.

        Args:
            policy: How long.
            began: As for `claim_model`.

        Raises:
            CollectionGoneError: Likewise.
        """
        fields = policy.encode()
        if not fields:
            return

        def keep(pipe: Pipeline) -> None:
            pipe.multi()
            begin_collection(pipe, self._keys)
            pipe.hset(self._keys.retention, mapping=fields)

        self._change(keep, began)

    def _change(self, change: Callable[[Pipeline], None], began: str) -> None:
        """Change what a collection is, while it is the one that is meant."""

        def attempt(pipe: Pipeline) -> None:
            if began and cast("bytes | None", pipe.hget(self._keys.meta, "created_at_s")) != began.encode():
                raise CollectionGoneError(
                    f"Collection {self._keys.collection!r} was dropped or replaced meanwhile."
                )
            change(pipe)

        change_alone(
            self._client,
            self._keys.meta,
            attempt,
            tries=_TRIES,
            restless=f"{self._keys.meta} changed again and again. Run the command again.",
        )

    def note_rewritten(self, began_s: float) -> None:
        """Note that files hold nothing any more of what was erased before a moment, unix time."""
        self._client.hset(self._keys.meta, "rewritten_at_s", f"{began_s:.3f}")

    def check_model(self, model_id: str, models: str = "PACK") -> None:
        """Refuse to compare with embeddings of another space; an empty collection is fine.

        Args:
            model_id: The embedding space.
            models: Name or folder of its model pack, for the message of an error.

        Raises:
            ModelConflictError: If the collection holds embeddings of another space.
            ModelChangeError: If its models are being changed.
        """
        self.check_usable()
        meta = self.meta()
        stored = meta.get("model_id", model_id)
        if stored == model_id:
            return
        pack = meta.get("pack", "")
        own = meta.get("models") or pack
        message = (
            f"collection {self._keys.collection!r} was made with the model pack {pack or 'unknown'!r} "
            f"({stored}), and vectors of {model_id!r} can't be compared with its own. "
        )
        if models == own:
            message += f"{own!r} is another pack by now: say where the former is with --models NAME|FOLDER"
        else:
            message += f"Use --models {shlex.quote(own or 'PACK')}"
        raise ModelConflictError(
            f"{message}; or recompute its faces: facestream reembed --models {shlex.quote(models)} "
            f"{self._place}; or choose another --collection.",
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
            pipe.hsetnx(key, "taken_in_s", f"{time.time():.3f}")
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
            OvertakenError: If somebody was named at this very moment, and a re-cluster would lose a name by
                that, or they would be forgotten for having none; nothing was written.
        """
        merged = [identity for identity in effects.identities if identity.merged_into]
        for _ in range(_TRIES):
            with lease.watching, self._client.pipeline(transaction=True) as pipe:
                pipe.watch(lease.key, *self._read_again(effects, merged))
                if pipe.get(lease.key) != lease.token:
                    raise LeaseLostError(
                        f"{lease.key}: another cluster worker has taken over this collection"
                    )
                if any(self._name_now(pipe, identity_id) for identity_id in effects.nameless):
                    raise OvertakenError(f"{self._keys.names}: somebody was named who was to be forgotten")
                names = self._names_now(pipe, effects, merged)
                back = [i for i, name in effects.names_back.items() if self._name_now(pipe, i) == name]
                redacted = self._redacted(pipe, effects)
                webhooks = self._webhooks(pipe) if effects.forgotten else []
                pipe.multi()
                self._queue(pipe, effects, names, back)
                for webhook_id in webhooks:
                    pipe.zrem(self._keys.webhook_told(webhook_id), *effects.forgotten)
                for number, row in redacted.items():
                    pipe.hset(self._keys.decisions, number, row)
                try:
                    pipe.execute()
                except redis.WatchError:
                    # Somebody was named or decided about at this very moment, or the lease is another's: the
                    # next look tells.
                    continue
            return
        raise LeaseLostError(
            f"{lease.key}: names, decisions or the lease changed again and again during a step"
        )

    def _read_again(self, effects: Effects, merged: Collection[Identity]) -> list[str]:
        """Keys that others write and that the step depends on."""
        named = merged or effects.names or effects.names_back or effects.nameless
        return [
            *([self._keys.names] if named else []),
            *([self._keys.decisions] if effects.forgotten or effects.forgotten_tracks else []),
        ]

    def _redacted(self, pipe: Pipeline, effects: Effects) -> dict[str, bytes]:
        """Decisions about the forgotten, blacked out, by number; also those of this very moment."""
        if not (effects.forgotten or effects.forgotten_tracks):
            return {}
        found: dict[str, bytes] = {}
        for number, row in cast(Raw, pipe.hgetall(self._keys.decisions)).items():
            try:
                decision = Decision.decode(number, row)
            except RecordError:
                # It can't be told whom it is about.
                continue
            left = decision.without(effects.forgotten, effects.forgotten_tracks)
            if left != decision:
                found[number.decode()] = left.encode()
        return found

    def _webhooks(self, pipe: Pipeline) -> list[str]:
        found = cast(Collection[bytes], pipe.execute_command("SMEMBERS", self._keys.webhooks))
        return sorted(webhook_id.decode() for webhook_id in found)

    def _name_now(self, pipe: Pipeline, identity_id: str) -> str:
        name = cast(bytes | None, pipe.hget(self._keys.names, identity_id))
        return (name or b"").decode("utf-8", "replace")

    def _names_now(self, pipe: Pipeline, effects: Effects, merged: Collection[Identity]) -> dict[str, str]:
        """Names that people take over, where nobody gave them another one in the meantime.

        Args:
            pipe: Watches the names.
            effects: What the step would have.
            merged: Those who are merged into others by it, perhaps named since it began.

        Raises:
            OvertakenError: If it doesn't know of a name that would be lost.
        """
        names, known = dict(effects.names), effects.names_known
        for identity in merged:
            name, heir = self._name_now(pipe, identity.identity_id), identity.merged_into
            if not (name and heir):
                continue
            heirs = self._name_now(pipe, heir)
            unknown = known is not None and (known.get(identity.identity_id, ""), known.get(heir, "")) != (
                name,
                heirs,
            )
            if unknown and (heirs or names.get(heir, name)) != name:
                raise OvertakenError(f"{self._keys.names}: {identity.identity_id} was named in this moment")
            names.setdefault(heir, name)
        return {i: name for i, name in names.items() if not pipe.hget(self._keys.names, i)}

    def _queue(
        self, pipe: Pipeline, effects: Effects, names: Mapping[str, str], back: Collection[str]
    ) -> None:
        """The commands of a step."""
        keys = self._keys
        unsaid = [*(i for i in names if i not in effects.names), *back]
        renamed = [IdentityChange(ChangeKind.RENAMED, i) for i in unsaid]
        changed = [*effects.samples_removed, *(sample.sample_id for sample in effects.samples)]
        if changed:
            # What another model made of a face goes with it, and is made anew of one that is written again.
            pipe.hdel(keys.reembed_vectors, *changed)
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
        if unsure := [track_id for track_id, provisional in effects.provisional.items() if provisional]:
            pipe.sadd(keys.provisional, *unsure)
        if sure := [track_id for track_id, provisional in effects.provisional.items() if not provisional]:
            pipe.srem(keys.provisional, *sure)
        for track_id, source_id in effects.tracks_removed.items():
            pipe.srem(keys.tracks, track_id)
            pipe.srem(keys.provisional, track_id)
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
        for identity_id, name in names.items():
            pipe.hset(keys.identity(identity_id), "name", name)
            pipe.hset(keys.names, identity_id, name)
        # One who is brought back may have gone again in the same step.
        there = {identity.identity_id for identity in effects.identities if identity.tracks}
        for identity_id in effects.revived.keys() & there:
            self._queue_said(pipe, identity_id, effects.revived[identity_id])
        for identity_id in back:
            pipe.hset(keys.identity(identity_id), "name", "")
            pipe.hdel(keys.names, identity_id)
        for identity_id in effects.ignored:
            pipe.hset(keys.identity(identity_id), "ignored", 1)
            pipe.sadd(keys.ignored, identity_id)
        if effects.applied:
            pipe.hset(keys.meta, "decisions_applied", effects.applied)
        for identity_id in effects.forgotten:
            self._queue_tombstone(pipe, identity_id)
        now = f"{time.time():.3f}"
        self._queue_erasures(pipe, effects, now)
        for change in (*effects.changes, *renamed):
            fields = {**change.encode(), "published_at_s": now}
            pipe.xadd(keys.changes, fields, maxlen=CHANGES_LIMIT, approximate=True)
        if effects.reclustered is not None:
            pipe.xadd(
                keys.reclusters, effects.reclustered.encode(), maxlen=_RECLUSTERS_LIMIT, approximate=True
            )
        for delivery in effects.unreadable:
            entry: dict[bytes, Value] = {**delivery.raw}
            pipe.xadd(keys.dead, {**entry, b"dead_reason": delivery.problem, b"dead_at_s": now})
        finished = [delivery.entry_id for delivery in (*effects.done, *effects.unreadable)]
        if finished:
            pipe.xack(keys.samples, GROUP, *finished)
            pipe.xdel(keys.samples, *finished)

    def _queue_erasures(self, pipe: Pipeline, effects: Effects, now: str) -> None:
        keys = self._keys
        for key, entry_ids in effects.erased.items():
            pipe.xack(key, GROUP, *entry_ids)
            pipe.xdel(key, *entry_ids)
        for key, below in effects.trimmed.items():
            # To the entry: Redis would leave what shares a block with younger ones.
            pipe.execute_command("XTRIM", key, *(("MINID", "=", below) if below else ("MAXLEN", "=", 0)))
        for sample_id in effects.pictures_removed - effects.samples_removed:
            pipe.hset(keys.sample(sample_id), mapping={"crop_jpeg": b"", "crop_landmarks": _NO_LANDMARKS})
        for source_id in effects.sources_removed:
            pipe.srem(keys.sources, source_id)
            pipe.delete(keys.source(source_id), keys.source_tracks(source_id))
        for erasure in effects.erasures:
            fields = {**erasure.encode(), "erased_at_s": now}
            pipe.xadd(keys.erasures, fields, maxlen=ERASURES_LIMIT, approximate=True)
        if effects.erasures:
            pipe.hset(keys.meta, "erased_at_s", now)

    def _queue_identity(self, pipe: Pipeline, identity: Identity) -> None:
        keys = self._keys
        pipe.hset(keys.identity(identity.identity_id), mapping=identity.encode())
        pipe.delete(keys.identity_sightings(identity.identity_id))
        if identity.tracks == 0:
            pipe.zrem(keys.identities, identity.identity_id)
            pipe.hdel(keys.people, identity.identity_id)
            pipe.hdel(keys.names, identity.identity_id)
            pipe.srem(keys.ignored, identity.identity_id)
            return
        pipe.hset(keys.people, identity.identity_id, identity.encode_overview())
        pipe.zadd(keys.identities, {identity.identity_id: identity.number})
        starts: dict[str, float] = {sighting.encode(): sighting.start_s for sighting in identity.sightings}
        if starts:
            pipe.zadd(keys.identity_sightings(identity.identity_id), starts)

    def _queue_said(self, pipe: Pipeline, identity_id: str, said: Said) -> None:
        """What is said of somebody whom nobody could name or ignore until now, as they were not there."""
        keys = self._keys
        pipe.hset(keys.identity(identity_id), mapping={"name": said.name, "ignored": int(said.ignored)})
        if said.name:
            pipe.hset(keys.names, identity_id, said.name)
        if said.ignored:
            pipe.sadd(keys.ignored, identity_id)

    def _queue_tombstone(self, pipe: Pipeline, identity_id: str) -> None:
        """Leave nothing of a person but that there was one."""
        keys = self._keys
        pipe.zrem(keys.identities, identity_id)
        pipe.hdel(keys.people, identity_id)
        pipe.hdel(keys.names, identity_id)
        pipe.srem(keys.ignored, identity_id)
        pipe.delete(
            keys.identity(identity_id),
            keys.identity_tracks(identity_id),
            keys.identity_sightings(identity_id),
        )
        pipe.hset(keys.identity(identity_id), mapping={"identity_id": identity_id, "forgotten": 1})
