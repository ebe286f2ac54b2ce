"""The processes that `facestream serve` keeps beside itself: a cluster worker, and a worker for cameras."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from facestream.configuration.settings import Place
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.processes.beside import LAST_S
from facestream.processes.child import Child, environment_of, place_words
from facestream.wiring import keys_of, make_camera_store, make_store
from storage.connection import RedisHandle
from storage.errors import StorageError

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
# Who ran for so long was no failure from the beginning.
_STEADY_S = 60.0

CLUSTER_WORKER, WORKER = "cluster-worker", "worker"


@dataclass(frozen=True, slots=True)
class KeptProcess:
    """How a process that is kept is doing.

    Attributes:
        name: The command that it runs.
        running: Whether it runs now.
        restarts: How often it was started anew after it had ended by itself.
        last_error: The last line that it wrote before it did; empty if it never did.
    """

    name: str
    running: bool
    restarts: int
    last_error: str


@dataclass(slots=True, eq=False)
class _Kept:
    name: str
    child: Child | None = None
    began_s: float = 0.0
    again_s: float = 0.0
    wait_s: float = _FIRST_WAIT_S
    restarts: int = 0
    last_error: str = ""


class Supervisor:
    """Keeps them up; a context manager that leaves none behind.

    A cluster worker runs as soon as the collection has models: it is the first run that chooses these. With
    it in charge, what people decide is carried out at once. A worker runs while there are cameras
    that are not paused.

    Args:
        place: The collection.
        handle: Its server.
        metrics: Where they tell how they get on.
        enabled: Whether to keep any; else others are expected to.
    """

    def __init__(
        self, place: Place, handle: RedisHandle, metrics: KeptMetrics, *, enabled: bool = True
    ) -> None:
        self._place = place
        self._handle = handle
        self._metrics = metrics
        self._enabled = enabled
        keys = keys_of(place)
        self._store = make_store(handle, keys)
        self._cameras = make_camera_store(handle, keys)
        self._began = ""
        self._kept = {name: _Kept(name) for name in (CLUSTER_WORKER, WORKER)}
        self._wanted_now: Mapping[str, bool] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)

    def processes(self) -> list[KeptProcess]:
        """How they are doing; any thread may ask."""
        return [
            KeptProcess(
                kept.name,
                (child := kept.child) is not None and child.code is None,
                kept.restarts,
                kept.last_error,
            )
            for kept in self._kept.values()
        ]

    @property
    def is_complete(self) -> bool:
        """Whether all that should run do; any thread may ask."""
        wanted = self._wanted_now
        return all(process.running for process in self.processes() if wanted.get(process.name, False))

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                with self._handle.errors():
                    self._wanted_now = self._wanted()
            except StorageError as error:
                # They wait for the server themselves.
                _log.info("supervisor: %s", error)
            for name, kept in self._kept.items():
                self._see_to(kept, wanted=self._wanted_now.get(name, False))
            self._stop.wait(_LOOK_EVERY_S)

    def _wanted(self) -> dict[str, bool]:
        meta = self._store.meta()
        self._began = meta.get("created_at_s", "")
        return {
            CLUSTER_WORKER: "model_id" in meta and "changing_to" not in meta,
            WORKER: any(not camera.paused for camera in self._cameras.readable()),
        }

    def _see_to(self, kept: _Kept, *, wanted: bool) -> None:
        """Start, start anew or end a process."""
        child = kept.child
        if child is not None and child.code is not None:
            child.wait()
            self._metrics.ended(child.pid)
            kept.child = None
            kept.restarts += 1
            kept.last_error = child.said or f"ended with {child.code}"
            lasted = time.monotonic() - kept.began_s >= _STEADY_S
            kept.wait_s = _FIRST_WAIT_S if lasted else min(kept.wait_s * 2, _LONGEST_WAIT_S)
            kept.again_s = time.monotonic() + kept.wait_s
            _log.warning("%s ended: %s", kept.name, kept.last_error)
        elif child is not None and not wanted:
            kept.child = None
            child.stop()
            child.wait()
            self._metrics.ended(child.pid)
        if wanted and kept.child is None and time.monotonic() >= kept.again_s:
            kept.began_s = time.monotonic()
            try:
                kept.child = Child(
                    "facestream.processes.beside",
                    # A port of the settings is that of one process. One that was dropped before it came to it
                    # must not begin anew.
                    [
                        kept.name,
                        *("--quiet", "--metrics-port", "0", "--began", self._began),
                        *place_words(self._place),
                    ],
                    {**environment_of(self._place, os.environ), **self._metrics.environ},
                )
            except OSError as error:
                kept.last_error = f"can't be started: {error.strerror}"
                kept.again_s = time.monotonic() + _LONGEST_WAIT_S

    def __enter__(self) -> Self:
        """Begin to keep them."""
        if self._enabled:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End them, side by side."""
        self._stop.set()
        if self._enabled:
            self._thread.join(LAST_S + _LOOK_EVERY_S)
        children = [kept.child for kept in self._kept.values() if kept.child is not None]
        for child in children:
            child.stop()
        until_s = time.monotonic() + LAST_S
        for child in children:
            child.wait(max(until_s - time.monotonic(), 0.0))
