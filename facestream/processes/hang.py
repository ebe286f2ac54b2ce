"""Models that hang: their process ends, so that whoever keeps it starts it again."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

from facestream.configuration.given_settings import settings
from workers.watchdog import Watchdog

_log = logging.getLogger(__name__)

EXIT_HUNG = 70
"""Exit code of a process whose models hang."""


class ModelWatchdog(Watchdog):
    """A watchdog that says as well whether models are at work.

    Attributes:
        is_at_work: Whether they are; any thread may ask.
    """

    is_at_work = False

    @contextlib.contextmanager
    def watching(self, what: str) -> Iterator[None]:
        """A context that is one piece of work, as that of `Watchdog`."""
        before, self.is_at_work = self.is_at_work, True
        try:
            with super().watching(what):
                yield
        finally:
            self.is_at_work = before


def model_watchdog() -> ModelWatchdog:
    """A watchdog over models, with the limit of the settings; it ends this process at once."""
    limit_s = settings().look_limit_s

    def end(what: str) -> None:
        _log.error(
            "the models have worked on %s for more than %g s (setting look_limit_s): they hang. This process "
            "ends; what was stored is kept",
            what,
            limit_s,
        )
        # Nothing that waits for the thread with the models would ever come to an end.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_HUNG)

    return ModelWatchdog(limit_s, end)
