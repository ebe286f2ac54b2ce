"""The moment at which a collection gets the vectors of another model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import redis

from storage.array_fields import FloatArray
from storage.commands import Value, commands_of
from storage.data_keys import NO_DATA_KEYS, DataKeys, template_context, vector_context
from storage.hold import Hold
from storage.lease import LARGE_STEP_S
from storage.requests import ReclusterRequest

STEP_BYTES = 16_000_000
"""What takes effect in one step: about 10,000 tracks with vectors of 128 numbers. The server does nothing
else for as long as it takes, some tenths of a second."""

# Of a command beside its vector: keys, ids, names of fields.
_OVERHEAD_BYTES = 150

_FACTS = ("pack", "models", "licence", "commercial_use")

Command = tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RenewedTrack:
    """A track in the new embedding space.

    Attributes:
        track_id: The track.
        vectors: Vectors of its samples by id, in order of time, float32 (D,), L2-normalised. It keeps these.
        dropped: Ids of its other samples.
        template: What a search compares, or None where nothing can be compared.
    """

    track_id: str
    vectors: Mapping[str, FloatArray]
    dropped: tuple[str, ...]
    template: bytes | None


def switch_models(
    client: redis.Redis,
    hold: Hold,
    tracks: Iterable[RenewedTrack],
    reason: str,
    step_bytes: int = STEP_BYTES,
    data_keys: DataKeys = NO_DATA_KEYS,
) -> None:
    """Give a collection the vectors that were staged, with their models, and ask for a re-cluster.

    All of it is one transaction, unless it is too large for one. Then the field `changing_to` of `meta` says
    from the first step to the last that vectors of two models stand side by side, and everybody refuses the
    collection. What was stopped in between is done again from the beginning, to the same effect.

    Args:
        client: Connection to Redis.
        hold: Hold on the collection.
        tracks: All tracks.
        reason: Of the re-cluster, for the log.
        step_bytes: What takes effect in one step.
        data_keys: What seals vectors and templates, where the collection is encrypted.

    Raises:
        DataKeyError: If the key for that is not here.
        CollectionBusyError: If something waits for a cluster worker; nothing was changed then.
        LeaseLostError: If the hold was lost in between.
    """
    _Switch(client, hold, reason, step_bytes, data_keys).run(tracks)


class _Switch:
    def __init__(
        self, client: redis.Redis, hold: Hold, reason: str, step_bytes: int, data_keys: DataKeys
    ) -> None:
        self._hold = hold
        self._keys = hold.keys
        self._reason = reason
        self._limit = step_bytes
        self._seal = data_keys.sealing(commands_of(client).hget(hold.keys.meta, "data_key"))
        self._staged = commands_of(client).hgetall(hold.keys.reembed)
        self._target = {name.decode(): value.decode() for name, value in self._staged.items()}
        self._begun = commands_of(client).hget(hold.keys.meta, "changing_to") is not None
        self._clear()

    def _clear(self) -> None:
        self._commands: list[Command] = []
        self._dropped: list[str] = []
        self._templates: list[Value] = []
        self._mute: list[str] = []
        self._bytes = 0

    def run(self, tracks: Iterable[RenewedTrack]) -> None:
        for track in tracks:
            # Before a track and not behind it: the last step takes what is left with it.
            if self._bytes >= self._limit:
                self._step([("HSET", self._keys.meta, "changing_to", self._target["model_id"])])
            self._add(track)
        self._step(self._last())

    def _add(self, track: RenewedTrack) -> None:
        keys = self._keys
        for sample_id, vector in track.vectors.items():
            row = self._seal.seal(vector.astype("<f2").tobytes(), vector_context(sample_id))
            self._commands.append(
                ("HSET", keys.sample(sample_id), "model_id", self._target["model_id"], "vector", row)
            )
            self._bytes += len(row) + _OVERHEAD_BYTES
        if track.dropped:
            self._dropped += map(keys.sample, track.dropped)
            self._commands.append(("HSET", keys.track(track.track_id), "sample_ids", " ".join(track.vectors)))
        if track.template is None:
            self._mute.append(track.track_id)
        else:
            template = self._seal.seal(track.template, template_context(track.track_id))
            self._templates += (track.track_id, template)
            self._bytes += len(template)
        self._bytes += _OVERHEAD_BYTES

    def _step(self, more: Iterable[Command]) -> None:
        # Few long commands take a fraction of the time of many short ones.
        if self._dropped:
            self._commands.append(("DEL", *self._dropped))
        if self._templates:
            self._commands.append(("HSET", self._keys.templates, *self._templates))
            # Whose they are was found with the old models: it speaks for nothing at the re-cluster.
            self._commands.append(("SADD", self._keys.provisional, *self._templates[::2]))
        if self._mute:
            self._commands.append(("HDEL", self._keys.templates, *self._mute))
        # After the first one, no vectors can be sent (see `SampleQueue`), and nobody can begin anew.
        with self._hold.step(staged=None if self._begun else self._staged, within_s=LARGE_STEP_S) as pipe:
            for command in (*self._commands, *more):
                pipe.execute_command(*command)
        self._begun = True
        self._clear()

    def _last(self) -> Iterable[Command]:
        keys, target = self._keys, self._target
        facts = (word for name in _FACTS for word in (name, target.get(name, "")))
        yield ("HSET", keys.meta, "model_id", target["model_id"], *facts)
        yield ("HDEL", keys.meta, "changing_to")
        # Templates of people who were forgotten can't be made anew, as no pictures are left, nor compared.
        yield ("UNLINK", keys.reembed, keys.reembed_vectors, keys.kept_out)
        request = ReclusterRequest(self._reason).encode()
        yield (
            "XADD",
            keys.samples,
            "*",
            "type",
            "recluster",
            *(w for field in request.items() for w in field),
        )
