"""When pictures that arrive in bursts are shown."""

# A step in the timestamps that is longer is no wait but a jump.
_LONGEST_WAIT_S = 5.0


class Pacer:
    """Spreads bursts over the time that their timestamps cover; pure.

    HLS delivers a segment of several seconds at once. Played as they come, its pictures would all have
    arrived in the same moment, and sampling by arrival would take one of them. Timestamps are advice only:
    after a jump, a hole or a late picture, the time of that picture becomes the new origin.
    """

    def __init__(self) -> None:
        self._origin_s: float | None = None

    def wait_s(self, timestamp_s: float | None, now_s: float) -> float:
        """Seconds until the picture is due, 0 to 5.

        Args:
            timestamp_s: The picture's own timestamp in seconds, None if it has none.
            now_s: The present on a clock that never jumps.
        """
        if timestamp_s is None:
            return 0.0
        if self._origin_s is not None:
            wait_s = self._origin_s + timestamp_s - now_s
            if 0 <= wait_s <= _LONGEST_WAIT_S:
                return wait_s
        self._origin_s = now_s - timestamp_s
        return 0.0
