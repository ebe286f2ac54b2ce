"""What happens to identities, as it happens."""

from __future__ import annotations

import logging

import redis

from storage.commands import commands_of
from storage.errors import RecordError
from storage.identity_record import IdentityChange
from storage.keys import Keys

_log = logging.getLogger(__name__)

_PAGE = 1000


class ChangeReader:
    """Reads the stream `changes` of a collection from now on.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._key = keys.changes
        latest = self._client.xrevrange(self._key, count=1)
        self._after = latest[0][0] if latest else b"0-0"

    def news(self) -> list[IdentityChange]:
        """What has happened since this was asked last, at most a thousand events, the oldest first.

        Events that can't be read are left out with a warning. Who asks rarely misses some, as the stream is
        capped.
        """
        found: list[IdentityChange] = []
        for entry_id, raw in self._client.xrange(self._key, b"(" + self._after, b"+", count=_PAGE):
            self._after = entry_id
            try:
                found.append(IdentityChange.decode(raw or {}))
            except RecordError as error:
                _log.warning("%s %s is left out: %s", self._key, entry_id.decode(), error)
        return found
