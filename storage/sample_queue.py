"""The stream between face workers and the cluster worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis

from storage.commands import StreamEntry, commands_of
from storage.connection import MAX_BLOCK_MS
from storage.errors import QueueFullError, RecordError
from storage.fields import Fields, Raw
from storage.keys import Keys
from storage.sample_record import FaceSample
from storage.source_record import ReclusterRequest, SegmentDone
from storage.track_record import TrackRecord

GROUP = "cluster"
"""The consumer group of `samples`."""

Entry = FaceSample | TrackRecord | SegmentDone | ReclusterRequest

_KINDS: dict[bytes, type[FaceSample] | type[TrackRecord] | type[SegmentDone] | type[ReclusterRequest]] = {
    b"sample": FaceSample,
    b"track": TrackRecord,
    b"segment": SegmentDone,
    b"recluster": ReclusterRequest,
}
_START = b"0-0"
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
        limit: Entries that may wait; senders wait while there would be more. An empty queue takes any number.
    """

    def __init__(self, client: redis.Redis, keys: Keys, limit: int = 20_000) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._limit = limit

    def prepare(self) -> None:
        """Create the stream and the consumer group where they are missing."""
        try:
            self._client.xgroup_create(self._keys.samples, GROUP, "0", True)
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
            QueueFullError: If there was no room in time, or none yet when told to stop.
        """
        if not entries and not faces:
            return None
        deadline = time.monotonic() + wait_s
        while (waiting := self._client.xlen(self._keys.samples)) and waiting + len(entries) > self._limit:
            if time.monotonic() > deadline or stop():
                raise QueueFullError(
                    f"{self._keys.samples}: {waiting} entries wait, and {len(entries)} more would pass the "
                    f"limit of {self._limit}. Is a cluster worker running for this collection?"
                )
            time.sleep(0.05)
        with self._client.pipeline(transaction=True) as pipe:
            for entry in entries:
                fields: Fields = {"type": _NAMES[type(entry)], **entry.encode()}
                pipe.xadd(self._keys.samples, fields)
            for face in faces:
                pipe.xadd(self._keys.faces, face.encode(), maxlen=faces_limit, approximate=True)
            ids: list[bytes] = pipe.execute()
        return ids[len(entries) - 1] if entries else None

    def is_taken_in(self, entry_id: bytes) -> bool:
        """Whether an entry has had its effect: it is removed in the same step."""
        return not self._client.xrange(self._keys.samples, entry_id, entry_id)

    def receive(self, consumer: str, count: int = 256, block_ms: int = 200) -> list[Delivery]:
        """Entries that nobody got yet, after those that somebody got and did not acknowledge.

        Only the holder of the collection's lease may call it. Entries can be pending then only because the
        reply that carried them was lost on its way, or because a holder that was paused read on after its
        time. They come first: a track must not overtake its samples.

        Args:
            consumer: Name of this consumer in the group.
            count: Most entries to return.
            block_ms: How long to wait for one; at most `MAX_BLOCK_MS`.
        """
        block_ms = min(block_ms, MAX_BLOCK_MS)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xreadgroup(GROUP, consumer, {self._keys.samples: ">"}, count=count, block=block_ms)
            pipe.xpending(self._keys.samples, GROUP)
            reply, summary = pipe.execute()
        fresh: list[StreamEntry] = [entry for _, entries in reply or [] for entry in entries]
        pending = int(summary["pending"])
        if pending > len(fresh):
            return self.take_over(consumer, pending)
        return _deliveries(fresh)

    def take_over(self, consumer: str, count: int = 256) -> list[Delivery]:
        """Entries that some consumer got and never acknowledged, oldest first, at most `count`.

        Only the holder of the collection's lease may call it: no other consumer is at work then.
        """
        next_id = _START
        while True:
            next_id, entries, _ = self._client.xautoclaim(
                self._keys.samples, GROUP, consumer, min_idle_time=0, start_id=next_id, count=count
            )
            # A page may hold nothing but entries that were deleted while they were pending.
            if entries or next_id == _START:
                return _deliveries(entries)


def _deliveries(entries: Sequence[StreamEntry]) -> list[Delivery]:
    return [_delivery(entry_id, raw) for entry_id, raw in entries if raw]


def _delivery(entry_id: bytes, raw: Raw) -> Delivery:
    kind = _KINDS.get(raw.get(b"type", b""))
    if kind is None:
        return Delivery(entry_id, None, raw, f"unknown type {raw.get(b'type', b'')[:40]!r}")
    try:
        return Delivery(entry_id, kind.decode(raw), raw)
    except RecordError as error:
        return Delivery(entry_id, None, raw, str(error))
