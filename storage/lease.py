"""A lease in Redis: at most one holder at a time, and a dead holder is replaced."""

from __future__ import annotations

import secrets

import redis


class Lease:
    """Leadership over one key, held by a token with an expiry.

    A holder that was paused for too long finds its token gone: writes that watch the key (see
    `IdentityStore.commit`) then fail instead of overwriting the work of its successor.

    Args:
        client: Connection to Redis.
        key: The key that holds the token.
        ttl_s: A holder that has not renewed for so long has lost the lease.
    """

    def __init__(self, client: redis.Redis, key: str, ttl_s: float = 5.0) -> None:
        self._client = client
        self._ttl_ms = int(ttl_s * 1000)
        self.key = key
        self.token = secrets.token_hex(8).encode()

    def acquire(self) -> bool:
        """Take the lease if nobody has it, or renew it; returns whether it is ours."""
        if self._client.set(self.key, self.token, nx=True, px=self._ttl_ms):
            return True
        return self.renew()

    def renew(self) -> bool:
        """Put the expiry off; returns whether the lease is still ours."""
        with self._client.pipeline() as pipe:
            try:
                pipe.watch(self.key)
                if pipe.get(self.key) != self.token:
                    return False
                pipe.multi()
                pipe.pexpire(self.key, self._ttl_ms)
                pipe.execute()
            except redis.WatchError:
                return False
        return True

    def release(self) -> None:
        """Give the lease back if it is ours."""
        with self._client.pipeline() as pipe:
            try:
                pipe.watch(self.key)
                if pipe.get(self.key) == self.token:
                    pipe.multi()
                    pipe.delete(self.key)
                    pipe.execute()
            except redis.WatchError:
                return
