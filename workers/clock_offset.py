"""How far the clock of a camera is from ours."""

from __future__ import annotations

import math

# Clocks drift apart, are set, and are others' when another host reads the camera.
_WINDOW_S = 60.0


class ClockOffset:
    """What to add to times of a camera's clock to get ours, by the quickest frame of the last minute or two.

    A frame that was seen right when it came shows it best: any delay adds to it.
    """

    def __init__(self) -> None:
        self._began_s = -math.inf
        self._before_s = self._lately_s = math.inf

    @property
    def seconds(self) -> float:
        """What to add, s; infinite before the first frame."""
        return min(self._before_s, self._lately_s)

    def seen(self, captured_s: float, now_s: float) -> None:
        """A frame was there.

        Args:
            captured_s: When it was captured, by the camera's clock.
            now_s: By ours, which never goes back.
        """
        if now_s - self._began_s >= _WINDOW_S:
            recent = now_s - self._began_s < 2 * _WINDOW_S
            self._before_s = self._lately_s if recent else math.inf
            self._lately_s, self._began_s = math.inf, now_s
        self._lately_s = min(self._lately_s, now_s - captured_s)
