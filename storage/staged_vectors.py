"""Vectors of another model, kept aside until they take the place of a collection's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

import numpy as np
import redis

from storage.array_fields import FloatArray
from storage.collection_reader import CollectionReader
from storage.commands import Pipeline, commands_of
from storage.data_keys import NO_DATA_KEYS, DataKeys, staged_context
from storage.errors import OvertakenError
from storage.keys import Keys
from storage.people_reader import chunks
from storage.sample_record import FaceSample

_TRIES = 100

Embed = Callable[[Sequence[FaceSample]], Mapping[str, FloatArray]]
"""Gives the vectors of stored faces by sample id, float32 (D,); of those that it can't embed, none."""


class StagedVectors:
    """What another model makes of a collection's faces, as long as the collection has its old vectors.

    Nothing else reads it. A face that is deleted or written again loses what is kept here, in the same step.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        options: What leads to the server on the command line, for messages.
        data_keys: What opens vectors and pictures, where the collection is encrypted.
    """

    def __init__(
        self, client: redis.Redis, keys: Keys, options: str = "", data_keys: DataKeys = NO_DATA_KEYS
    ) -> None:
        self._client = commands_of(client)
        self._reader = CollectionReader(client, keys, options, data_keys)
        self._data_keys = data_keys
        self._keys = keys
        self._model_id = ""

    def target(self) -> dict[str, str]:
        """Facts of the models that faces are recomputed with: model_id, pack, licence; or nothing."""
        found = self._client.hgetall(self._keys.reembed)
        return {name.decode(): value.decode("utf-8", "replace") for name, value in found.items()}

    def begin(self, model_id: str, about: Mapping[str, str]) -> None:
        """Go on with a model, or begin with it; what another one has left is discarded.

        Args:
            model_id: Its embedding space.
            about: More facts to keep beside it: pack, licence.

        Raises:
            ModelChangeError: If the vectors of another one are taking the place of the old ones already.
        """
        self._model_id = model_id
        if self.target().get("model_id") != model_id:
            self._replace({"model_id": model_id, **about, "began_at_s": f"{time.time():.3f}"})
        elif about:
            # The same pack may lie somewhere else by now.
            with self._client.pipeline() as pipe:
                pipe.hset(self._keys.reembed, mapping={**about})
                pipe.execute()

    def discard(self) -> bool:
        """Delete what was recomputed; returns whether there was anything.

        Raises:
            ModelChangeError: If it is taking the place of the old vectors already.
        """
        there = bool(self.target())
        self._replace({})
        return there

    def _replace(self, facts: Mapping[str, str]) -> None:
        for _ in range(_TRIES):
            with self._client.pipeline(transaction=True) as pipe:
                pipe.watch(self._keys.meta)
                self._reader.check_usable()
                pipe.multi()
                pipe.delete(self._keys.reembed, self._keys.reembed_vectors)
                if facts:
                    pipe.hset(self._keys.reembed, mapping=facts)
                try:
                    pipe.execute()
                except redis.WatchError:
                    continue
            return
        raise OvertakenError(f"{self._keys.meta} changed again and again. Run the command again.")

    def sample_ids(self) -> set[str]:
        """Ids of the samples that are recomputed."""
        return {member.decode() for member in self._client.hkeys(self._keys.reembed_vectors)}

    def add(self, sample_ids: Sequence[str], embed: Embed) -> set[str]:
        """Recompute some faces; returns the ids of those that it succeeded with.

        Of a face that is deleted meanwhile nothing is kept.

        Raises:
            OvertakenError: If somebody began with another model, or the faces change all the time.
        """
        names = [self._keys.sample(sample_id) for sample_id in sample_ids]
        for _ in range(_TRIES):
            with self._client.pipeline(transaction=True) as pipe:
                pipe.watch(self._keys.meta, self._keys.reembed, *names)
                self._check_target(pipe)
                seal = self._data_keys.sealing(cast(bytes | None, pipe.hget(self._keys.meta, "data_key")))
                vectors = embed(list(self._reader.samples(sample_ids)))
                pipe.multi()
                if vectors:
                    rows = {
                        i: seal.seal(vector.astype("<f2").tobytes(), staged_context(i))
                        for i, vector in vectors.items()
                    }
                    pipe.hset(self._keys.reembed_vectors, mapping=rows)
                try:
                    pipe.execute()
                except redis.WatchError:
                    continue
            return set(vectors)
        raise OvertakenError(f"{names[0]} and others changed again and again. Run the command again.")

    def _check_target(self, pipe: Pipeline) -> None:
        """Never let vectors of two models lie in one hash."""
        now = cast(bytes | None, pipe.hget(self._keys.reembed, "model_id"))
        if now is None or now.decode() != self._model_id:
            raise OvertakenError(
                f"the change of collection {self._keys.collection!r} to {self._model_id!r} was cancelled, or "
                "another one was begun."
            )

    def vectors(self, sample_ids: Iterable[str]) -> dict[str, FloatArray]:
        """Vectors of samples that are recomputed, float32 (D,), L2-normalised."""
        found: dict[str, FloatArray] = {}
        for chunk in chunks(list(sample_ids)):
            rows = self._client.hmget(self._keys.reembed_vectors, list(chunk))
            for sample_id, row in zip(chunk, rows, strict=True):
                if row is not None:
                    row = self._data_keys.open(row, staged_context(sample_id))
                    vector = np.frombuffer(row, "<f2").astype(np.float32)
                    found[sample_id] = vector / np.linalg.norm(vector)
        return found
