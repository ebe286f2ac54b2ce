"""Frames of cameras that are read elsewhere, on their way to workers: never for longer than a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import redis

from storage.commands import StreamEntry, commands_of
from storage.connection import MAX_BLOCK_MS
from storage.data_keys import NO_DATA_KEYS, PLAIN, DataKeys
from storage.errors import DataKeyError, RecordError
from storage.keys import Keys
from storage.lease import Lease
from storage.remote_frame import RemoteFrame

KEPT_S = 30.0
"""A frame that nobody has taken goes after so long. That is time for another worker to take over from one
that died, and to see again what that one had not told of."""

_SEAL_EVERY_S = 2.0
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame that is to be sent.

    Attributes:
        name: Its camera.
        fence: What the sender must hold.
        fps: Frames per second of the camera, at most.
        frame: The frame.
    """

    name: str
    fence: Lease
    fps: float
    frame: RemoteFrame


@dataclass(frozen=True, slots=True)
class Received:
    """An entry of a stream of frames.

    Attributes:
        entry_id: Its id.
        frame: What it says; None where it can't be read.
        problem: Why not; empty otherwise.
    """

    entry_id: bytes
    frame: RemoteFrame | None
    problem: str = ""


class FrameStreams:
    """Sends, reads and deletes frames.

    The stream of a camera holds what its camera samples in `KEPT_S`, counted and by age; it expires so long
    after the last frame. So none is there for longer than twice that, whoever dies.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
        data_keys: What seals and opens pictures, where the collection is encrypted.
    """

    def __init__(self, client: redis.Redis, keys: Keys, data_keys: DataKeys = NO_DATA_KEYS) -> None:
        self._client = commands_of(client)
        self._keys = keys
        self._data_keys = data_keys
        self._seal = PLAIN
        self._seal_s = -math.inf
        # The server's clock less that of `time.monotonic`, ms; ids of entries are times of it.
        self._ahead_ms: float | None = None

    def send(self, batch: Sequence[Outgoing]) -> set[str]:
        """Append frames, of any number of cameras, in one round trip.

        Returns:
            Names of the cameras whose frames somebody else sends now. What was to be sent of them was.

        Raises:
            DataKeyError: If the collection is encrypted, and its key is not here.
        """
        self._refresh_seal()
        now_ms = time.monotonic() * 1000
        with self._client.pipeline(transaction=False) as pipe:
            for out in batch:
                key = self._keys.camera_frames(out.name)
                pipe.xadd(key, out.frame.encode(self._seal), maxlen=length(out.fps), approximate=False)
                if self._ahead_ms is not None:
                    oldest = max(round(now_ms + self._ahead_ms - KEPT_S * 1000), 0)
                    pipe.execute_command("XTRIM", key, "MINID", oldest)
                pipe.pexpire(key, int(KEPT_S * 1000))
                pipe.get(out.fence.key)
            replies = pipe.execute()
        each = len(replies) // len(batch)
        written = cast(bytes, replies[-each])
        self._ahead_ms = int(written.split(b"-")[0]) - now_ms
        tokens = replies[each - 1 :: each]
        return {out.name for out, token in zip(batch, tokens, strict=True) if token != out.fence.token}

    def read(self, name: str, source_id: str, after: bytes, count: int, block_ms: int) -> list[Received]:
        """The next entries of a camera, oldest first.

        Args:
            name: The camera.
            source_id: The source that its frames belong to.
            after: Id of the entry before them.
            count: Most entries to return.
            block_ms: How long to wait for one; at most `MAX_BLOCK_MS`.
        """
        key = self._keys.camera_frames(name)
        block = min(max(block_ms, 1), MAX_BLOCK_MS)
        reply = self._client.xread({key: after}, count=count, block=block)
        pages = cast("list[tuple[bytes, list[StreamEntry]]]", reply or [])
        return [self._received(source_id, *entry) for _, entries in pages for entry in entries]

    def newest(self, name: str, source_id: str) -> Received | None:
        """The latest entry of a camera; None where there is none."""
        page = self._client.xrevrange(self._keys.camera_frames(name), count=1)
        return self._received(source_id, *page[0]) if page else None

    def delete(self, name: str, entry_ids: Sequence[bytes], told_s: float) -> None:
        """Delete entries of a camera; those that are gone already are passed over.

        Args:
            name: The camera.
            entry_ids: What is needed no more.
            told_s: What was seen up to this media time is stored. Entries up to it that are left are there to
                decode later ones.
        """
        with self._client.pipeline(transaction=False) as pipe:
            for at in range(0, len(entry_ids), _CHUNK):
                pipe.xdel(self._keys.camera_frames(name), *entry_ids[at : at + _CHUNK])
            # No entry is there for longer, see above.
            pipe.set(self._keys.camera_frames_told(name), repr(told_s), px=int(2 * KEPT_S * 1000))
            pipe.execute()

    def told_s(self, name: str) -> float:
        """Media time up to which all that was seen in entries that may be left is stored; -inf: nothing."""
        raw = self._client.get(self._keys.camera_frames_told(name))
        try:
            told_s = -math.inf if raw is None else float(raw)
        except ValueError:
            return -math.inf
        return told_s if math.isfinite(told_s) else -math.inf

    def _received(self, source_id: str, entry_id: bytes, raw: dict[bytes, bytes] | None) -> Received:
        try:
            return Received(entry_id, RemoteFrame.decode(source_id, raw or {}, self._data_keys))
        except (RecordError, DataKeyError) as error:
            return Received(entry_id, None, str(error))

    def _refresh_seal(self) -> None:
        """Heed that the collection was encrypted, or its key changed, within two seconds."""
        if time.monotonic() - self._seal_s < _SEAL_EVERY_S:
            return
        self._seal = self._data_keys.sealing(self._client.hget(self._keys.meta, "data_key"))
        self._seal_s = time.monotonic()


def length(fps: float) -> int:
    """Most frames of a camera that wait.

    Args:
        fps: Frames per second of it, at most.
    """
    return math.ceil(fps * KEPT_S)
