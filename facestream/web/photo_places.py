"""Room for photos that are sent to be searched for."""

from __future__ import annotations

import threading

MOST_PHOTOS = 16
"""Photos that are in memory at a time, whole or in part."""


class PhotoPlaces:
    """Counts the photos that are in memory; for several threads.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int = MOST_PHOTOS) -> None:
        self._most = most
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """How many there are."""
        return self._taken

    def take(self) -> bool:
        """Take a place for one; returns whether there was one."""
        with self._lock:
            found = self._taken < self._most
            self._taken += found
        return found

    def leave(self) -> None:
        """Give it back."""
        with self._lock:
            self._taken -= 1
