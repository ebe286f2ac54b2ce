"""How many cameras there are and deliver, as /readyz tells it: as of late, or that nobody knows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from facestream.cameras.outage_news import CamerasNow

OLD_AFTER_S = 10.0
"""What was seen before is no answer."""


class CameraTally:
    """Knows how old the last look at the cameras is.

    Args:
        on_look: Is told of each look as well.
        clock: Seconds from any start, never going back.
    """

    def __init__(
        self, on_look: Callable[[CamerasNow], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_look = on_look
        self._clock = clock
        self._looked_s = -math.inf

    def looked(self, now: CamerasNow) -> None:
        """Somebody has looked at all cameras."""
        self._looked_s = self._clock()
        self._on_look(now)

    def told(self, counts: Mapping[str, int]) -> dict[str, int] | None:
        """The counts of the last look; None where that is old, as while Redis is away."""
        if self._clock() - self._looked_s > OLD_AFTER_S:
            return None
        return dict(counts)
