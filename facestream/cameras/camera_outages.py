"""Which cameras are down, and the news of when they went and came back."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
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
class Outage:
    """A camera that is down.

    Attributes:
        since_s: Unix time at which it went down.
        found_at_s: Unix time at which that was found out.
        reason: Why, without secrets and a full stop; empty if nobody knows.
    """

    since_s: float
    found_at_s: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CamerasNow:
    """How the cameras are doing at a moment; of those in neither of the first two, nobody can say.

    Attributes:
        down: Those that are down, by name.
        streaming: Those that deliver pictures, by name: the unix time since when.
        there: Names of all that should be looked at: neither paused nor removed.
        at_s: Unix time of that.
    """

    down: Mapping[str, Outage]
    streaming: Mapping[str, float]
    there: frozenset[str]
    at_s: float

    def says_the_same(self, other: CamerasNow | None) -> bool:
        """Whether nothing is other than at another moment."""
        if other is None:
            return False
        same = self.down.keys() == other.down.keys() and self.streaming.keys() == other.streaming.keys()
        return same and self.there == other.there


@dataclass(frozen=True, slots=True)
class OutageNews:
    """A camera went down, or is so no longer.

    Attributes:
        camera: Its name.
        state: Which of the two: "back", or "left" where it was paused or removed meanwhile.
        down_since_s: Unix time at which it went down.
        at_s: Unix time at which that was found out.
        reason: Why it is down, without secrets and a full stop; empty if nobody knows, and if it isn't.
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


def untold_news(
    now: CamerasNow, told: Mapping[str, float], cameras: Collection[str] = ()
) -> list[OutageNews]:
    """What somebody is still to be told, who knows how the cameras were.

    Args:
        now: How they are.
        told: Those that this one takes to be down, by name: the unix time since when.
        cameras: Only these; empty for all.
    """
    over = []
    for name, since_s in told.items():
        if name not in now.there:
            over.append(OutageNews(name, "left", since_s, now.at_s))
        elif name in now.streaming:
            over.append(OutageNews(name, "back", since_s, now.streaming[name]))
    return over + [
        OutageNews(name, "down", outage.since_s, outage.found_at_s, outage.reason)
        for name, outage in now.down.items()
        if name not in told and (not cameras or name in cameras)
    ]


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
