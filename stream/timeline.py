"""A presentation time for every frame that never goes back."""

# A step back of less than this is disorder among neighbours (AVI with B-frames, repeated timestamps) and
# mends itself; a longer one is a splice or a reset clock, from where on all times are moved.
_DISORDER_S = 1.0

# A longer step forward which also leads past the announced end is a damaged timestamp, not a gap.
_LONGEST_LEAP_S = 10.0


class Timeline:
    """Turns a stream's timestamps, with their holes and jumps, into growing times from 0.

    - No timestamp: the previous time plus one frame.
    - Repeated or slightly earlier: the previous time plus one frame, until the timestamps have caught up.
    - More than a second back (recordings joined end to end, a reset clock): one frame after the previous,
      and what follows keeps its distances.
    - More than ten seconds forward and past the announced end: treated alike. Other steps forward are
      gaps in the recording and are kept.

    Args:
        frame_s: Average distance of two frames in seconds, more than 0.
        start_s: Timestamp that counts as 0, in the clock of the timestamps; None: the first one. A first
            frame before it counts as 0 instead.
        duration_s: Announced length in seconds, None if unknown.
    """

    def __init__(self, *, frame_s: float, start_s: float | None, duration_s: float | None) -> None:
        self._frame_s = frame_s
        self._origin_s = start_s
        self._duration_s = duration_s
        self._shift_s = 0.0
        self._last_s: float | None = None

    @property
    def origin_s(self) -> float | None:
        """Timestamp that counts as 0, in seconds; None before the first frame that has one."""
        return self._origin_s

    def place(self, timestamp_s: float | None) -> float:
        """Return the time of the next frame, in seconds from the start and later than all before.

        Args:
            timestamp_s: The frame's own timestamp in seconds, None if it has none.
        """
        if self._last_s is None:
            self._last_s = self._first(timestamp_s)
        else:
            self._last_s = self._next(self._last_s, timestamp_s)
        return self._last_s

    def _first(self, timestamp_s: float | None) -> float:
        if timestamp_s is None:
            return 0.0
        if self._origin_s is None or timestamp_s < self._origin_s:
            self._origin_s = timestamp_s
        return timestamp_s - self._origin_s

    def _next(self, last_s: float, timestamp_s: float | None) -> float:
        following_s = last_s + self._frame_s
        if timestamp_s is None:
            return following_s
        if self._origin_s is None:
            self._origin_s = timestamp_s - following_s
        media_s = timestamp_s - self._origin_s
        # After a damaged stretch the timestamps often return to the unshifted clock.
        for shift_s in (self._shift_s, 0.0):
            if self._continues(last_s, media_s + shift_s):
                self._shift_s = shift_s
                return media_s + shift_s
        if not last_s - _DISORDER_S < media_s + self._shift_s <= last_s:
            self._shift_s = following_s - media_s
        return following_s

    def _continues(self, last_s: float, media_s: float) -> bool:
        if media_s <= last_s:
            return False
        known_end = self._duration_s is not None and media_s > self._duration_s
        return not (known_end and media_s - last_s > _LONGEST_LEAP_S)
