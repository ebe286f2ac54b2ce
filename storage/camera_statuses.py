"""How cameras are doing, as those say who read them."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import cast

import redis

from storage.camera_status import CameraStatus
from storage.commands import Hash, commands_of
from storage.errors import RecordError

STATUS_TTL_S = 15.0
"""How long a status is believed."""


class CameraStatuses(ABC):
    """Reads and writes statuses, each for a while.

    Args:
        client: Connection to Redis.
        key_of: Gives the key of the status of a camera by its name.
    """

    def __init__(self, client: redis.Redis, key_of: Callable[[str], str]) -> None:
        self._client = commands_of(client)
        self._status_key = key_of

    @abstractmethod
    def names(self) -> list[str]:
        """Names of all cameras, sorted."""

    def write_statuses(self, statuses: Sequence[CameraStatus], ttl_s: float = STATUS_TTL_S) -> None:
        """Say how some cameras are doing, in one step.

        Args:
            statuses: How.
            ttl_s: For how long that holds.
        """
        with self._client.pipeline() as pipe:
            for status in statuses:
                key = self._status_key(status.name)
                pipe.hset(key, mapping=status.encode())
                pipe.pexpire(key, int(ttl_s * 1000))
            pipe.execute()

    def forget_statuses(self, names: Sequence[str]) -> None:
        """Take back what was said of how some cameras are doing."""
        if names:
            self._client.delete(*map(self._status_key, names))

    def readable_statuses(self) -> dict[str, CameraStatus]:
        """How the cameras are doing, by name.

        Left out are those of whom nobody has said anything lately, and what is damaged: it is written anew
        every other second.
        """
        names = self.names()
        found: dict[str, CameraStatus] = {}
        for name, raw in zip(names, self._hashes([self._status_key(name) for name in names]), strict=True):
            if (status := _decoded(raw)) is not None:
                found[name] = status
        return found

    def status(self, name: str) -> CameraStatus | None:
        """How one is doing; None where that would be left out."""
        return _decoded(self._client.hgetall(self._status_key(name)))

    def _hashes(self, keys: Sequence[str]) -> list[Hash]:
        with self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hgetall(key)
            return cast("list[Hash]", pipe.execute())


def _decoded(raw: Hash) -> CameraStatus | None:
    if raw:
        with contextlib.suppress(RecordError):
            return CameraStatus.decode(raw)
    return None
