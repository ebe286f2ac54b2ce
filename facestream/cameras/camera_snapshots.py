"""Single pictures of cameras, taken now; bounded, however many ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from facestream.errors import RefusedError

_FRESH_S = 1.0
# Longer than it takes to connect and to wait for a picture.
_LONGEST_S = 30.0


class CameraSnapshots:
    """Takes pictures; whoever asks for one that is being taken, or was a moment ago, gets that.

    Args:
        at_once: So many cameras are connected to at a time.
        waiting: So many wait for pictures that others take: each holds a thread that somebody else may need.
    """

    def __init__(self, at_once: int = 4, waiting: int = 8) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(at_once)
        self._seats = threading.BoundedSemaphore(waiting)
        self._taken: dict[str, tuple[float, Future[bytes]]] = {}

    def take(self, name: str, look: Callable[[], bytes]) -> bytes:
        """A picture of a camera.

        Args:
            name: What tells the camera, and how it is looked at, from all others.
            look: Takes one.

        Raises:
            RefusedError: If too many others are being taken ("busy").
        """
        with self._lock:
            now_s = time.monotonic()
            self._taken = {
                key: (at_s, future)
                for key, (at_s, future) in self._taken.items()
                if not future.done() or now_s - at_s < _FRESH_S
            }
            there = self._taken.get(name)
            if there is None:
                if not self._slots.acquire(blocking=False):
                    raise RefusedError("Pictures of other cameras are being taken. Try again.", kind="busy")
                future: Future[bytes] = Future()
                self._taken[name] = now_s, future
        if there is not None:
            return self._wait_for(there[1])
        try:
            future.set_result(look())
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            self._slots.release()
            with self._lock:
                # Fresh from now on, not from when it was asked for.
                self._taken[name] = time.monotonic(), future
        return future.result()

    def _wait_for(self, future: Future[bytes]) -> bytes:
        if future.done():
            return future.result()
        if not self._seats.acquire(blocking=False):
            raise RefusedError("Others wait for a picture of this camera. Try again.", kind="busy")
        try:
            return future.result(_LONGEST_S)
        except TimeoutError as error:
            if future.done():
                # That of whoever took it.
                raise
            raise RefusedError("A picture of this camera takes too long. Try again.", kind="busy") from error
        finally:
            self._seats.release()
