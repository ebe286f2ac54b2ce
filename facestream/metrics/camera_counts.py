"""What cameras have counted so far, as numbers that never go down."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from storage.camera_status import CameraStatus

OUTCOMES = ("looked", "still", "failed", "dropped_busy", "dropped_queue_full", "not_sampled")
COUNTERS = ("received", "corrupt", "connects", *OUTCOMES)

_RAW = ("received", "taken", "done", "looked", "failed", "dropped", "dropped_full", "corrupt", "connects")
# Cameras that nobody tells of any more are remembered beside those that are told of: one may come back.
_REMEMBERED = 1000


@dataclass(slots=True)
class _Camera:
    """What is known of one.

    Attributes:
        last: Its counters, as its worker said them last.
        total: How much each has grown altogether.
        told: What was told of it: `COUNTERS`.
    """

    last: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_RAW, 0))
    total: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_RAW, 0))
    told: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))

    def take(self, status: CameraStatus) -> dict[str, int]:
        """Take what a worker says now; returns by how much each of `COUNTERS` has grown."""
        # Those of 0 have begun anew, or nobody can tell just now: what comes next shows which.
        known = {name: value for name in _RAW if (value := getattr(status, name))}
        if any(value < self.last[name] for name, value in known.items()):
            # All of a camera begin anew together, and some may have come as far as before.
            self.last = dict.fromkeys(_RAW, 0)
        for name, value in known.items():
            self.total[name] += value - self.last[name]
            self.last[name] = value
        found = _counts(self.total)
        # The counters of a camera are read one after the other, while it goes on, and why a frame was dropped
        # is known a moment later than that it was. For Prometheus, less than before is a new beginning.
        grown = {name: max(found[name] - self.told[name], 0) for name in COUNTERS}
        self.told = {name: self.told[name] + grown[name] for name in COUNTERS}
        return grown


class CameraCounts:
    """Counts what cameras do, for one who tells of it; any thread may ask.

    A counter of a camera that begins anew, with another worker or a new connection, goes on here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cameras: dict[str, _Camera] = {}
        self._others = dict.fromkeys(COUNTERS, 0)

    def take(
        self, statuses: Sequence[CameraStatus], others: Sequence[CameraStatus]
    ) -> tuple[list[dict[str, int]], dict[str, int]]:
        """Take what workers say now.

        Args:
            statuses: Of the cameras that are told of one by one.
            others: Of those that are summed up.

        Returns:
            `COUNTERS` of each of the former; and those of all that were ever among the latter, for as long as
            they were.
        """
        with self._lock:
            for status in others:
                for name, grown in self._camera(status.name).take(status).items():
                    self._others[name] += grown
            told = []
            for status in statuses:
                camera = self._camera(status.name)
                camera.take(status)
                told.append(camera.told)
            most = 2 * (len(statuses) + len(others)) + _REMEMBERED
            while len(self._cameras) > most:
                del self._cameras[next(iter(self._cameras))]
            return told, dict(self._others)

    def _camera(self, name: str) -> _Camera:
        """The camera of a name, as the one that was told of last."""
        camera = self._cameras.pop(name, None) or _Camera()
        self._cameras[name] = camera
        return camera


def _counts(total: Mapping[str, int]) -> dict[str, int]:
    return {
        "received": total["received"],
        "corrupt": total["corrupt"],
        "connects": total["connects"],
        "looked": total["looked"] - total["failed"],
        "failed": total["failed"],
        "still": total["done"] - total["looked"],
        "dropped_busy": total["dropped"] - total["dropped_full"],
        "dropped_queue_full": total["dropped_full"],
        "not_sampled": total["received"] - total["taken"],
    }
