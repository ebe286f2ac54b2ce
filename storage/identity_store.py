"""The state of a collection in Redis: read by everyone, written by its cluster worker."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Collection, Mapping
from typing import cast

import redis

from storage.collection_reader import CollectionReader
from storage.commands import Pipeline
from storage.data_keys import NO_DATA_KEYS, PLAIN, DataKeys, DataSeal
from storage.decision_redaction import redacted
from storage.effects import Effects
from storage.errors import (
    CollectionGoneError,
    LeaseLostError,
    ModelConflictError,
    OvertakenError,
)
from storage.fields import Raw, reading
from storage.identity_record import Identity, number_of
from storage.keys import SCHEMA, Keys
from storage.lease import LARGE_STEP_S, Lease
from storage.optimistic import begin_collection, change_alone
from storage.people_reader import chunks
from storage.retention_policy import RetentionPolicy
from storage.source_record import SourceRecord
from storage.step import write_step
from storage.step_count import StepCount
from storage.strays import Strays
from storage.stream_readers import StreamReaders
from storage.stream_trimming import StreamTrimming
from storage.webhook_traces import WebhookTraces

_TRIES = 100
# So many people and events take longer to write than a lease can always do without being renewed.
_LARGE = 1000


class IdentityStore(CollectionReader):
    """Sources, tracks, samples and people of one collection, to be read and written.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        options: What leads to the server on the command line, for messages.
        data_keys: What opens vectors and pictures, where the collection is encrypted.
    """

    def __init__(
        self, client: redis.Redis, keys: Keys, options: str = "", data_keys: DataKeys = NO_DATA_KEYS
    ) -> None:
        super().__init__(client, keys, options, data_keys)
        self._steps = StepCount(client, keys)

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

    @property
    def strays(self) -> Strays:
        """What is left of tracks that nobody knows."""
        return Strays(cast(redis.Redis, self._client), self._keys)

    @property
    def readers(self) -> StreamReaders:
        """Who reads its streams."""
        return StreamReaders(cast(redis.Redis, self._client), self._keys)

    def trim_streams(self, policy: RetentionPolicy) -> None:
        """Cut `changes` and `faces` to their length, but for what somebody has still to read."""
        StreamTrimming(cast(redis.Redis, self._client), self._keys).trim(policy.silent_after_s)

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
            DataKeyError: If it is encrypted, and the key is not here.
        """
        self.check_usable()
        self.check_key()
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

    def begin_steps(self) -> None:
        """Say that the collection is about to be read, by whoever leads it.

        Every `commit` from then on makes sure that the server still holds what was read and committed.
        """
        self._steps.begin()

    def new_identity_id(self) -> str:
        """An id that was never used and never will be again."""
        return f"p{self._client.incr(self._keys.next_identity)}"

    def remembered(self, most: int, besides: Collection[str]) -> set[str]:
        """Ids of people of whom there is more than a tombstone, merged and vanished ones included.

        Args:
            most: So many at most.
            besides: Without these.
        """
        newest = int(self._client.get(self._keys.next_identity) or 0)
        found: set[str] = set()
        for chunk in chunks([f"p{number}" for number in range(1, newest + 1)]):
            with self._client.pipeline(transaction=False) as pipe:
                for identity_id in chunk:
                    pipe.hmget(self._keys.identity(identity_id), ["identity_id", "forgotten"])
                for identity_id, (there, forgotten) in zip(chunk, pipe.execute(), strict=True):
                    if there and not forgotten and identity_id not in besides:
                        found.add(identity_id)
            if len(found) >= most:
                break
        return set(sorted(found, key=number_of)[:most])

    def commit(self, effects: Effects, lease: Lease) -> None:
        """Apply a step and acknowledge what it came from, in one transaction.

        Raises:
            LeaseLostError: If another cluster worker has taken over; nothing was written then.
            DataLostError: If the server lacks what was committed since `begin_steps`; nothing was written.
            OvertakenError: If somebody was named at this very moment, and a re-cluster would lose a name by
                that, or they would be forgotten for having none; nothing was written.
        """
        merged = [identity for identity in effects.identities if identity.merged_into]
        removed = len(effects.tracks_removed) + len(effects.samples_removed)
        is_large = len(effects.identities) + len(effects.changes) + removed > _LARGE
        for attempt in range(_TRIES):
            with lease.watching, self._client.pipeline(transaction=True) as pipe:
                if is_large:
                    # Until it is written, nothing renews it.
                    lease.renew(LARGE_STEP_S)
                pipe.watch(lease.key, *self._read_again(effects, merged))
                if pipe.get(lease.key) != lease.token:
                    raise LeaseLostError(
                        f"{lease.key}: another cluster worker has taken over this collection"
                    )
                if self._steps.is_done(pipe, tried=attempt > 0):
                    # The connection broke after the server had taken it in.
                    break
                said = self._names_now(pipe, effects, merged)
                if any(said[identity_id] for identity_id in effects.nameless):
                    raise OvertakenError(f"{self._keys.names}: somebody was named who was to be forgotten")
                names = self._taken_over(said, effects, merged)
                back = [i for i, name in effects.names_back.items() if said[i] == name]
                blacked_out = self._blacked_out(pipe, effects)
                sealed = effects.samples or effects.templates or effects.kept_out
                seal = self._seal(pipe) if sealed else PLAIN
                traces = WebhookTraces(self._keys, effects.forgotten)
                traces.read(pipe)
                pipe.multi()
                write_step(pipe, self._keys, effects, names, back, seal)
                self._steps.queue(pipe)
                traces.delete(pipe)
                if is_large:
                    # Whoever is killed behind it holds nobody up.
                    pipe.pexpire(lease.key, lease.ttl_ms)
                for number, row in blacked_out.items():
                    pipe.hset(self._keys.decisions, number, row)
                try:
                    pipe.execute()
                except redis.WatchError:
                    # Somebody was named or decided about at this very moment, or the lease is another's: the
                    # next look tells.
                    continue
            self._steps.committed()
            break
        else:
            raise LeaseLostError(
                f"{lease.key}: names, decisions or the lease changed again and again during a step"
            )
        for rows in effects.sightings.values():
            rows.committed()

    def _read_again(self, effects: Effects, merged: Collection[Identity]) -> list[str]:
        """Keys that others write and that the step depends on."""
        named = merged or effects.names or effects.names_back or effects.nameless
        return [
            *([self._keys.names] if named else []),
            *([self._keys.decisions] if effects.forgotten or effects.forgotten_tracks else []),
        ]

    def _blacked_out(self, pipe: Pipeline, effects: Effects) -> dict[str, bytes]:
        """Decisions about the forgotten, blacked out, by number; also those of this very moment."""
        if not (effects.forgotten or effects.forgotten_tracks):
            return {}
        rows = cast(Raw, pipe.hgetall(self._keys.decisions))
        return redacted(rows, effects.forgotten, effects.forgotten_tracks)

    def _seal(self, pipe: Pipeline) -> DataSeal:
        """What seals now: it can't change as long as the lease is this process's."""
        return self._data_keys.sealing(cast(bytes | None, pipe.hget(self._keys.meta, "data_key")))

    def _names_now(self, pipe: Pipeline, effects: Effects, merged: Collection[Identity]) -> dict[str, str]:
        """Names of all of whom a step must know them, empty for none; `pipe` watches them."""
        heirs = {identity.merged_into or "" for identity in merged}
        ids = {identity.identity_id for identity in merged}
        ids |= heirs.union(effects.nameless, effects.names, effects.names_back)
        found: dict[str, str] = {}
        for some in chunks(sorted(ids)):
            names = cast("list[bytes | None]", pipe.hmget(self._keys.names, list(some)))
            told = ((name or b"").decode("utf-8", "replace") for name in names)
            found |= dict(zip(some, told, strict=True))
        return found

    def _taken_over(
        self, said: Mapping[str, str], effects: Effects, merged: Collection[Identity]
    ) -> dict[str, str]:
        """Names that people take over, where nobody gave them another one in the meantime.

        Args:
            said: The names as they are now.
            effects: What the step would have.
            merged: Those who are merged into others by it, perhaps named since it began.

        Raises:
            OvertakenError: If it doesn't know of a name that would be lost.
        """
        names, known = dict(effects.names), effects.names_known
        for identity in merged:
            name, heir = said[identity.identity_id], identity.merged_into
            if not (name and heir):
                continue
            heirs = said[heir]
            unknown = known is not None and (known.get(identity.identity_id, ""), known.get(heir, "")) != (
                name,
                heirs,
            )
            if unknown and (heirs or names.get(heir, name)) != name:
                raise OvertakenError(f"{self._keys.names}: {identity.identity_id} was named in this moment")
            names.setdefault(heir, name)
        return {i: name for i, name in names.items() if not said[i]}
