"""The stream between face workers and the cluster worker."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import redis

from storage.commands import StreamEntry, commands_of
from storage.connection import MAX_BLOCK_MS
from storage.data_keys import NO_DATA_KEYS, DataKeys
from storage.delivery import Delivery, Entry, delivery_of
from storage.errors import QueueFullError
from storage.keys import Keys
from storage.lease import Lease
from storage.queue_writer import QueueWriter, collection_gone
from storage.requests import RetryRequest
from storage.sample_record import FaceSample
from storage.solitary_attempts import SolitaryAttempts
from storage.stream_trimming import MOST

_log = logging.getLogger(__name__)

GROUP = "cluster"
"""The consumer group of `samples`."""

# The latter is what Redis 7.0 says to whoever waits at a stream that is deleted.
_NO_GROUP = re.compile(r"\b(NOGROUP |UNBLOCKED the stream key )")
# A script, so that nothing can become pending between the look and the deletion, which would lose it.
_FORGET = """
for _, pairs in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = {}
    for at = 1, #pairs, 2 do consumer[pairs[at]] = pairs[at + 1] end
    if consumer.pending == 0 and (consumer.name == ARGV[2]) == (ARGV[3] == 'own') then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    end
end
"""


class SampleQueue:
    """Sends and receives samples, tracks and finished stretches through a Redis stream.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        limit: Entries that may wait; senders wait while there would be more. An empty queue takes any number.
        model_id: Embedding space of what is sent: nothing gets into a collection that has got another one
            since. Empty for senders of requests alone.
        fence: What the sender must hold: whoever was paused and has been replaced can't send any more.
        data_keys: What seals and opens vectors and pictures, where the collection is encrypted.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        limit: int = 20_000,
        model_id: str = "",
        fence: Lease | None = None,
        data_keys: DataKeys = NO_DATA_KEYS,
    ) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._limit = limit
        self._data_keys = data_keys
        self._writer = QueueWriter(client, keys, model_id, fence, data_keys)

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
        faces_limit: int = MOST,
        wait_s: float = 60.0,
        stop: Callable[[], bool] = lambda: False,
    ) -> bytes | None:
        """Append entries in order, all or none; waits while the queue is full.

        It waits as long as a cluster worker leads the collection, however slow that one is.

        Args:
            entries: What to send.
            faces: Embeddings for the stream `faces`.
            faces_limit: About how many entries that stream is cut to at once, whoever has not read them.
            wait_s: How long to wait for room while nobody leads the collection.
            stop: Ends the waiting early; nothing is sent then.

        Returns:
            Id of the last entry; None where there was none, or where nothing was sent as the queue was full
            when told to stop.

        Raises:
            QueueFullError: If there was no room, and nobody led the collection for `wait_s`.
            ModelConflictError: If the collection has been changed to other models.
            CollectionGoneError: If it is not there any more.
            LeaseLostError: If the fence is not this sender's any more; nothing was sent then.
        """
        if not entries and not faces:
            return None
        led_s = time.monotonic()
        while (waiting := self.waiting()) and waiting + len(entries) > self._limit:
            if stop():
                return None
            if self._client.exists(self._keys.leader):
                led_s = time.monotonic()
            elif time.monotonic() - led_s > wait_s:
                raise QueueFullError(
                    f"{self._keys.samples}: {waiting} entries wait, {len(entries)} more would pass the limit "
                    f"of {self._limit}, and no cluster worker has led this collection for {wait_s:g} s. Run "
                    "the command again: its cluster worker takes in what waits."
                )
            time.sleep(0.05)
        return self._writer.write(entries, faces, faces_limit)

    def try_send(
        self, entries: Sequence[Entry], *, faces: Sequence[FaceSample] = (), faces_limit: int = MOST
    ) -> bool:
        """Send where there is room, all or nothing, without waiting for any.

        For senders that must not wait, such as those of cameras: they keep what could not be sent, take no
        more frames of that camera meanwhile, of which the oldest are dropped, and try again.

        Args:
            entries: What to send, in order.
            faces: Entries for the stream `faces`, written in the same step.
            faces_limit: As that of `send`.

        Returns:
            Whether it was sent, or there was nothing to send.

        Raises:
            ModelConflictError: If the collection has been changed to other models.
            CollectionGoneError: If it is not there any more.
            LeaseLostError: If the fence is not this sender's any more; nothing was sent then.
        """
        if entries and (waiting := self.waiting()) and waiting + len(entries) > self._limit:
            return False
        if entries or faces:
            self._writer.write(entries, faces, faces_limit)
        return True

    def waiting(self) -> int:
        """Number of entries that have had no effect yet."""
        return self._client.xlen(self._keys.samples)

    def is_taken_in(self, entry_id: bytes) -> bool:
        """Whether an entry has had its effect: it is removed in the same step."""
        return not self._client.xrange(self._keys.samples, entry_id, entry_id)

    def receive(
        self, consumer: str, count: int = 256, block_ms: int = 200, kept: Collection[bytes] = ()
    ) -> list[Delivery]:
        """Entries that nobody got yet, after those that somebody got and did not acknowledge.

        Only the holder of the collection's lease may call it. Entries can be pending then only because the
        reply that carried them was lost on its way, or because a holder that was paused read on after its
        time. They come first: a track must not overtake its samples.

        Args:
            consumer: Name of this consumer in the group.
            count: Most entries to return.
            block_ms: How long to wait for one; at most `MAX_BLOCK_MS`.
            kept: Ids of entries that the caller has and will acknowledge later; they are not returned again.
        """
        try:
            return self._receive(consumer, count, min(block_ms, MAX_BLOCK_MS), kept)
        except redis.ResponseError as error:
            if not _NO_GROUP.search(str(error)):
                raise
            self._prepare_anew()
            return []

    def _prepare_anew(self) -> None:
        """Make the group anew that somebody deleted; all that is in the stream has had no effect yet."""
        if not self._client.exists(self._keys.meta):
            raise collection_gone(self._keys)
        self.prepare()
        _log.error(
            "the consumer group %r of %s was gone, and has been made anew: somebody deleted it, or the "
            "server lost data. What is in the stream is taken in; what was deleted with it is lost.",
            GROUP,
            self._keys.samples,
        )

    def _receive(self, consumer: str, count: int, block_ms: int, kept: Collection[bytes]) -> list[Delivery]:
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xreadgroup(GROUP, consumer, {self._keys.samples: ">"}, count=count, block=block_ms)
            pipe.xpending(self._keys.samples, GROUP)
            reply, summary = pipe.execute()
        fresh: list[StreamEntry] = [entry for _, entries in reply or [] for entry in entries]
        pending = int(summary["pending"])
        if pending > len(fresh) + len(kept):
            now = {entry_id for entry_id, _ in fresh}
            found = self.take_over(consumer, pending, kept)
            return [replace(d, again=False) if d.entry_id in now else d for d in found]
        return self._deliveries(fresh)

    def take_over(self, consumer: str, count: int = 256, kept: Collection[bytes] = ()) -> list[Delivery]:
        """Entries that some consumer got and never acknowledged, oldest first, at most `count`.

        Only the holder of the collection's lease may call it: no other consumer is at work then. How often
        an entry was delivered is left as it was, for `SolitaryAttempts`.

        Args:
            consumer: Name of this consumer in the group.
            count: Most entries to return.
            kept: Ids of entries that the caller has already; they are not returned again.
        """
        # All that is pending, not a page of it: what is kept may fill any number of pages.
        pending = int(self._client.xpending(self._keys.samples, GROUP)["pending"])
        if not pending:
            return []
        claimed = self._client.xautoclaim(
            self._keys.samples, GROUP, consumer, min_idle_time=0, count=pending, justid=True
        )
        lost = pending - len(claimed)
        if lost > 0:
            _log.error(
                "%d entries of %s were deleted or trimmed by somebody else before they had their effect: "
                "what they said is lost.",
                lost,
                self._keys.samples,
            )
        wanted = [entry_id for entry_id in claimed if entry_id not in kept][:count]
        with self._client.pipeline(transaction=False) as pipe:
            for entry_id in wanted:
                pipe.xrange(self._keys.samples, entry_id, entry_id)
            pages: list[list[StreamEntry]] = pipe.execute()
        found = self._deliveries([entry for page in pages for entry in page])
        return [replace(delivery, again=True) for delivery in found]

    def _deliveries(self, entries: Sequence[StreamEntry]) -> list[Delivery]:
        """What entries say; what is asked to be tried again, stands for the request."""
        found = [delivery_of(entry_id, raw, self._data_keys) for entry_id, raw in entries if raw]
        return [self._tried_again(d, d.entry) if isinstance(d.entry, RetryRequest) else d for d in found]

    def _tried_again(self, delivery: Delivery, request: RetryRequest) -> Delivery:
        dead_id = request.dead_id.encode()
        try:
            page = self._client.xrange(self._keys.dead, dead_id, dead_id)
        except redis.ResponseError as error:
            return replace(delivery, entry=None, problem=f"field 'dead_id': {error}")
        raw = page[0][1] if page else None
        # One that is there no more was tried already, dropped or forgotten.
        if not raw:
            return delivery
        return replace(delivery_of(delivery.entry_id, raw, self._data_keys), dead_id=dead_id)

    def attempts(self, consumer: str) -> SolitaryAttempts:
        """Counts attempts of a consumer at entries that were delivered again."""
        return SolitaryAttempts(self._client, self._keys.samples, GROUP, consumer)

    def forget_others(self, consumer: str) -> None:
        """Delete all consumers but this one that have nothing pending, once `take_over` has emptied them.

        Only the holder of the collection's lease may call it: all others are dead or paused, and one that
        wakes up is made anew by its next read.
        """
        self._forget(consumer, "others")

    def forget(self, consumer: str) -> None:
        """Delete a consumer that has done its work; one that still has something pending stays."""
        self._forget(consumer, "own")

    def _forget(self, consumer: str, whom: str) -> None:
        try:
            self._client.eval(_FORGET, 1, self._keys.samples, GROUP, consumer, whom)
        except redis.ResponseError as error:
            # A server that forbids scripts, say. A consumer that is left over costs some bytes, no more.
            _log.debug("consumers of %s were not deleted: %s", self._keys.samples, error)
