"""A presentation time for every frame that never goes back."""

import math
from collections.abc import Callable

# A step back of less than this is disorder among neighbours (AVI with B-frames, repeated timestamps) and
# mends itself; a longer one counts only if the next timestamp doesn't go on as if nothing had been.
_DISORDER_S = 1.0

# A step forward by more frames than this, or by more than `_DISORDER_S`, counts only if the next timestamp
# lies behind it.
_SURE_FRAMES = 5

# A longer step forward which also leads past the announced end is a damaged timestamp, not a gap.
_LONGEST_LEAP_S = 10.0

LAST = math.inf
"""In place of the timestamp of a next frame: there is none."""


class Timeline:
    """Turns a stream's timestamps, with their holes and jumps, into growing times from 0.

    - No timestamp: the previous time plus one frame.
    - Repeated or slightly earlier: the previous time plus one frame, until the timestamps have caught up.
    - Some frames forward: a gap in the recording, which is kept, where the next timestamp lies behind it.
      Otherwise this one is damaged: the previous time plus one frame.
    - More than a second back, or more than ten forward and past the announced end: damaged, too, where the
      next timestamp goes on as if nothing had been. Otherwise (recordings joined end to end, a reset clock)
      it is one frame after the previous, and what follows keeps its distances.
    - More forward than half of what a clock counts that runs over: that clock was set back, see `clock_s`.

    Args:
        frame_s: Average distance of two frames in seconds, more than 0.
        start_s: Timestamp that counts as 0, in the clock of the timestamps; None: the first one. A first
            frame before it counts as 0 instead.
        duration_s: Announced length in seconds, None if unknown.
        clock_s: After how long the clock of the timestamps runs over, in seconds; None for never.
    """

    def __init__(
        self,
        *,
        frame_s: float,
        start_s: float | None,
        duration_s: float | None,
        clock_s: float | None = None,
    ) -> None:
        self._longest_s = math.inf if clock_s is None else clock_s / 2
        self._frame_s = frame_s
        self._sure_s = min(_SURE_FRAMES * frame_s, _DISORDER_S)
        self._origin_s = start_s
        self._duration_s = duration_s
        self._shift_s = 0.0
        self._shifted_from_s: float | None = None
        self._last_s: float | None = None
        # Unshifted time of the frame before, where it may have been behind a gap.
        self._claimed_s: float | None = None

    @property
    def origin_s(self) -> float | None:
        """Timestamp that counts as 0, in seconds; None before the first frame that has one."""
        return self._origin_s

    @property
    def shifted_from_s(self) -> float | None:
        """Time from which on times are others than the timestamps say, in seconds; None where they aren't."""
        return self._shifted_from_s

    def place(self, timestamp_s: float | None, ahead: Callable[[], float | None] = lambda: None) -> float:
        """Return the time of the next frame, in seconds from the start and later than all before.

        Args:
            timestamp_s: The frame's own timestamp in seconds, None if it has none.
            ahead: Tells the timestamp of the frame behind it, `LAST` where it is the last one. Only asked
                where timestamps jump, for somebody has to decode that frame.
        """
        if self._last_s is None:
            self._last_s = self._first(timestamp_s)
        else:
            self._last_s = self._next(self._last_s, timestamp_s, ahead)
        return self._last_s

    def _first(self, timestamp_s: float | None) -> float:
        if timestamp_s is None:
            return 0.0
        if self._origin_s is None or timestamp_s < self._origin_s:
            self._origin_s = timestamp_s
        return timestamp_s - self._origin_s

    def _next(self, last_s: float, timestamp_s: float | None, ahead: Callable[[], float | None]) -> float:
        following_s = last_s + self._frame_s
        if timestamp_s is None:
            return following_s
        if self._origin_s is None:
            self._origin_s = timestamp_s - following_s
        media_s = timestamp_s - self._origin_s
        claimed_s, self._claimed_s = self._claimed_s, None
        # After a damaged stretch the timestamps often return to the unshifted clock.
        for shift_s in (self._shift_s, 0.0):
            moved_s = media_s + shift_s
            if not self._continues(last_s, moved_s):
                continue
            sure = moved_s - last_s <= self._sure_s
            confirmed = claimed_s is not None and self._continues(claimed_s + shift_s, moved_s)
            if not sure and not confirmed and not self._is_gap(last_s, moved_s, shift_s, ahead()):
                self._claimed_s = media_s
                return following_s
            self._shift(shift_s, following_s)
            return moved_s
        if not last_s - _DISORDER_S < media_s + self._shift_s <= last_s:
            next_s = ahead()
            if next_s != LAST and not self._goes_on(last_s, self._shift_s, next_s):
                self._shift(following_s - media_s, following_s)
        return following_s

    def _shift(self, shift_s: float, from_s: float) -> None:
        """Move the timestamps by so much from a moment on."""
        if shift_s == 0:
            self._shifted_from_s = None
        elif self._shift_s == 0:
            self._shifted_from_s = from_s
        self._shift_s = shift_s

    def _is_gap(self, last_s: float, media_s: float, shift_s: float, next_s: float | None) -> bool:
        """Whether a frame far ahead is where it says, by the timestamp of the next one."""
        if next_s == LAST:
            # A wrong one moves no other, and many a film ends with a picture that stood for long.
            return self._duration_s is not None or media_s - last_s <= _LONGEST_LEAP_S
        return self._goes_on(media_s, shift_s, next_s)

    def _goes_on(self, media_s: float, shift_s: float, next_s: float | None) -> bool:
        """Whether the timestamp of the next frame goes on from a moment."""
        if next_s is None or next_s == LAST or self._origin_s is None:
            return False
        return self._continues(media_s, next_s - self._origin_s + shift_s)

    def _continues(self, last_s: float, media_s: float) -> bool:
        if media_s <= last_s or media_s - last_s > self._longest_s:
            return False
        known_end = self._duration_s is not None and media_s > self._duration_s
        return not (known_end and media_s - last_s > _LONGEST_LEAP_S)
