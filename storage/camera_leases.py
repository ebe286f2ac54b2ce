"""Which worker has which camera, and which workers there are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import cast

import redis

from storage.commands import commands_of
from storage.keys import Keys
from storage.lease import LONGEST_S, Lease

LEASE_S = 8.0
"""A worker that has not been heard of for so long has lost its cameras."""

_TRIES = 5


class CameraLeases:
    """Leases of the cameras of a collection, and the register of its workers.

    Times are the server's, so that clocks of hosts need not agree.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        worker: Name of this worker, which no other has; printable, without a slash.
        lease_s: How long a lease lasts that nobody renews.
        registered: Whether this worker takes its share of all cameras and so is in the register; one that
            is to look at a few cameras only is not.
        lease_key: Gives the key of a camera's lease; by default that of who looks at its frames.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        worker: str,
        *,
        lease_s: float = LEASE_S,
        registered: bool = True,
        lease_key: Callable[[str], str] | None = None,
    ) -> None:
        self._redis = client
        self._client = commands_of(client)
        self._keys = keys
        self._lease_key = lease_key or keys.camera_lease
        self.worker = worker
        self.lease_s = lease_s
        self.registered = registered

    def holders(self, names: Sequence[str]) -> dict[str, str]:
        """The worker of each of these cameras that has one."""
        if not names:
            return {}
        keys = [self._lease_key(name) for name in names]
        with self._client.pipeline(transaction=False) as pipe:
            pipe.mget(keys)
            for key in keys:
                # See LONGEST_S: nobody must wait for an hour for the cameras of a worker that died.
                pipe.pexpire(key, int(LONGEST_S * 1000), lt=True)
            tokens = cast("list[bytes | None]", pipe.execute()[0])
        return {
            name: token.decode("utf-8", "replace").rpartition("/")[0]
            for name, token in zip(names, tokens, strict=True)
            if token is not None
        }

    def claim(self, name: str) -> Lease | None:
        """Take a camera that nobody has; None where somebody was quicker."""
        lease = Lease(self._redis, self._lease_key(name), self.lease_s, self.worker)
        return lease if lease.acquire() else None

    def renew(self, leases: Collection[Lease]) -> tuple[set[str], set[str]]:
        """Put the expiry of all leases off and say that this worker lives, in one step.

        Returns:
            Keys of the leases that are not ours any more, and the workers that are alive.
        """
        held = sorted(leases, key=lambda lease: lease.key)
        for _ in range(_TRIES):
            with contextlib.suppress(redis.WatchError):
                return self._renew(held)
        # Others change our keys all the time. Nothing is known to be lost; the next try is soon.
        return set(), {self.worker}

    def _renew(self, held: Sequence[Lease]) -> tuple[set[str], set[str]]:
        keys = [lease.key for lease in held]
        seconds, microseconds = self._client.time()
        now_s = seconds + microseconds / 1e6
        with contextlib.ExitStack() as stack:
            for lease in held:
                # A writer that watches the key would find it touched.
                stack.enter_context(lease.watching)
            pipe = stack.enter_context(self._client.pipeline())
            tokens: list[bytes | None] = []
            if keys:
                pipe.watch(*keys)
                tokens = cast("list[bytes | None]", pipe.mget(keys))
                pipe.multi()
            lost = set()
            for lease, token in zip(held, tokens, strict=True):
                if token == lease.token:
                    pipe.pexpire(lease.key, lease.ttl_ms)
                else:
                    lost.add(lease.key)
            if self.registered:
                pipe.zadd(self._keys.workers, {self.worker: now_s})
                # Nothing stays of a collection that was dropped, or whose last worker was killed.
                pipe.pexpire(self._keys.workers, int(self.lease_s * 1000))
            pipe.zremrangebyscore(self._keys.workers, "-inf", now_s - self.lease_s)
            # Heard of in the future: before the server's clock was set back.
            pipe.zremrangebyscore(self._keys.workers, f"({now_s + self.lease_s}", "+inf")
            pipe.zrange(self._keys.workers, 0, -1)
            alive = cast("list[bytes]", pipe.execute()[-1])
        return lost, {name.decode("utf-8", "replace") for name in alive}

    def leave(self) -> None:
        """Take this worker off the register."""
        self._client.zrem(self._keys.workers, self.worker)
