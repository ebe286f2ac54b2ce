"""What is new of cameras that are down to somebody who knows how they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from facestream.iso_time import iso_utc


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
