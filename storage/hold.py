"""A collection that stands still while it is copied, erased or written as a whole."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import redis

from storage.commands import Hash, Pipeline, commands_of
from storage.errors import CollectionBusyError, LeaseLostError
from storage.keys import Keys
from storage.lease import Lease

WAIT_S = 8.0
"""How long to wait for a collection. Longer than the lease of a cluster worker that was killed."""

PAUSE_S = 60.0
"""How long to wait for a cluster worker that is asked to give way: the step under way is finished first."""

_POLL_S = 0.1


class Hold:
    """The lease on a collection: no cluster worker writes into it as long as this one lasts.

    Made by `hold_collection`. Runs that begin meanwhile look at their files and wait with what they find.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        lease: Leadership of it, taken.
    """

    def __init__(self, client: redis.Redis, keys: Keys, lease: Lease) -> None:
        self._client = commands_of(client)
        self._lease = lease
        self.keys = keys

    @contextlib.contextmanager
    def step(
        self, without: str | None = None, *, staged: Hash | None = None, within_s: float | None = None
    ) -> Iterator[Pipeline]:
        """Commands that all take effect at the end of the block, or none.

        Args:
            without: A key that must not be there.
            staged: What `reembed` must hold; nothing may wait for a cluster worker then, either.
            within_s: How long the commands may take to reach the server, where they are very many.

        Raises:
            LeaseLostError: If the hold was lost; nothing was written then.
            CollectionBusyError: If it is otherwise; nothing was written either.
        """
        watched = [self._lease.key]
        watched += [] if without is None else [without]
        watched += [] if staged is None else [self.keys.reembed, self.keys.samples]
        with self._lease.watching, self._client.pipeline(transaction=True) as pipe:
            if within_s is not None and not self._lease.renew(within_s):
                raise self._lost()
            pipe.watch(*watched)
            if pipe.get(self._lease.key) != self._lease.token:
                raise self._lost()
            if without and pipe.exists(without):
                raise self._overtaken()
            if staged is not None and (
                pipe.hgetall(self.keys.reembed) != staged or pipe.xlen(self.keys.samples)
            ):
                raise self._not_at_rest()
            pipe.multi()
            yield pipe
            if within_s is not None:
                # Whoever is killed behind it holds nobody up.
                pipe.pexpire(self._lease.key, self._lease.ttl_ms)
            try:
                pipe.execute()
            except redis.WatchError as error:
                if staged is not None:
                    raise self._not_at_rest() from error
                raise (self._overtaken() if without else self._lost()) from error

    def _not_at_rest(self) -> CollectionBusyError:
        return CollectionBusyError(
            f"Something was sent into collection {self.keys.collection!r} at this very moment. Wait until "
            "that is done, or stop it, then run this command again: it goes on where it was.",
            collection=self.keys.collection,
        )

    def _overtaken(self) -> CollectionBusyError:
        return CollectionBusyError(
            f"A run began to process into collection {self.keys.collection!r} while it was being restored. "
            "Stop it, then restore again with --replace.",
            collection=self.keys.collection,
        )

    def check(self) -> None:
        """Make sure that nobody else could write since the hold began.

        Raises:
            LeaseLostError: If the hold was lost.
        """
        if not self._lease.renew():
            raise self._lost()

    def _lost(self) -> LeaseLostError:
        return LeaseLostError(
            f"Collection {self.keys.collection!r} was let go of before the end, as this process or the "
            "server stood still for seconds. Run the command again."
        )


@contextlib.contextmanager
def hold_collection(
    client: redis.Redis, keys: Keys, wait_s: float = WAIT_S, *, pausing: bool = False
) -> Iterator[Hold]:
    """Keep cluster workers out of a collection within a `with` block.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        wait_s: How long to wait for one that is at work to end.
        pausing: Whether to ask it to give way, and for all to wait for the end of the block. What they hold
            in memory must still be true then, or be found out: they read the collection anew.

    Raises:
        CollectionBusyError: If one was still at work then.
    """
    lease = Lease(client, keys.leader)
    deadline_s = time.monotonic() + wait_s
    while not lease.acquire():
        if pausing:
            lease.ask()
        if time.monotonic() > deadline_s:
            raise CollectionBusyError(
                f"Something is processing into collection {keys.collection!r} right now: a run, a watch or a "
                "server (`serve`). Wait until it is done, or stop it, then run this command again.",
                collection=keys.collection,
            )
        time.sleep(_POLL_S)
    try:
        with lease.kept():
            yield Hold(client, keys, lease)
    finally:
        # Where the server is gone, that is what there is to report; the lease runs out by itself.
        with contextlib.suppress(redis.RedisError):
            lease.release()
