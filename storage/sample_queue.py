"""The stream between face workers and the cluster worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis

from storage.connection import MAX_BLOCK_MS
from storage.errors import QueueFullError, RecordError
from storage.fields import Fields, Raw
from storage.keys import Keys
from storage.sample_record import FaceSample
from storage.source_record import ReclusterRequest, SegmentDone
from storage.track_record import TrackRecord

GROUP = "cluster"
Entry = FaceSample | TrackRecord | SegmentDone | ReclusterRequest

_KINDS: dict[bytes, type[FaceSample] | type[TrackRecord] | type[SegmentDone] | type[ReclusterRequest]] = {
    b"sample": FaceSample,
    b"track": TrackRecord,
    b"segment": SegmentDone,
    b"recluster": ReclusterRequest,
}
_NAMES: dict[type, str] = {kind: name.decode() for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One entry of the stream.

    Attributes:
        entry_id: Its id in the stream.
        entry: What it says, or None where it can't be read.
        raw: Its fields as they came.
        problem: Why it can't be read, or empty.
    """

    entry_id: bytes
    entry: Entry | None
    raw: Raw
    problem: str = ""


class SampleQueue:
    """Sends and receives samples, tracks and finished stretches through a Redis stream.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        limit: Entries that may wait; senders wait while there are more.
    """

    def __init__(self, client: redis.Redis, keys: Keys, limit: int = 20_000) -> None:
        self._client = client
        self._keys = keys
        self._limit = limit

    def prepare(self) -> None:
        """Create the stream and the consumer group where they are missing."""
        try:
            self._client.xgroup_create(self._keys.samples, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def send(
        self,
        entries: Sequence[Entry],
        *,
        faces: Sequence[FaceSample] = (),
        faces_limit: int = 100_000,
        wait_s: float = 60.0,
        stop: Callable[[], bool] = lambda: False,
    ) -> bytes | None:
        """Append entries in order, all or none; waits while the queue is full.

        Args:
            entries: What to send.
            faces: Embeddings for the capped `faces` stream.
            faces_limit: Length that stream is cut to.
            wait_s: How long to wait for room.
            stop: Ends the waiting early.

        Returns:
            Id of the last entry, or None where there was none.

        Raises:
            QueueFullError: If there was no room in time.
        """
        if not entries and not faces:
            return None
        deadline = time.monotonic() + wait_s
        while int(self._client.xlen(self._keys.samples)) + len(entries) > self._limit:
            if time.monotonic() > deadline or stop():
                raise QueueFullError(
                    f"{self._keys.samples}: {self._limit} entries wait and none were taken for {wait_s:g} s. "
                    "Is a cluster worker running for this collection?"
                )
            time.sleep(0.05)
        with self._client.pipeline(transaction=True) as pipe:
            for entry in entries:
                fields: Fields = {"type": _NAMES[type(entry)], **entry.encode()}
                pipe.xadd(self._keys.samples, fields)  # type: ignore[arg-type]
            for face in faces:
                pipe.xadd(self._keys.faces, face.encode(), maxlen=faces_limit, approximate=True)  # type: ignore[arg-type]
            ids = pipe.execute()
        return ids[len(entries) - 1] if entries else None

    def is_taken_in(self, entry_id: bytes) -> bool:
        """Whether an entry has had its effect: it is removed in the same step."""
        return not self._client.xrange(self._keys.samples, entry_id, entry_id)

    def receive(self, consumer: str, count: int = 256, block_ms: int = 200) -> list[Delivery]:
        """Entries that nobody got yet.

        Args:
            consumer: Name of this consumer in the group.
            count: Most entries to return.
            block_ms: How long to wait for one; at most `MAX_BLOCK_MS`.
        """
        block_ms = min(block_ms, MAX_BLOCK_MS)
        reply = self._client.xreadgroup(
            GROUP, consumer, {self._keys.samples: ">"}, count=count, block=block_ms
        )
        return [_delivery(entry_id, raw) for _, entries in reply or [] for entry_id, raw in entries]

    def take_over(self, consumer: str, count: int = 256) -> list[Delivery]:
        """Entries that some consumer got and never acknowledged, oldest first, at most `count`.

        Only the holder of the collection's lease may call it: no other consumer is at work then.
        """
        reply = self._client.xautoclaim(self._keys.samples, GROUP, consumer, min_idle_time=0, count=count)
        return [_delivery(entry_id, raw) for entry_id, raw in reply[1] if raw]


def _delivery(entry_id: bytes, raw: Raw) -> Delivery:
    kind = _KINDS.get(raw.get(b"type", b""))
    if kind is None:
        return Delivery(entry_id, None, raw, f"unknown type {raw.get(b'type', b'')[:40]!r}")
    try:
        return Delivery(entry_id, kind.decode(raw), raw)
    except RecordError as error:
        return Delivery(entry_id, None, raw, str(error))
