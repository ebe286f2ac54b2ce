"""When the frames of a camera arrived."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)

# More than any camera sends, also while time goes slower: numbers follow the time, and whoever begins anew
# begins behind all of before.
_INDEX_PER_S = 100
_SHORTEST_STEP_S = 0.001
# The wall clock was put right if it is so far ahead for so long. Less is its own unevenness; and one that is
# put ahead by mistake, and back at once, must not move times for good, since they never go back.
_AHEAD_S, _FOR_S = 5.0, 10.0
# So much slower time goes while the wall clock is behind. No frame makes up for more than ten seconds of it,
# so that what was measured since the one before stays in order.
_SLOWER, _LONGEST_S = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """The place of one frame in time and in its source.

    Attributes:
        captured_at_s: Unix time of the arrival, seconds.
        media_s: Seconds since the camera's epoch, `captured_at_s` less that.
        index: Number of the frame; never repeats in a source.
    """

    captured_at_s: float
    media_s: float
    index: int


class LiveClock:
    """Gives arrivals that only ever grow, also from one run to the next and though the system clock jumps.

    Time begins at the wall clock and goes by `time.monotonic` from there on. Where the wall clock stands
    before the last frame of an earlier run, because it was set back meanwhile, time goes on from that frame.
    Where it is ahead for some time, as it was wrong at first or the machine slept, time steps forward to it.
    Where it is behind for some time, as it was wrong once and time had followed it, time goes slower by a
    tenth until both agree.

    Args:
        epoch_s: Unix time at which the source was first registered.
        last_media_s: `media_s` of the last frame of earlier runs, 0 if there is none.
        last_index: Index of that frame; None: one that is not before it.
        wall_s: The wall clock, Unix seconds.
        monotonic_s: A clock that never jumps, seconds; that of `arrived_s` below.
    """

    def __init__(
        self,
        epoch_s: float,
        last_media_s: float = 0.0,
        last_index: int | None = None,
        *,
        wall_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epoch_s = epoch_s
        self._wall_s = wall_s
        self._monotonic_s = monotonic_s
        self._last_s = epoch_s + last_media_s
        self._shift_s = max(wall_s(), self._last_s) - monotonic_s()
        if last_index is None:
            # Frames that came in quick succession are numbered a little ahead of their time.
            last_index = int(last_media_s * _INDEX_PER_S) + 1 if last_media_s else -1
        self._last_index = last_index
        # Since when the wall clock is far ahead, or far behind.
        self._ahead_since_s: float | None = None
        self._behind_since_s: float | None = None
        self._is_slower = False
        self._followed_s = monotonic_s()

    def now_s(self) -> float:
        """The present as Unix time in seconds, on the clock of the arrivals."""
        return self.at_s(self._monotonic_s())

    def at_s(self, arrived_s: float) -> float:
        """A time of the clock that never jumps as Unix time in seconds, on the clock of the arrivals."""
        return self._shift_s + arrived_s

    def arrival(self, arrived_s: float) -> Arrival:
        """Place the next frame, later than all before by at least a millisecond.

        Args:
            arrived_s: When it came, on the clock that never jumps.
        """
        self._follow_wall()
        self._last_s = max(self.at_s(arrived_s), self._last_s + _SHORTEST_STEP_S)
        media_s = self._last_s - self._epoch_s
        self._last_index = max(self._last_index + 1, int(media_s * _INDEX_PER_S))
        return Arrival(self._last_s, media_s, self._last_index)

    def _follow_wall(self) -> None:
        monotonic_s = self._monotonic_s()
        passed_s, self._followed_s = monotonic_s - self._followed_s, monotonic_s
        ahead_s = self._wall_s() - self.at_s(monotonic_s)
        self._step_forward(ahead_s, monotonic_s)
        self._go_slower(-ahead_s, monotonic_s, min(max(passed_s, 0.0), _LONGEST_S))

    def _step_forward(self, ahead_s: float, monotonic_s: float) -> None:
        if ahead_s <= _AHEAD_S:
            self._ahead_since_s = None
        elif self._ahead_since_s is None:
            self._ahead_since_s = monotonic_s
        elif monotonic_s - self._ahead_since_s >= _FOR_S:
            _log.warning(
                "the clock of this machine was put forward by %.0f s, or the machine slept: the time of a "
                "camera follows",
                ahead_s,
            )
            self._shift_s += ahead_s
            self._ahead_since_s = None

    def _go_slower(self, behind_s: float, monotonic_s: float, passed_s: float) -> None:
        if behind_s <= (0.0 if self._is_slower else _AHEAD_S):
            self._behind_since_s, self._is_slower = None, False
            return
        if self._behind_since_s is None:
            self._behind_since_s = monotonic_s
        if monotonic_s - self._behind_since_s < _FOR_S:
            return
        if not self._is_slower:
            self._is_slower = True
            _log.warning(
                "the clock of this machine is %.0f s behind the time of a camera, which goes slower by a "
                "tenth until both agree",
                behind_s,
            )
        self._shift_s -= min(_SLOWER * passed_s, behind_s)
