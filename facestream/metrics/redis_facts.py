"""What is read from Redis at each scrape: bounded, and never waited for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from typing import Generic, TypeVar

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from facestream.metrics.camera_families import camera_families
from facestream.metrics.collection_families import collection_families
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.collection_pulse import CollectionPulse, read_pulse
from storage.connection import RedisHandle
from storage.errors import StorageError
from storage.keys import Keys

T = TypeVar("T")

PATIENCE_S = 2.0
"""Longest time that a scrape waits for Redis."""

_FRESH_S = 1.0


class RedisFacts:
    """A collection's facts for scrapes.

    One read is under way at a time: those who scrape meanwhile share it, and one that a server which hangs
    holds up is waited for `PATIENCE_S` by each scrape, and not repeated.

    Args:
        handle: The server.
        keys: Keys of the collection.
        cameras: The cameras, where their status is to be told as well.
    """

    def __init__(self, handle: RedisHandle, keys: Keys, cameras: CameraStore | None = None) -> None:
        self._handle = handle
        self._keys = keys
        self._cameras = cameras
        self._read = _Shared(self._ask)

    def families(self) -> Iterator[Metric]:
        """What there is to tell; that Redis doesn't answer, where it doesn't."""
        found = self._read.get(PATIENCE_S)
        yield GaugeMetricFamily(
            "facestream_redis_up", "Whether Redis answered in time.", value=float(found is not None)
        )
        if found is not None:
            pulse, cameras = found
            yield from collection_families(pulse)
            if cameras is not None:
                yield from camera_families(*cameras)

    def close(self) -> None:
        """Read no more."""
        self._read.close()

    def _ask(self) -> tuple[CollectionPulse, tuple[list[CameraStatus], dict[str, str]] | None]:
        with self._handle.errors():
            pulse = read_pulse(self._handle.client, self._keys)
            if self._cameras is None:
                return pulse, None
            statuses = self._cameras.readable_statuses()
            states = {name: status.state for name, status in statuses.items()}
            for record in self._cameras.readable():
                # What it did before it was paused may still be there for a while.
                states[record.name] = "paused" if record.paused else states.get(record.name, "waiting")
            return pulse, (list(statuses.values()), states)


class _Shared(Generic[T]):
    """A read in a thread of its own, shared by all who ask while it lasts and for a moment after it."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(1, "metrics")
        self._lock = threading.Lock()
        self._asked: Future[T] | None = None
        self._asked_s = 0.0

    def get(self, patience_s: float) -> T | None:
        with self._lock:
            asked = self._asked
            if asked is None or (asked.done() and time.monotonic() - self._asked_s > _FRESH_S):
                asked = self._asked = self._thread.submit(self._ask)
                self._asked_s = time.monotonic()
        try:
            return asked.result(patience_s)
        except (LateError, StorageError):
            return None

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
