"""How many steps a collection has seen: whoever leads it notices where the server has lost some."""

from __future__ import annotations

import logging
from typing import cast

import redis

from storage.commands import Pipeline, commands_of
from storage.errors import DataLostError
from storage.keys import Keys

_log = logging.getLogger(__name__)


class StepCount:
    """Counts the steps of a collection, as the server knows them and as whoever leads knows them.

    Whoever leads keeps the collection in memory and writes what changes. A server that was restarted without
    its last seconds, or a replica that took its place, may still hold the lease and lack what it stands on:
    records would be written about tracks that are not there, and ids given a second time.

    The count is a key of its own: each step would disturb whoever watches the facts of a collection.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._key = keys.steps
        self._known: int | None = None

    def begin(self) -> None:
        """From now on the server must hold what it holds now, and what is committed from here."""
        found = _number(self._client.get(self._key))
        if self._known is not None and found < self._known:
            _log.error(
                "%s: the server has lost the last %d steps that it had confirmed: it was restarted without "
                "them, or a replica that was behind has taken its place. The collection is read anew, as it "
                "is there; what was lost of videos and photos is found again by running the command again.",
                self._key,
                self._known - found,
            )
        self._known = found

    def is_done(self, pipe: Pipeline, *, tried: bool) -> bool:
        """Whether a step has had its effect already, and only the reply was lost.

        Args:
            pipe: Watches the lease.
            tried: Whether the step was sent before.

        Raises:
            DataLostError: If the server is not where it was.
        """
        if self._known is None:
            return False
        found = _number(cast(bytes | None, pipe.get(self._key)))
        if tried and found == self._known + 1:
            self._known = found
            return True
        if found != self._known:
            raise DataLostError(
                f"{self._key}: the server is at step {found} of this collection, and not at {self._known}"
            )
        return False

    def queue(self, pipe: Pipeline) -> None:
        """Count the step that is being queued."""
        pipe.incr(self._key)

    def committed(self) -> None:
        """The step that was queued has had its effect."""
        if self._known is not None:
            self._known += 1


def _number(stored: bytes | None) -> int:
    # Damaged by somebody, it is as good as lost.
    return int(stored) if stored is not None and stored.isdigit() else 0
