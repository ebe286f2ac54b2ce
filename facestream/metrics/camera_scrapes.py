"""Cameras that are asked at each scrape how they are doing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from prometheus_client.metrics_core import Metric

from facestream.metrics.camera_counts import CameraCounts
from facestream.metrics.camera_families import camera_families
from storage.camera_status import CameraStatus


class CameraScrapes:
    """How cameras are doing, as families of metrics; any thread may ask.

    Args:
        ask: Asks all of them.
    """

    def __init__(self, ask: Callable[[], Sequence[CameraStatus]]) -> None:
        self._ask = ask
        self._counts = CameraCounts()
        self._lock = threading.Lock()

    def families(self) -> list[Metric]:
        """How they are doing now."""
        # One after the other: what was asked earlier, and counted later, would look like a new beginning.
        with self._lock:
            return list(camera_families(self._ask(), counts=self._counts))
