"""Room for work that changes who is whom, which takes a while: not any number at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from fastapi import HTTPException

# Each holds a thread of the pool until it is carried out; the others are for those who only look.
_AT_ONCE = 8


class DecisionRoom:
    """Lets so many decisions be carried out at once, and refuses more."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place for as long as the block lasts.

        Raises:
            HTTPException: With status 503 where too much is under way.
        """
        if not self._free.acquire(blocking=False):
            raise HTTPException(
                503,
                f"{_AT_ONCE} decisions are being carried out right now. Try again in a moment.",
                headers={"Retry-After": "1"},
            )
        try:
            yield
        finally:
            self._free.release()
