"""Single pictures of cameras, taken now; bounded, however many ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from facestream.errors import RefusedError

_FRESH_S = 1.0


class CameraSnapshots:
    """Takes pictures; whoever asks for one that is being taken, or was a moment ago, gets that.

    Args:
        at_once: So many cameras are connected to at a time.
    """

    def __init__(self, at_once: int = 4) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(at_once)
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
            return there[1].result()
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
