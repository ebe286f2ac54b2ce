"""Which cameras are down, and the news of when they went and came back."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from facestream.cameras.camera_view import present_errors, span
from facestream.iso_time import iso_utc
from facestream.output import printable
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RecordError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutageNews:
    """A camera went down, or is so no longer.

    Attributes:
        camera: Its name.
        state: "left" where it was paused or removed while it was down.
        down_since_s: Unix time at which it went down.
        at_s: Unix time at which that was found out.
        reason: Why it is down, without secrets and a full stop; empty if nobody knows, and else.
    """

    camera: str
    state: Literal["down", "back", "left"]
    down_since_s: float
    at_s: float
    reason: str = ""

    @property
    def json(self) -> dict[str, Any]:
        """For machines; the id is the same whoever tells of the same outage, and however often."""
        return {
            "id": f"camera-{self.camera}-{self.state}-{self.down_since_s:.3f}",
            "kind": "camera",
            "camera": self.camera,
            "state": self.state,
            "down_since": iso_utc(self.down_since_s),
            "reason": self.reason or None,
            "published_at": iso_utc(self.at_s),
        }


class CameraOutages:
    """Tells the log once when a camera goes down, and once when it is back; used by one thread.

    Attributes:
        counts: How many cameras there are, as `camera_counts` tells; may be read by any thread.
    """

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = camera_counts(())
        # Since when each is down, Unix time.
        self._down: dict[str, float] = {}

    def take(
        self, cameras: Mapping[str, tuple[CameraRecord | RecordError, CameraStatus | None]]
    ) -> list[OutageNews]:
        """Look at how all cameras are doing now; returns who went down, and who is so no longer.

        Args:
            cameras: By name, the record, or what is wrong with it, and what its worker said lately.
        """
        looked_at = {
            name: status
            for name, (record, status) in cameras.items()
            if isinstance(record, CameraRecord) and not record.paused
        }
        self.counts = camera_counts(looked_at.values())
        # Paused or removed: nobody waits for those.
        news = [
            OutageNews(name, "left", self._down.pop(name), time.time())
            for name in self._down.keys() - looked_at.keys()
        ]
        for name, status in looked_at.items():
            # Of one of whom nobody says anything, as its worker is replaced, that it is back can't be said.
            if status is None:
                continue
            # One that has only stalled may go on by itself within seconds.
            if status.is_down and status.state != "stalled" and name not in self._down:
                now_s, why = time.time(), outage_reason(status)
                self._down[name] = status.since_s or now_s
                news.append(OutageNews(name, "down", self._down[name], now_s, why))
                _log.warning("Camera %s is down%s.", printable(name), f": {why}" if why else "")
            elif status.state == "streaming" and name in self._down:
                now_s, since_s = time.time(), self._down.pop(name)
                news.append(OutageNews(name, "back", since_s, now_s))
                _log.warning("Camera %s is back after %s.", printable(name), span(now_s - since_s))
        return news


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
