"""Photos that are opened while those before them are looked at."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from facestream.recorded.source_work import OpenedPhoto
from stream.cores import available_cores

_MOST = 4
_LOOK_EVERY_S = 0.2
# Nobody can end a read from a share that has gone: whoever waits for one is left behind then.
_LEAVE_S = 5.0

Open = Callable[[], OpenedPhoto | None]


def threads_for(cores: int) -> int:
    """How many photos are opened at a time; each of them is in memory until its turn comes."""
    return max(1, min(_MOST, cores // 2))


class PhotosAhead:
    """Opens photos in threads of its own, in their order; a context manager.

    No more of them are open than there are threads, beside the one that is looked at. Leaving the context
    opens no more, and waits for those that are being opened, five seconds at most.

    Args:
        paths: The photos.
        open_photo: Opens one; called in any thread.
        stop: Once set, none is waited for any more.
        threads: How many are opened at a time.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        open_photo: Callable[[Path], OpenedPhoto],
        stop: threading.Event,
        threads: int | None = None,
    ) -> None:
        self._paths = iter(paths)
        self._open_photo = open_photo
        self._stop = stop
        self._threads = threads_for(available_cores()) if threads is None else threads
        self._over = threading.Event()
        self._openers: list[threading.Thread] = []
        self._to_open: SimpleQueue[tuple[Path, Future[OpenedPhoto]] | None] = SimpleQueue()
        self._waiting: deque[tuple[Path, Future[OpenedPhoto]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for _ in self._openers:
            self._to_open.put(None)
        ends_s = time.monotonic() + _LEAVE_S
        for opener in self._openers:
            opener.join(max(ends_s - time.monotonic(), 0.0))
        self._waiting.clear()

    def __iter__(self) -> Iterator[tuple[Path, Open]]:
        """Yield each path with what waits for it to be opened.

        That raises what opening it does, and returns None once `stop` is set.
        """
        self._begin(self._threads)
        while self._waiting:
            path, opening = self._waiting.popleft()
            self._begin(1)
            yield path, partial(self._result, opening)

    def _begin(self, count: int) -> None:
        for _, path in zip(range(count), self._paths, strict=False):
            opening: Future[OpenedPhoto] = Future()
            self._waiting.append((path, opening))
            self._to_open.put((path, opening))
            if len(self._openers) < self._threads:
                # No thread of a pool: the interpreter would wait for one that hangs.
                name = f"photos ahead {len(self._openers)}"
                self._openers.append(threading.Thread(target=self._open, name=name, daemon=True))
                self._openers[-1].start()

    def _open(self) -> None:
        while (asked := self._to_open.get()) is not None and not self._over.is_set():
            path, opening = asked
            try:
                opening.set_result(self._open_photo(path))
            except BaseException as error:
                opening.set_exception(error)

    def _result(self, opening: Future[OpenedPhoto]) -> OpenedPhoto | None:
        while not self._stop.is_set():
            if wait([opening], _LOOK_EVERY_S).done:
                return opening.result()
        return None
