"""Jobs whose process died: how often, and when each is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable

# A frame that crashes a model is left out after three deaths, so this lets four of them through.
_MOST = 10
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0


class JobDeaths:
    """Counts the deaths of processes of jobs.

    Args:
        clock: Seconds from any start, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._again_s: dict[str, float] = {}

    def note(self, job_id: str) -> float | None:
        """A process of a job died; returns how long to wait before the next one, s, or None for no more."""
        count = self._counts.get(job_id, 0) + 1
        if count >= _MOST:
            self.forget(job_id)
            return None
        wait_s = min(_FIRST_WAIT_S * 2.0 ** (count - 1), _LONGEST_WAIT_S)
        self._counts[job_id], self._again_s[job_id] = count, self._clock() + wait_s
        return wait_s

    def is_due(self, job_id: str) -> bool:
        """Whether a job may be tried now."""
        return self._clock() >= self._again_s.get(job_id, 0.0)

    def forget(self, job_id: str) -> None:
        """A job is over."""
        self._counts.pop(job_id, None)
        self._again_s.pop(job_id, None)
