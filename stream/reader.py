"""A source decoded ahead in its own thread."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from stream.frame import Frame
from stream.source import FrameSource

_log = logging.getLogger(__name__)

# Every wait ends after this and looks at the stop event again.
_WAIT_S = 0.1
_JOIN_S = 5.0


class FrameReader:
    """Runs a `FrameSource` in a thread, so that decoding and consuming overlap.

    A context manager and iterator. The strategy is WAIT: the thread waits while `capacity` frames lie ready,
    no frame is lost. At most `capacity` + 2 frames are in memory (one waits to be queued, one is at the
    consumer): with 8, that is 62 MB of 1080p and 250 MB of 4K. Whoever takes `batches` has as many of them.

    An error of the source is raised from the iteration, as the same exception object, after the frames
    decoded before it were delivered. Leaving the `with` block ends the thread, whether or not all frames were
    taken.

        with FrameReader(VideoFile(path, "gate")) as reader:
            for frame in reader:
                ...

    Args:
        source: Where the frames come from.
        capacity: Most frames that lie ready, at least 1.
        stop: Ends the iteration within a tenth of a second once it is set, also while the source seeks.

    Raises:
        ValueError: If `capacity` is less than 1.
    """

    def __init__(self, source: FrameSource, capacity: int = 8, stop: threading.Event | None = None) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, expected at least 1 frame")
        self._source = source
        self._queue: queue.Queue[Frame] = queue.Queue(capacity)
        self._stop = threading.Event()
        self._asked = stop or self._stop
        self._error: BaseException | None = None
        # A daemon: a read that hangs on a dead network share must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"read {source.source_id}", daemon=True)

    @property
    def queued(self) -> int:
        """Frames that lie ready now, 0 to `capacity`."""
        return self._queue.qsize()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            _log.warning(
                "%s: still inside one read after %g s, its thread is left behind; "
                "is the disk or network share stuck?",
                self._source.source_id,
                _JOIN_S,
            )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Frame:
        if self._thread.ident is None:
            raise RuntimeError("the reader has not begun; use it as 'with FrameReader(...) as reader:'")
        while not (self._stop.is_set() or self._asked.is_set()):
            # Ask before looking into the queue: a thread that has ended puts nothing more into it.
            ended = not self._thread.is_alive()
            with contextlib.suppress(queue.Empty):
                return self._queue.get(block=not ended, timeout=_WAIT_S)
            if ended:
                break
        error, self._error = self._error, None
        if error is not None and not (self._stop.is_set() or self._asked.is_set()):
            raise error
        raise StopIteration

    def batches(self, most: Callable[[], int]) -> Iterator[list[Frame]]:
        """Iterate over the frames several at a time: those that lie ready, so that nothing waits for others.

        Args:
            most: Says before each batch how many frames it may have, at least 1.
        """
        for frame in self:
            batch = [frame]
            count = most()
            with contextlib.suppress(queue.Empty):
                while len(batch) < count:
                    batch.append(self._queue.get_nowait())
            yield batch

    def _run(self) -> None:
        try:
            frames = self._source.frames(self._stop)
            try:
                self._pump(frames)
            finally:
                # A generator's files must be closed in the thread that uses them.
                close = getattr(frames, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # whatever it is, the consumer must hear of it
            self._error = error

    def _pump(self, frames: Iterator[Frame]) -> None:
        for frame in frames:
            while not self._stop.is_set():
                with contextlib.suppress(queue.Full):
                    self._queue.put(frame, timeout=_WAIT_S)
                    break
            if self._stop.is_set():
                return
