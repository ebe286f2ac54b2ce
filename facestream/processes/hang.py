"""Models that hang: their process ends, so that whoever keeps it starts it again."""

from __future__ import annotations

import logging
import os
import sys

from facestream.configuration.given_settings import settings
from workers.watchdog import Watchdog

_log = logging.getLogger(__name__)

EXIT_HUNG = 70
"""Exit code of a process whose models hang."""


def model_watchdog() -> Watchdog:
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

    return Watchdog(limit_s, end)
