"""A trouble that lasts: told once, and once more when it is over."""

from __future__ import annotations

import logging
import time

from facestream.errors import FacestreamError
from storage.errors import StorageError
from workers.errors import WorkerError

EXPECTED = (FacestreamError, StorageError, WorkerError)
"""What may fail, and says itself what to do."""

# What fails again so soon was not over: a server that starts, and ends with the first that it should write.
_SETTLED_S = 3.0


class Trouble:
    """What fails again and again, and is tried again each time: whoever reads the log learns of it once.

    Used by one thread.

    Args:
        log: Where it is told.
        what: What works again, as the beginning of a sentence: "The server answers".
        then: What happens now, as a sentence.
    """

    def __init__(self, log: logging.Logger, what: str, then: str = "It is tried again.") -> None:
        self._log = log
        self._what = what
        self._then = then
        self._kinds: set[type[Exception]] = set()
        self._since_s = 0.0
        self._well_since_s: float | None = None

    def tell(self, error: Exception) -> None:
        """It has failed: told at WARNING where no failure of this kind was told since it went well."""
        self._end_if_settled()
        level = logging.DEBUG if type(error) in self._kinds else logging.WARNING
        if not self._kinds:
            self._since_s = time.monotonic()
        self._kinds.add(type(error))
        self._well_since_s = None
        if isinstance(error, (*EXPECTED, OSError)):
            self._log.log(level, "%s %s", error, self._then)
            return
        # Nobody has thought of it, so that it takes more than its words.
        what = f"{type(error).__name__}: {error}. This is a fault of facestream."
        self._log.log(level, "%s %s", what, self._then, exc_info=error)

    def over(self) -> None:
        """It has gone well: told once it has done so for some seconds, when something is told next."""
        if self._kinds and self._well_since_s is None:
            self._well_since_s = time.monotonic()
        self._end_if_settled()

    def _end_if_settled(self) -> None:
        if self._well_since_s is None or time.monotonic() - self._well_since_s < _SETTLED_S:
            return
        self._log.warning("%s again after %.0f s.", self._what, self._well_since_s - self._since_s)
        self._kinds.clear()
        self._well_since_s = None
