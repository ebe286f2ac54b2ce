"""The cameras of a collection whose frames a reader sends, and how they are doing there."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import cast

import redis

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import STATUS_TTL_S, CameraStore
from storage.commands import Hash, commands_of
from storage.errors import RecordError
from storage.keys import Keys


class RemoteCameras:
    """Reads those cameras, and what readers say of them.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._store = CameraStore(client, keys)

    def readable(self) -> list[CameraRecord]:
        """All whose records can be read."""
        return [record for record in self._store.readable() if record.remote]

    def mark(self, names: Sequence[str]) -> None:
        """Let these cameras be sent from now on; those that are already stay as they are.

        Raises:
            NoSuchCameraError: If there is none of such a name.
            RecordError: If its record is damaged.
        """
        for name in names:
            if not self._store.get(name).remote:
                self._store.change(name, lambda record: record.changed(remote=True))

    def write_statuses(self, statuses: Sequence[CameraStatus]) -> None:
        """Say how some of them are doing where they are read."""
        with self._client.pipeline() as pipe:
            for status in statuses:
                key = self._keys.camera_reader(status.name)
                pipe.hset(key, mapping=status.encode())
                pipe.pexpire(key, int(STATUS_TTL_S * 1000))
            pipe.execute()

    def forget_statuses(self, names: Sequence[str]) -> None:
        """Take back what was said of some."""
        if names:
            self._client.delete(*(self._keys.camera_reader(name) for name in names))

    def readable_statuses(self) -> Mapping[str, CameraStatus]:
        """How those are doing that somebody reads, by name; what is damaged is left out."""
        names = self._store.names()
        with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(self._keys.camera_reader(name))
            hashes = cast("list[Hash]", pipe.execute())
        found = {name: _decoded(raw) for name, raw in zip(names, hashes, strict=True)}
        return {name: status for name, status in found.items() if status is not None}

    def status(self, name: str) -> CameraStatus | None:
        """How one is doing; None where nobody reads it, or what is said is damaged."""
        return _decoded(self._client.hgetall(self._keys.camera_reader(name)))


def _decoded(raw: Hash) -> CameraStatus | None:
    if raw:
        # It is written anew every other second.
        with contextlib.suppress(RecordError):
            return CameraStatus.decode(raw)
    return None
