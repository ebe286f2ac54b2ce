"""The processes that `facestream serve` keeps beside itself: a cluster worker, and a worker for cameras."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from facestream.configuration.settings import Place
from facestream.metrics.kept_metrics import KeptMetrics
from facestream.processes.beside import LAST_S
from facestream.processes.child import Child, environment_of, place_words
from facestream.processes.silence import Silence
from facestream.processes.trouble import Trouble
from facestream.wiring import keys_of, make_camera_store, make_store
from storage.connection import RedisHandle
from storage.errors import StorageError

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
# Who ran for so long was no failure from the beginning.
_STEADY_S = 60.0

HUNG_AFTER_S = 120.0
"""Who works, and has given no sign of life for so long, hangs."""

CLUSTER_WORKER, WORKER = "cluster-worker", "worker"


@dataclass(frozen=True, slots=True)
class KeptProcess:
    """How a process that is kept is doing.

    Attributes:
        name: The command that it runs.
        running: Whether it runs now.
        restarts: How often it was started anew after it had ended by itself.
        last_error: The last line that it wrote before it did, or that it hung; empty if neither ever was.
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
    silence: Silence = field(default_factory=Silence)
    trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        self.trouble = Trouble(_log, f"The {self.name} is seen to")


class Supervisor:
    """Keeps them up; a context manager that leaves none behind.

    A cluster worker runs as soon as the collection has models: it is the first run that chooses these. With
    it in charge, what people decide is carried out at once. A worker runs while there are cameras
    that are not paused. One that hangs is ended and started anew, as one that has died.

    Args:
        place: The collection.
        handle: Its server.
        metrics: Where they tell how they get on.
        enabled: Whether to keep any; else others are expected to.
        hung_after_s: Who has begun to work, and gives no sign of life for so long, hangs.
    """

    def __init__(
        self,
        place: Place,
        handle: RedisHandle,
        metrics: KeptMetrics,
        *,
        enabled: bool = True,
        hung_after_s: float = HUNG_AFTER_S,
    ) -> None:
        self._place = place
        self._handle = handle
        self._metrics = metrics
        self._enabled = enabled
        self._hung_after_s = hung_after_s
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
        """Whether all that should run do, and somebody sees to that; any thread may ask."""
        if self._enabled and not self._thread.is_alive():
            return False
        wanted = self._wanted_now
        return all(process.running for process in self.processes() if wanted.get(process.name, False))

    def _work(self) -> None:
        trouble = Trouble(_log, "What should run is looked up")
        while not self._stop.is_set():
            try:
                with self._handle.errors():
                    self._wanted_now = self._wanted()
            except StorageError as error:
                # They wait for the server themselves.
                _log.info("supervisor: %s", error)
            except Exception as error:  # whatever it is, those that run are seen to
                trouble.tell(error)
            else:
                trouble.over()
            for name, kept in self._kept.items():
                try:
                    self._see_to(kept, wanted=self._wanted_now.get(name, False))
                except Exception as error:  # whatever it is, the next look must come
                    kept.trouble.tell(error)
                else:
                    kept.trouble.over()
            self._stop.wait(_LOOK_EVERY_S)

    def _wanted(self) -> dict[str, bool]:
        meta = self._store.meta()
        self._began = meta.get("created_at_s", "")
        return {
            CLUSTER_WORKER: "model_id" in meta and "changing_to" not in meta,
            WORKER: any(not camera.paused for camera in self._cameras.readable()),
        }

    def _see_to(self, kept: _Kept, *, wanted: bool) -> None:
        """Start, start anew or end a process; not any more where all are being ended."""
        if self._stop.is_set():
            return
        child = kept.child
        if child is not None and child.code is not None:
            self._ended(kept, child)
        elif child is not None and self._hangs(kept, child):
            # What hangs hears of nothing else.
            child.kill()
            self._ended(kept, child, f"it hung: no sign of life for {self._hung_after_s:g} s")
        elif child is not None and not wanted:
            kept.child = None
            child.stop()
            child.wait()
            self._metrics.ended(child.pid)
        if wanted and kept.child is None and time.monotonic() >= kept.again_s:
            self._start(kept)

    def _hangs(self, kept: _Kept, child: Child) -> bool:
        silent_s = kept.silence.heard(self._metrics.sign_of(child.pid), time.monotonic())
        return silent_s >= self._hung_after_s

    def _ended(self, kept: _Kept, child: Child, why: str = "") -> None:
        """A process is no more, or just killed: another one begins after a while.

        Args:
            kept: What it was kept as.
            child: The process.
            why: What it ended of; by default what it said itself.
        """
        # First of all: one that is killed, and takes a while to end, doesn't count as running.
        kept.child = None
        child.wait()
        self._metrics.ended(child.pid)
        kept.last_error = why or child.said or f"ended with {child.code}"
        kept.restarts += 1
        lasted = time.monotonic() - kept.began_s >= _STEADY_S
        kept.wait_s = _FIRST_WAIT_S if lasted else min(kept.wait_s * 2, _LONGEST_WAIT_S)
        kept.again_s = time.monotonic() + kept.wait_s
        _log.warning("%s ended: %s", kept.name, kept.last_error)

    def _start(self, kept: _Kept) -> None:
        kept.began_s = time.monotonic()
        kept.silence = Silence()
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
        """End them, side by side, and those that were just being started."""
        self._stop.set()
        until_s = time.monotonic() + LAST_S
        told: list[Child] = []
        self._tell_to_end(told)
        if self._enabled:
            self._thread.join(max(until_s - time.monotonic(), _LOOK_EVERY_S))
            self._tell_to_end(told)
        for child in told:
            child.wait(max(until_s - time.monotonic(), 0.0))

    def _tell_to_end(self, told: list[Child]) -> None:
        """Tell those of the children that have not been told yet: a second time interrupts."""
        for child in (kept.child for kept in self._kept.values()):
            if child is not None and child not in told:
                child.stop()
                told.append(child)
