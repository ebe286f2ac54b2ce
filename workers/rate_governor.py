"""How often cameras are looked at, where the machine can't keep up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GovernorSettings:
    """When rates are lowered and raised.

    Attributes:
        least_fps: No camera is looked at less often than this, unless it is asked to be.
        lower_by: Factor of one step down.
        raise_by: Factor of one step up.
        lower_after_s: Load must have been too high for so long before a step down.
        raise_after_s: Load must have been low for so long before a step up.
        longest_raise_s: A step up that has to be taken back doubles that time, up to this.
        high_dropped: Load is too high from this share of dropped frames on.
        high_age_s: Or from this age of the oldest waiting frame on.
        low_dropped: It is low up to this share,
        low_age_s: this age,
        low_busy: and this share of its time that the worker is busy, each averaged over `average_s`: a burst
            of other work is no reason to stay low, and a worker that is hardly done in time has no room.
        average_s: Time constant of those averages.
    """

    least_fps: float = 0.5
    lower_by: float = 0.75
    raise_by: float = 1.15
    lower_after_s: float = 3.0
    raise_after_s: float = 10.0
    longest_raise_s: float = 80.0
    high_dropped: float = 0.1
    high_age_s: float = 1.0
    low_dropped: float = 0.08
    low_age_s: float = 0.4
    low_busy: float = 0.8
    average_s: float = 10.0


@dataclass(frozen=True, slots=True)
class RateChange:
    """That the rate of all cameras has changed.

    Attributes:
        factor: What their rates are multiplied with now, in (0, 1].
        before: What they were multiplied with.
        dropped: Share of frames that were dropped, which was the reason.
        age_s: Age of the oldest waiting frame.
    """

    factor: float
    before: float
    dropped: float
    age_s: float

    def __str__(self) -> str:
        """In words, for a log."""
        if self.factor > self.before:
            return f"cameras are looked at more often again, at {self.factor:.0%} of their rates"
        return (
            f"too much to look at ({self.dropped:.0%} of frames dropped, the oldest waits for "
            f"{self.age_s:.1f} s): cameras are looked at less often, at {self.factor:.0%} of their rates"
        )


class RateGovernor:
    """One factor for the rates of all cameras, lowered while there is too much to do; no clock of its own.

    Between high and low load nothing changes, so that it does not swing; and what had to be taken back is
    tried again later and later.

    Args:
        settings: When rates are lowered and raised.
        on_change: Called once for each change.
    """

    def __init__(
        self,
        settings: GovernorSettings | None = None,
        on_change: Callable[[RateChange], None] | None = None,
    ) -> None:
        self._settings = settings or GovernorSettings()
        self._on_change = on_change
        self._high_since_s: float | None = None
        self._low_since_s: float | None = None
        # The last step up, and the factor before it.
        self._raised_s: float | None = None
        self._carried = 1.0
        self._patience_s = self._settings.raise_after_s
        # When the averages of dropped, age and busy are from, and what they are.
        self._averaged_s: float | None = None
        self._averages = (0.0, 0.0, 0.0)
        self.factor = 1.0

    def fps(self, asked_fps: float) -> float:
        """Rate for a camera that should be looked at `asked_fps` times a second."""
        return min(asked_fps, max(asked_fps * self.factor, self._settings.least_fps))

    def update(self, now_s: float, dropped: float, age_s: float, busy: float, highest_fps: float) -> bool:
        """Take in the load of the last moment; to be called about every second.

        Args:
            now_s: Time, s, from any start; never goes back.
            dropped: Share of the sampled frames that nobody took before they were overwritten, 0 to 1.
            age_s: Age of the oldest waiting frame of all cameras, s; 0 if none waits.
            busy: Share of its time that the worker has looked at frames, 0 to 1.
            highest_fps: The highest rate that a camera should be looked at with. A factor that brings even
                that one down to `least_fps` is not lowered further, which would change nothing.

        Returns:
            Whether the factor has changed.
        """
        s = self._settings
        high = dropped >= s.high_dropped or age_s >= s.high_age_s
        limits = s.low_dropped, s.low_age_s, s.low_busy
        averages = self._averaged(now_s, (dropped, age_s, busy))
        low = all(value <= limit for value, limit in zip(averages, limits, strict=True))
        self._high_since_s = _since(self._high_since_s, now_s, high)
        self._low_since_s = _since(self._low_since_s, now_s, low)
        if self._high_since_s is not None and now_s - self._high_since_s >= s.lower_after_s:
            least = min(s.least_fps / highest_fps, self.factor)
            lower = max(self.factor * s.lower_by, least)
            if self._raised_s is not None and now_s - self._raised_s <= self._patience_s:
                self._patience_s = min(2 * self._patience_s, s.longest_raise_s)
                lower = self._carried
            self._raised_s = None
            return self._change(lower, dropped, age_s)
        waited = self._low_since_s is not None and now_s - self._low_since_s >= self._patience_s
        if waited and not high:
            if self.factor == 1.0:
                # The rush is over.
                self._patience_s = s.raise_after_s
                return False
            self._raised_s, self._carried = now_s, self.factor
            return self._change(min(self.factor * s.raise_by, 1.0), dropped, age_s)
        return False

    def _averaged(self, now_s: float, load: tuple[float, float, float]) -> tuple[float, float, float]:
        if self._averaged_s is None:
            self._averages = load
        else:
            kept = math.exp(-(now_s - self._averaged_s) / self._settings.average_s)
            dropped, age_s, busy = (
                new + kept * (old - new) for old, new in zip(self._averages, load, strict=True)
            )
            self._averages = dropped, age_s, busy
        self._averaged_s = now_s
        return self._averages

    def _change(self, factor: float, dropped: float, age_s: float) -> bool:
        before, self.factor = self.factor, factor
        # What follows from the change must show before the next one.
        self._high_since_s = self._low_since_s = None
        if factor == before:
            return False
        if self._on_change is not None:
            self._on_change(RateChange(factor, before, dropped, age_s))
        return True


def _since(since_s: float | None, now_s: float, holds: bool) -> float | None:
    if not holds:
        return None
    return now_s if since_s is None else since_s
