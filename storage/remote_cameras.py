"""The cameras of a collection whose frames a reader sends, and how they are doing there."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from storage.camera_record import CameraRecord
from storage.camera_statuses import CameraStatuses
from storage.camera_store import CameraStore
from storage.keys import Keys


class RemoteCameras(CameraStatuses):
    """Reads those cameras, and what readers say of them.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        super().__init__(client, keys.camera_reader)
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

    def names(self) -> list[str]:
        """Names of all cameras, sorted: also of those that no reader sends, of which none says anything."""
        return self._store.names()
