"""A lease in Redis: at most one holder at a time, and a dead holder is replaced."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import cast

import redis

from storage.commands import Pipeline, commands_of
from storage.keys import wanted_of

LONGEST_S = 90.0
"""Nobody asks for a lease to last longer. One that does was made before the server's clock was set back; its
holder, if alive, puts the end off in time."""

LARGE_STEP_S = 60.0
"""For how long to put the end off before very many commands: until they are written, nothing else does.

Whoever is killed right then holds others up for so long at most.
"""

_TRIES = 3
# Who asked and was killed holds nobody up for long.
_WANTED_MS = 2_000


class Lease:
    """Leadership over one key, held by a token with an expiry.

    A holder that was paused for too long finds its token gone: writes that watch the key (see
    `IdentityStore.commit`) then fail instead of overwriting the work of its successor.

    Args:
        client: Connection to Redis.
        key: The key that holds the token.
        ttl_s: A holder that has not renewed for so long has lost the lease.
        holder: Who holds it, to be read from the token by others; no slash in it.
    """

    def __init__(self, client: redis.Redis, key: str, ttl_s: float = 5.0, holder: str = "") -> None:
        self._client = commands_of(client)
        self.ttl_ms = int(ttl_s * 1000)
        self.key = key
        self._wanted = wanted_of(key)
        # Another one for each lease, so that a holder can't take its second lease of a key for its first.
        token = secrets.token_hex(8)
        self.token = (f"{holder}/{token}" if holder else token).encode()
        # Held while the key is watched: renewing touches it, which would void the holder's own write.
        self.watching = threading.RLock()

    def acquire(self) -> bool:
        """Take the lease if nobody has it, or renew it; returns whether it is ours."""
        if self._client.set(self.key, self.token, nx=True, px=self.ttl_ms):
            return True
        if self.renew():
            return True
        self._client.pexpire(self.key, int(LONGEST_S * 1000), lt=True)
        return False

    def renew(self, ttl_s: float | None = None) -> bool:
        """Put the expiry off; returns whether the lease is still ours.

        Args:
            ttl_s: For how long, until the next time; by default as long as always.
        """
        ttl_ms = self.ttl_ms if ttl_s is None else int(ttl_s * 1000)
        return self._if_ours(lambda pipe: pipe.pexpire(self.key, ttl_ms))

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Renew in the background while the block runs: one step may take longer than the lease lasts.

        A process that is paused or killed stops renewing with everything else, and a lease that was lost
        stays lost.
        """
        left = threading.Event()
        thread = threading.Thread(target=self._keep, args=(left,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            left.set()
            thread.join()

    def _keep(self, left: threading.Event) -> None:
        while not left.wait(self.ttl_ms / 3000):
            # The holder's own commands will meet the same error and report it.
            with contextlib.suppress(redis.RedisError):
                self.renew()

    def take_from(self, is_gone: Callable[[str], bool]) -> bool:
        """Take the lease away from a holder who can't give it back; returns whether nobody has it now.

        Args:
            is_gone: Tells so of a holder, by the name that was given to its lease; "" where there was none.
        """

        def may_go(token: bytes | None) -> bool:
            return token is None or is_gone(token.decode("utf-8", "replace").rpartition("/")[0])

        return self._if_held(may_go, lambda pipe: pipe.delete(self.key))

    def ask(self) -> None:
        """Say that the lease is wanted, to those who may have it and give way; to be said again and again."""
        self._client.set(self._wanted, b"1", nx=False, px=_WANTED_MS)

    def is_wanted(self) -> bool:
        """Whether somebody has just asked for it."""
        return bool(self._client.exists(self._wanted))

    def release(self) -> None:
        """Give the lease back if it is ours."""
        self._if_ours(lambda pipe: pipe.delete(self.key))

    def _if_ours(self, act: Callable[[Pipeline], object]) -> bool:
        """Do something to the key, unless it is somebody else's; returns whether it was done."""
        return self._if_held(lambda token: token == self.token, act)

    def _if_held(self, right: Callable[[bytes | None], bool], act: Callable[[Pipeline], object]) -> bool:
        """Do something to the key if what it holds is right; returns whether it was done.

        A connection that breaks while a key is watched says the same as one whose key has changed: only
        another look tells whose it is.
        """
        for _ in range(_TRIES):
            with self.watching, self._client.pipeline() as pipe:
                try:
                    pipe.watch(self.key)
                    if not right(cast("bytes | None", pipe.get(self.key))):
                        return False
                    pipe.multi()
                    act(pipe)
                    pipe.execute()
                except redis.WatchError:
                    continue
                return True
        return False
