"""Whether a process is alive, and whether it is ready for work."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

LEAST_FREE_BYTES = 256 * 1024 * 1024
"""With less room on its disk a process is not ready: the server can't write any more soon."""

_LASTING_S = 120.0
# A server that is asked and says nothing for so long is none to work with.
_PATIENCE_S = 5.0


class Heartbeat:
    """When the main loop of a process went round last; may be asked by any thread.

    Args:
        lasting_s: Without a beat for so long, it hangs. Before the first one it is starting, which may take
            as long as the download of models.

    Attributes:
        at_work: Whether models are at work right now, of which one piece may take longer than that.
    """

    def __init__(self, lasting_s: float = _LASTING_S) -> None:
        self._lasting_s = lasting_s
        self._last_s: float | None = None
        self.at_work: Callable[[], bool] = lambda: False

    def beat(self) -> None:
        """The loop went round."""
        self._last_s = time.monotonic()

    @property
    def last_s(self) -> float | None:
        """When it went round last, on the monotonic clock; None before it has begun."""
        return self._last_s

    @property
    def began(self) -> bool:
        """Whether it has begun to work."""
        return self._last_s is not None

    @property
    def is_alive(self) -> bool:
        """Whether it doesn't hang."""
        return self._last_s is None or time.monotonic() - self._last_s < self._lasting_s


class Health:
    """What makes a process ready, check by check.

    Each check is asked at most once a second, by one caller at a time, so that anybody may ask: others get
    the last answer. One that raises has failed.

    Args:
        alive: Whether the process is alive.
        checks: By name, whether something is as it must be for work.
        every_s: So often they are asked at most.
    """

    def __init__(
        self, alive: Callable[[], bool], checks: Mapping[str, Callable[[], bool]], every_s: float = 1.0
    ) -> None:
        self._alive = alive
        self._checks = dict(checks)
        self._every_s = every_s
        self._asking = threading.Lock()
        self._asked_s = float("-inf")
        self._answers = dict.fromkeys(self._checks, False)
        self._facts: dict[str, Callable[[], object]] = {}

    def is_alive(self) -> bool:
        """Whether it is alive."""
        return self._alive()

    def add(self, name: str, check: Callable[[], bool]) -> None:
        """One more thing that must be so."""
        self._checks[name] = check
        self._asked_s = float("-inf")

    def tell(self, name: str, fact: Callable[[], object]) -> None:
        """Something that /readyz tells besides, and that makes nothing ready or not.

        Args:
            name: Its key in the answer.
            fact: Gives it at once; what JSON can hold.
        """
        self._facts[name] = fact

    def answers(self) -> dict[str, bool]:
        """The answer of each check; none holds while one of them is waited for."""
        if time.monotonic() - self._asked_s >= self._every_s and self._asking.acquire(blocking=False):
            try:
                self._answers = {name: _holds(check) for name, check in list(self._checks.items())}
                self._asked_s = time.monotonic()
            finally:
                self._asking.release()
        elif time.monotonic() - self._asked_s > max(_PATIENCE_S, self._every_s):
            return dict.fromkeys(self._answers, False)
        return dict(self._answers)

    def alive_json(self) -> tuple[int, dict[str, object]]:
        """The answer of /healthz: status and body."""
        alive = self.is_alive()
        return (200 if alive else 503), {"status": "ok" if alive else "unavailable"}

    def ready_json(self) -> tuple[int, dict[str, object]]:
        """The answer of /readyz: status and body, which says what is missing, and what is told besides."""
        answers = self.answers()
        ready = all(answers.values()) and self.is_alive()
        body: dict[str, object] = {"status": "ready" if ready else "not ready", "checks": answers}
        return (200 if ready else 503), body | {name: fact() for name, fact in list(self._facts.items())}


def has_room(folder: Path, least_bytes: int = LEAST_FREE_BYTES) -> bool:
    """Whether there is room on the disk of a folder.

    Raises:
        OSError: If the folder is not there.
    """
    return shutil.disk_usage(folder).free >= least_bytes


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever it is, what is needed isn't there
        return False
