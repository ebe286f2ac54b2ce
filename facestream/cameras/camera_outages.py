"""Which cameras are down, and the log of when they went and came back."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping

from facestream.cameras.camera_view import present_errors, span
from facestream.cameras.outage_news import CamerasNow, Outage
from facestream.output import printable
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RecordError

_log = logging.getLogger(__name__)


class CameraOutages:
    """Tells the log once when a camera goes down, and once when it is back; used by one thread.

    Attributes:
        counts: How many cameras there are, as `camera_counts` tells; may be read by any thread.
    """

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = camera_counts(())
        self._down: dict[str, Outage] = {}

    def take(
        self, cameras: Mapping[str, tuple[CameraRecord | RecordError, CameraStatus | None]]
    ) -> CamerasNow:
        """Look at how all cameras are doing now.

        Args:
            cameras: By name, the record, or what is wrong with it, and what its worker said lately.
        """
        looked_at = {
            name: status
            for name, (record, status) in cameras.items()
            if isinstance(record, CameraRecord) and not record.paused
        }
        self.counts = camera_counts(looked_at.values())
        now_s = time.time()
        for name in self._down.keys() - looked_at.keys():
            # Paused or removed: nobody waits for it.
            del self._down[name]
        for name, status in looked_at.items():
            # Of one of whom nobody says anything, as its worker is replaced, that it is back can't be said.
            if status is None:
                continue
            # One that has only stalled may go on by itself within seconds.
            if status.is_down and status.state != "stalled" and name not in self._down:
                why = outage_reason(status)
                self._down[name] = Outage(status.since_s or now_s, now_s, why)
                _log.warning("Camera %s is down%s.", printable(name), f": {why}" if why else "")
            elif status.state == "streaming" and name in self._down:
                away_s = now_s - self._down.pop(name).since_s
                _log.warning("Camera %s is back after %s.", printable(name), span(away_s))
        streaming = {n: s.since_s for n, s in looked_at.items() if s is not None and s.state == "streaming"}
        damaged = {name for name, (record, _) in cameras.items() if not isinstance(record, CameraRecord)}
        return CamerasNow(dict(self._down), streaming, frozenset(looked_at.keys() | damaged), now_s)


def camera_counts(statuses: Iterable[CameraStatus | None]) -> dict[str, int]:
    """How many cameras there are that should be looked at, deliver pictures, and are down.

    Args:
        statuses: Of the cameras that are not paused; None where nobody has said anything lately.
    """
    found = list(statuses)
    return {
        "total": len(found),
        "streaming": sum(status is not None and status.state == "streaming" for status in found),
        "down": sum(status is not None and status.is_down for status in found),
    }


def outage_reason(status: CameraStatus) -> str:
    """Why a camera that is down delivers nothing, on one line without a full stop; empty if nobody knows."""
    errors = printable(present_errors(status)).rstrip(".")
    # Its connection is there still, so that nothing has failed yet.
    return errors or ("it sends nothing" if status.state == "stalled" else "")
