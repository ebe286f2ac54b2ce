"""The cluster worker in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from storage.connection import RedisHandle
from storage.errors import RedisUnavailableError, StorageError
from storage.haste import ENDING_S
from storage.outage import wait_for_server
from workers.cluster_worker import ClusterWorker
from workers.errors import ClusterWorkerError, WorkerError

_log = logging.getLogger(__name__)

# A step is done by then, and a re-cluster that is called off.
_JOIN_S = 60.0
# Who works for as long as it is let has nobody who waits for an outcome. Whoever leads next sees to it.
_LASTING_JOIN_S = ENDING_S + 1.0
_CUT_OFF_JOIN_S = 0.5


class Background:
    """The cluster worker in its thread; a context manager that leaves no thread behind.

    Args:
        worker: The worker.
        handle: Its server.
        lasting: Whether the work is to outlast a server that goes away for a while. Its end is then not held
            up by one that hangs: `RedisHandle.haste`.
    """

    def __init__(self, worker: ClusterWorker, handle: RedisHandle, *, lasting: bool = False) -> None:
        self._worker = worker
        self._handle = handle
        self._lasting = lasting
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="cluster worker", daemon=True)

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                self._run()
        except BaseException as error:  # handed to the main thread, which raises it
            self._error = error

    def _run(self) -> None:
        try:
            with self._handle.errors():
                self._worker.run(self._stop)
        except RedisUnavailableError as error:
            if not self._lasting:
                raise
            if self._stop.is_set():
                _log.warning("%s Whoever leads next does anew what was under way.", error)
                return
            wait_for_server(self._handle, error, self._stop)

    def check(self) -> None:
        """Raise what the worker failed with, if it failed.

        Raises:
            StorageError: If its server failed.
            WorkerError: If it did itself.
        """
        error = self._error
        if isinstance(error, (StorageError, WorkerError)):
            # Its message helps a person as it is, whoever met the trouble first.
            raise error
        if error is not None:
            raise ClusterWorkerError(
                f"the cluster worker failed: {type(error).__name__}: {error}. This is a fault of facestream; "
                "--debug shows where."
            ) from error

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait for the worker to bring something about.

        Raises:
            StorageError: If its server failed.
            WorkerError: If the worker fails or takes longer than `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise ClusterWorkerError(f"the cluster worker did not finish within {timeout_s:g} s")
            time.sleep(0.02)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let the worker finish its step and leave.

        Raises:
            StorageError: If its server had failed; not over another error.
            WorkerError: If it had failed itself, or does not come to an end; not over another error.
        """
        self._stop.set()
        if self._lasting:
            self._leave(kind)
        else:
            self._thread.join(timeout=_JOIN_S)
        if kind is None:
            self.check()
            if self._thread.is_alive() and not self._lasting:
                raise ClusterWorkerError(f"the cluster worker did not end within {_JOIN_S:g} s")

    def _leave(self, kind: type[BaseException] | None) -> None:
        """Wait for the end of work that nobody needs the outcome of; not at all at a second Ctrl-C."""
        haste = self._handle.haste
        if kind is not None and not issubclass(kind, Exception):
            haste.give_up()
            self._thread.join(_CUT_OFF_JOIN_S)
            return
        haste.begin()
        with haste.no_time():
            self._thread.join(_LASTING_JOIN_S)
        if self._thread.is_alive():
            _log.warning("the cluster worker is left in the middle of a step, which the next one does anew")
