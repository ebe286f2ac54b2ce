"""An end that comes by itself."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def alarm(after_s: float | None, stop: threading.Event) -> Iterator[None]:
    """Set `stop` after a while, unless the block ends before."""
    if after_s is None:
        yield
        return
    timer = threading.Timer(after_s, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
