"""Live pictures of cameras, for as long as somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import redis

from storage.camera_view import VIEW_FIELDS, CameraView
from storage.commands import commands_of
from storage.fields import reading
from storage.keys import Keys

VIEW_TTL_S = 15.0
"""How long a picture stays."""
VIEWERS_TTL_S = 10.0
"""Who has not asked for so long looks no more."""


class CameraViewStore:
    """Asks for, writes and reads live pictures. None is ever kept beyond `VIEW_TTL_S`.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._keys = keys

    def ask(self, name: str) -> None:
        """Say that somebody looks at a camera now."""
        self._client.set(self._keys.camera_viewers(name), b"1", nx=False, px=int(VIEWERS_TTL_S * 1000))

    def viewed(self, names: Sequence[str]) -> set[str]:
        """Those of some cameras that somebody looks at."""
        if not names:
            return set()
        asked = self._client.mget([self._keys.camera_viewers(name) for name in names])
        return {name for name, value in zip(names, asked, strict=True) if value is not None}

    def write(self, name: str, view: CameraView) -> None:
        """Put the latest picture of a camera in the place of the one before."""
        key = self._keys.camera_view(name)
        with self._client.pipeline() as pipe:
            pipe.hset(key, mapping=view.encode())
            pipe.pexpire(key, int(VIEW_TTL_S * 1000))
            pipe.execute()

    def read(self, name: str, *, picture: bool = True) -> CameraView | None:
        """The latest picture of a camera, or None where there is none.

        Args:
            name: The camera.
            picture: Whether its bytes are wanted.

        Raises:
            RecordError: If it is damaged.
        """
        key = self._keys.camera_view(name)
        fields = [*VIEW_FIELDS, "jpeg"] if picture else list(VIEW_FIELDS)
        raw = {
            field.encode(): value
            for field, value in zip(fields, self._client.hmget(key, fields), strict=True)
            if value is not None
        }
        if not raw:
            return None
        with reading(key):
            return CameraView.decode(raw)

    def persons_of(self, view: CameraView) -> list[str]:
        """Id of the person of each face, "" where nobody knows it yet."""
        ids = [
            track_id for face in view.faces for track_id in (face.track_id, face.continues or face.track_id)
        ]
        if not ids:
            return []
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hmget(self._keys.assignments, ids)
            (found,) = cast("list[list[bytes | None]]", pipe.execute())
        return [(own or before or b"").decode() for own, before in zip(found[::2], found[1::2], strict=True)]
