"""How long to wait before a camera is tried again.

Two wishes pull apart: a camera that comes back must be seen within 15 s, and one that is gone must not be
asked without end, together with all others of the same recorder. So:

- Waits are drawn evenly between 0 and a ceiling ("full jitter", M. Brooker, "Exponential Backoff And Jitter",
  AWS Architecture Blog, 2015), so that cameras lost together don't come back together.
- The ceiling doubles from the first, 1 s, but stays at 6 s while the camera has been gone for less than ten
  minutes: power cuts, restarts and loose cables. The slowest case then is an attempt that began just before
  the return and finds nobody (5 s, half of the time to open), a wait of 6 s, and up to 4 s for connecting and
  the first keyframe. The longest wait, 30 s, comes afterwards.
- It begins anew after a connection that showed pictures and stood for five seconds, the silence at its end
  included, for which ten have been waited already. A camera that accepts every connection and drops it again
  is no camera that is back.
- What only a person can mend, such as a wrong path, is tried at the longest wait from the first time on.
- A user or password that was refused is let be for longer, see `Logins`: many cameras lock the account of
  whoever asks too often, five to seven times.
"""

import random
from collections.abc import Callable

SETTLED_S = 5.0
"""Seconds that a connection with pictures must have stood for the waits to begin anew."""

REFUSED_WAITS_S = (60.0, 300.0, 900.0, 3600.0)
"""Seconds after each refusal of a user or password, one after the other; the last is that of all further."""

_SHORT_OUTAGE_S = 600.0
_SHORT_CEILING_S = 6.0


class Backoff:
    """The waits between the attempts to reach one camera; pure but for the random source.

    Args:
        first_s: Ceiling of the first wait, seconds, more than 0.
        longest_s: Ceiling of all waits, seconds, at least `first_s`.
        draw: Gives evenly distributed numbers in [0, 1).
    """

    def __init__(
        self, first_s: float = 1.0, longest_s: float = 30.0, draw: Callable[[], float] = random.random
    ) -> None:
        self._first_s, self._longest_s, self._draw = first_s, longest_s, draw
        self._ceiling_s = first_s

    def reset(self) -> None:
        """Begin anew: the camera is back."""
        self._ceiling_s = self._first_s

    def wait_s(self, outage_s: float) -> float:
        """Seconds to wait after one more failure.

        Args:
            outage_s: How long the camera has been gone, seconds.
        """
        limit_s = self._longest_s
        if outage_s < _SHORT_OUTAGE_S:
            limit_s = min(limit_s, max(_SHORT_CEILING_S, self._first_s))
        wait_s = self._draw() * min(self._ceiling_s, limit_s)
        self._ceiling_s = min(2 * self._ceiling_s, self._longest_s)
        return wait_s

    def hopeless_s(self) -> float:
        """Seconds to wait where only a person can help: between half of the longest wait and all of it."""
        return (1 + self._draw()) / 2 * self._longest_s
