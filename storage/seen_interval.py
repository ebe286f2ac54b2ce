"""When somebody was seen, in whole microseconds: their sum is the same in whatever order it is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

US_PER_S = 1e6


class SeenInterval(NamedTuple):
    """A stretch of time in which somebody was seen.

    What has a date lies on one line of time: two cameras that see somebody in the same second tell of one
    second. Each source without a date is a line of its own, as nothing is known of when it was.

    Attributes:
        line: The line of time: the id of a source without a date, or empty for all that has one.
        start_us: From; unix time, or media time.
        end_us: To, no earlier.
    """

    line: str
    start_us: int
    end_us: int

    @classmethod
    def of(cls, source_id: str, start_s: float, seconds: float, recorded_at_s: float | None) -> Self:
        """That of a sighting.

        Args:
            source_id: Where.
            start_s: From, media time.
            seconds: Time seen, s.
            recorded_at_s: Unix time of the start of the source; None where nobody knows.
        """
        # Each by itself, so that a date takes no digits away from how long it was.
        origin_us = 0 if recorded_at_s is None else round(recorded_at_s * US_PER_S)
        start_us = origin_us + round(start_s * US_PER_S)
        return cls(source_id if recorded_at_s is None else "", start_us, start_us + round(seconds * US_PER_S))


def seconds_of(intervals: Iterable[SeenInterval]) -> float:
    """How long somebody was seen in all of them, s; time that several of a line tell of counts once."""
    total_us, line, seen_until_us = 0, None, 0
    for interval in sorted(intervals):
        if interval.line != line:
            line, seen_until_us = interval.line, interval.start_us
        total_us += max(interval.end_us - max(interval.start_us, seen_until_us), 0)
        seen_until_us = max(seen_until_us, interval.end_us)
    return total_us / US_PER_S
