"""What is read from Redis at each scrape: bounded, and never waited for long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from typing import Generic, TypeVar

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from facestream.metrics.camera_counts import CameraCounts
from facestream.metrics.camera_families import camera_families
from facestream.metrics.collection_families import collection_families
from facestream.processes.trouble import Trouble
from storage.camera_store import CameraStore
from storage.collection_pulse import read_pulse
from storage.connection import RedisHandle
from storage.errors import StorageError
from storage.keys import Keys

T = TypeVar("T")

_log = logging.getLogger(__name__)

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
        self._counts = CameraCounts()
        self._ping = _Shared(self._answers, "Redis is asked for an answer")
        self._read = _Shared(self._ask, "The collection is read for Prometheus")

    def families(self) -> Iterator[Metric]:
        """What there is to tell; that Redis doesn't answer, where it doesn't."""
        # Both at once. However much there is to read, a server that answers is there.
        until_s = time.monotonic() + PATIENCE_S
        pinged, read = self._ping.asked(), self._read.asked()
        up = float(bool(self._ping.get(pinged, until_s)))
        yield GaugeMetricFamily("facestream_redis_up", "Whether Redis answered a PING in time.", value=up)
        found = self._read.get(read, until_s)
        if found is not None:
            yield from found

    def close(self) -> None:
        """Read no more."""
        self._ping.close()
        self._read.close()

    def _answers(self) -> bool:
        with self._handle.errors():
            return bool(self._handle.client.ping())

    def _ask(self) -> list[Metric]:
        with self._handle.errors():
            found = list(collection_families(read_pulse(self._handle.client, self._keys)))
            if self._cameras is None:
                return found
            statuses = self._cameras.readable_statuses()
            states = {name: status.state for name, status in statuses.items()}
            for record in self._cameras.readable():
                # What it did before it was paused may still be there for a while.
                states[record.name] = "paused" if record.paused else states.get(record.name, "waiting")
            # Here, where reads are one after the other: each is counted in its turn.
            return [*found, *camera_families(statuses.values(), states, self._counts)]


class _Shared(Generic[T]):
    """A read in a thread of its own, shared by all who ask while it lasts and for a moment after it.

    Args:
        ask: Reads.
        what: What is done again once it goes well, as a sentence's beginning.
    """

    def __init__(self, ask: Callable[[], T], what: str) -> None:
        self._ask = ask
        self._trouble = Trouble(_log, what, "It is tried again at the next scrape.")
        self._thread = ThreadPoolExecutor(1, "metrics")
        self._lock = threading.Lock()
        self._asked: Future[T | None] | None = None
        self._asked_s = 0.0

    def asked(self) -> Future[T | None]:
        """The read that is under way or was a moment ago, begun now where there is none."""
        with self._lock:
            asked = self._asked
            if asked is None or (asked.done() and time.monotonic() - self._asked_s > _FRESH_S):
                asked = self._asked = self._thread.submit(self._read)
                self._asked_s = time.monotonic()
            return asked

    def get(self, asked: Future[T | None], until_s: float) -> T | None:
        """What was read; None where that failed, or lasts until then."""
        try:
            return asked.result(max(until_s - time.monotonic(), 0.0))
        except LateError:
            return None

    def close(self) -> None:
        """Read no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self) -> T | None:
        try:
            found = self._ask()
        except StorageError as error:
            # Whoever works with the server says so.
            _log.info("metrics: %s", error)
            return None
        except Exception as error:  # whatever it is, the process tells of itself
            self._trouble.tell(error)
            return None
        self._trouble.over()
        return found
