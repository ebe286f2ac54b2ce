"""Which pictures of a camera are looked at."""

from stream.live_settings import check_live_fps

# Networks deliver unevenly: a picture that comes so much of a period early is still the one that is due.
_EARLY_PERIODS = 0.25


class ArrivalSampler:
    """Picks pictures by the time of their arrival, at most `fps` per second on average.

    The fixed grid of `TimeSampler` would lose pictures of a camera whose rate is that of the sampling: two
    that fall into one cell by the unevenness of the network leave the next one empty. Here the next is due
    one period after the last was, wherever that lies; after a gap, one period after the picture that ended
    it.

    Args:
        fps: Pictures per second, more than 0 and at most 25.

    Raises:
        ValueError: If `fps` is out of its range.
    """

    def __init__(self, fps: float) -> None:
        self.set_fps(fps)
        self._slot_s: float | None = None

    def set_fps(self, fps: float) -> None:
        """Change the rate from now on.

        Raises:
            ValueError: If `fps` is out of its range.
        """
        check_live_fps(fps)
        self._period_s = 1 / fps

    def wants(self, arrived_s: float) -> bool:
        """Say whether the picture is wanted; call it once per picture, in order.

        Args:
            arrived_s: When it arrived, on a clock that never jumps.
        """
        period_s = self._period_s
        if self._slot_s is None:
            self._slot_s = arrived_s
            return True
        due_s = self._slot_s + period_s
        if arrived_s < due_s - _EARLY_PERIODS * period_s:
            return False
        self._slot_s = due_s if arrived_s < due_s + period_s else arrived_s
        return True
