"""For how long nothing was heard of something that should be heard all the time."""

from __future__ import annotations


class Silence:
    """Adds up how long a sign of life has not changed; used by one thread.

    What is added up is the time of whoever listens: one that is held up itself, in a container that is
    paused, say, can't tell whether the other one was silent meanwhile.

    Args:
        longest_look_s: Most that counts between two looks.
    """

    def __init__(self, longest_look_s: float = 5.0) -> None:
        self._longest_look_s = longest_look_s
        self._sign: int | None = None
        self._looked_s = 0.0
        self._silent_s = 0.0

    def heard(self, sign: int | None, now_s: float) -> float:
        """Look, and tell how long the silence lasts, s.

        Args:
            sign: A sign of life, another one each time; None where there is none, which is no silence:
                nothing has begun yet, or nobody can tell.
            now_s: The present, on a monotonic clock.
        """
        if sign is None or sign != self._sign:
            self._silent_s = 0.0
        else:
            self._silent_s += min(now_s - self._looked_s, self._longest_look_s)
        self._sign, self._looked_s = sign, now_s
        return self._silent_s
