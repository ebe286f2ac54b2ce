"""Whether a camera was added or changed since this process opened it last."""

from __future__ import annotations

import threading


class Wishes:
    """Tells a camera that a person has just set up from one that is only opened again; any thread may ask.

    Args:
        most: Cameras that are remembered.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._revisions: dict[str, str] = {}
        self._lock = threading.Lock()

    def is_new(self, name: str, revision: str) -> bool:
        """Whether a camera is opened with other settings than before, or for the first time.

        Args:
            name: The camera.
            revision: Of its settings.
        """
        with self._lock:
            is_new = self._revisions.pop(name, None) != revision
            if len(self._revisions) >= self._most:
                del self._revisions[next(iter(self._revisions))]
            self._revisions[name] = revision
            return is_new
