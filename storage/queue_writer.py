"""What writes into the queue: in one step, and only for those who still may."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import cast

import redis

from storage.commands import Pipeline, commands_of
from storage.data_keys import PLAIN, DataKeys
from storage.delivery import Entry, type_of
from storage.errors import CollectionGoneError, LeaseLostError, ModelConflictError, OvertakenError
from storage.fields import Fields
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_record import FaceSample

_TRIES = 100


def collection_gone(keys: Keys) -> CollectionGoneError:
    """The error for whoever is at work on a collection that is not there any more."""
    return CollectionGoneError(
        f"collection {keys.collection!r} is gone: it was dropped, or its server has lost it "
        "(FLUSHALL, say). Nothing more is written. Run the command again to begin it anew."
    )


class QueueWriter:
    """Writes entries for a sender whose models are the collection's, and that nobody has replaced.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        model_id: Embedding space of what is sent; empty for senders of requests alone.
        fence: What the sender must hold.
        data_keys: What seals vectors and pictures, where the collection is encrypted.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        model_id: str,
        fence: Lease | None,
        data_keys: DataKeys,
    ) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._model_id = model_id
        self._fence = fence
        self._data_keys = data_keys

    def write(self, entries: Sequence[Entry], faces: Sequence[FaceSample], faces_limit: int) -> bytes | None:
        """Write entries in one step, all or none; arguments and errors as those of `SampleQueue.send`.

        Returns:
            Id of the last entry; None where there was none.

        Raises:
            OvertakenError: If what it depends on changed again and again meanwhile.
        """
        shows_faces = bool(faces) or any(isinstance(entry, FaceSample) for entry in entries)
        watched = [self._keys.meta] if self._model_id or shows_faces else []
        watched += [self._fence.key] if self._fence else []
        for _ in range(_TRIES):
            # A fence that is put off while it is watched would void the step for nothing.
            held = self._fence.watching if self._fence else contextlib.nullcontext()
            seal = PLAIN
            with held, self._client.pipeline(transaction=True) as pipe:
                if watched:
                    pipe.watch(*watched)
                    self._check_model(pipe)
                    self._check_fence(pipe)
                    if shows_faces:
                        # Watched: nothing is sent that a rotation of keys has left behind.
                        name = cast(bytes | None, pipe.hget(self._keys.meta, "data_key"))
                        seal = self._data_keys.sealing(name)
                    pipe.multi()
                for entry in entries:
                    said = entry.encode(seal) if isinstance(entry, FaceSample) else entry.encode()
                    fields: Fields = {"type": type_of(entry), **said}
                    pipe.xadd(self._keys.samples, fields)
                for face in faces:
                    pipe.xadd(self._keys.faces, face.encode(seal), maxlen=faces_limit, approximate=True)
                try:
                    ids: list[bytes] = pipe.execute()
                except redis.WatchError:
                    # A decision was carried out at this very moment, say.
                    continue
            return ids[len(entries) - 1] if entries else None
        raise OvertakenError(f"{' or '.join(watched)} changed again and again while something was to be sent")

    def _check_fence(self, pipe: Pipeline) -> None:
        """Refuse to send for somebody who has been replaced."""
        if self._fence is not None and pipe.get(self._fence.key) != self._fence.token:
            raise LeaseLostError(f"{self._fence.key}: the lease ran out; nothing more is sent")

    def _check_model(self, pipe: Pipeline) -> None:
        """Refuse to send vectors to a collection that holds, or is about to hold, those of another model."""
        if not self._model_id:
            return
        for field in ("model_id", "changing_to"):
            stored = cast(bytes | None, pipe.hget(self._keys.meta, field))
            if stored is None and field == "model_id":
                raise collection_gone(self._keys)
            if stored is not None and stored.decode() != self._model_id:
                raise ModelConflictError(
                    f"collection {self._keys.collection!r} was changed to other models ({stored.decode()!r}) "
                    "meanwhile. Run the command again with those (--models).",
                    stored=stored.decode(),
                    asked=self._model_id,
                )
