"""Which files a process looks at right now, so that no two do the same work at the same time."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import Self

import redis

from storage.keys import Keys
from storage.lease import Lease
from storage.living_process import has_ended, own_process

_LEASE_S = 8.0
"""Nobody waits longer for a process that died on another host; for one of this host not at all."""
_BRIEF = 32


class SourceClaims:
    """Claims of one process on sources; a context manager, whose end gives all of them back.

    A claim says who does the work, and guards nothing: where one is lost, as its process stood still for
    seconds, the work may be done twice, with the same result. Claims are made by one thread.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        lease_s: How long a claim lasts that nobody renews.
    """

    def __init__(self, client: redis.Redis, keys: Keys, lease_s: float = _LEASE_S) -> None:
        self._client = client
        self._keys = keys
        self._lease_s = lease_s
        self._held: dict[str, Lease] = {}
        self._brief: deque[str] = deque()
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="claims", daemon=True)

    def __enter__(self) -> Self:
        """From here on, claims last."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give all back; on a server that is away they run out by themselves."""
        self._left.set()
        self._thread.join()
        with contextlib.suppress(redis.RedisError):
            self.release_all()

    def claim(self, source_id: str, *, briefly: bool = False) -> bool:
        """Take a source that nobody looks at; returns whether it is ours, now or already.

        Args:
            source_id: The source.
            briefly: Whether it is given back by itself, when some others were claimed so since: what was
                found in it is known to everybody by then.
        """
        with self._lock:
            if source_id in self._held:
                return True
            lease = Lease(self._client, self._keys.looking_at(source_id), self._lease_s, own_process())
            # Whoever was killed on this host holds nobody up.
            if not (lease.acquire() or (lease.take_from(has_ended) and lease.acquire())):
                return False
            self._held[source_id] = lease
        if briefly:
            self._brief.append(source_id)
            if len(self._brief) > _BRIEF:
                self.release(self._brief.popleft())
        return True

    def release(self, source_id: str) -> None:
        """Give a source back; one that isn't ours is left alone."""
        with self._lock:
            lease = self._held.pop(source_id, None)
        if lease is not None:
            lease.release()

    def release_all(self) -> None:
        """Give all back."""
        self._brief.clear()
        for source_id in list(self._held):
            self.release(source_id)

    def _renew(self) -> None:
        while not self._left.wait(self._lease_s / 3):
            with self._lock:
                held = list(self._held.values())
            # The owner's own commands will meet the same error and report it.
            with contextlib.suppress(redis.RedisError):
                for lease in held:
                    lease.renew()
