"""Work that must not take for ever: a model that hangs is noticed from another thread."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

_LOOK_EVERY_S = 1.0
# Of the time between two looks at most so many usual ones count. In a longer one this process was paused as a
# whole (a container, a signal, the machine), and the model with it.
_MOST_LOOKS = 2


class Watchdog:
    """Tells when one piece of work takes longer than it may. Nothing can interrupt a model that hangs.

    Time in which the process was paused is none that a piece took.

    Args:
        limit_s: How long a piece may take, s.
        on_hang: Called once for such a piece, with what it is, in a thread of its own.
    """

    def __init__(self, limit_s: float, on_hang: Callable[[str], None]) -> None:
        self.limit_s = limit_s
        self._on_hang = on_hang
        # What is under way and since when, monotonic; one attribute, so that both are of the same piece.
        self._under_way: tuple[str, float] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)

    @contextlib.contextmanager
    def watching(self, what: str) -> Iterator[None]:
        """A context that is one piece of work; within another one it is a part of that.

        Args:
            what: What is worked on, as a person is told.
        """
        if self._under_way is not None:
            yield
            return
        self._under_way = (what, time.monotonic())
        try:
            yield
        finally:
            self._under_way = None

    def __enter__(self) -> Watchdog:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        every_s = min(_LOOK_EVERY_S, self.limit_s / 4)
        told: tuple[str, float] | None = None
        watched: tuple[str, float] | None = None
        looked_s, took_s = time.monotonic(), 0.0
        while not self._over.wait(every_s):
            piece, now_s = self._under_way, time.monotonic()
            passed_s, looked_s = min(now_s - looked_s, _MOST_LOOKS * every_s), now_s
            if piece is None:
                continue
            if piece is not watched:
                watched, took_s = piece, 0.0
                passed_s = min(passed_s, now_s - piece[1])
            took_s += passed_s
            if took_s > self.limit_s and piece is not told:
                told = piece
                self._on_hang(piece[0])


class Unwatched:
    """Nobody looks how long work takes."""

    def watching(self, what: str) -> contextlib.AbstractContextManager[None]:  # noqa: ARG002 - as a watchdog
        """Nothing."""
        return contextlib.nullcontext()


UNWATCHED = Unwatched()
"""The one that is used where nothing else is said."""
