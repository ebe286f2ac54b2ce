"""Entries that are taken in alone since they failed, or whoever had them died."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import replace

from storage.delivery import Delivery
from storage.solitary_attempts import MOST_FAILURES, SolitaryAttempts

_log = logging.getLogger(__name__)

_LONGEST_REASON = 300
# Before the second attempt, and twice as long before each further one: memory may be short for a moment.
_PAUSE_S = 0.05


class Doubts:
    """Decides whether an entry is tried again: five times alone, and no more.

    Args:
        attempts: Counts attempts where they outlast this process.
        pause: Waits for so many seconds, or until there is no time for that.
    """

    def __init__(self, attempts: SolitaryAttempts, pause: Callable[[float], object]) -> None:
        self._attempts = attempts
        self._pause = pause
        # Attempts under way: what takes several steps is one attempt.
        self._open: dict[bytes, int] = {}
        self._reasons: dict[bytes, str] = {}

    def try_again(self, delivery: Delivery) -> Delivery | None:
        """Begin an attempt at an entry; nothing else may be done before it has come to an end.

        Returns:
            The entry, with the problem why it must be put aside where it has failed too often; None where it
            has had its effect already.
        """
        entry_id = delivery.entry_id
        if entry_id in self._open:
            return delivery
        failures = self._attempts.failures(entry_id)
        if failures is None:
            return None
        if failures >= MOST_FAILURES:
            why = self._reasons.pop(entry_id, "whoever took it in died of it")
            return replace(delivery, problem=f"failed {failures} times when it was taken in alone: {why}")
        self._open[entry_id] = failures + 1
        self._attempts.note(entry_id, failures + 1)
        return delivery

    def failed(self, delivery: Delivery, error: Exception) -> Delivery:
        """Note that an entry failed, alone or not; returns it as one that is to be tried alone."""
        entry_id = delivery.entry_id
        failures = self._open.pop(entry_id, 0)
        self._reasons[entry_id] = _reason(error)
        _log.warning(
            "entry %s failed (%s); it is tried alone, %d of %d times so far",
            entry_id.decode(),
            self._reasons[entry_id],
            failures,
            MOST_FAILURES,
            exc_info=_log.isEnabledFor(logging.DEBUG),
            extra={"entry_id": entry_id.decode()},
        )
        if 0 < failures < MOST_FAILURES:
            self._pause(_PAUSE_S * 2.0 ** (failures - 1) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        return replace(delivery, again=True)

    def took_in(self, delivery: Delivery) -> None:
        """An entry was taken in, or put aside."""
        self._open.pop(delivery.entry_id, None)
        self._reasons.pop(delivery.entry_id, None)

    def went_on(self, delivery: Delivery) -> None:
        """An attempt that takes several steps came some way: none has failed yet."""
        if delivery.entry_id in self._open:
            self.took_in(delivery)
            self._attempts.note(delivery.entry_id, 0)

    def leave(self) -> None:
        """What is under way has not failed: whoever leads leaves, or was cut off by something else.

        Somebody else may have tried it since, and died of it.
        """
        for entry_id in list(self._open):
            failures = self._attempts.failures(entry_id)
            if failures:
                self._attempts.note(entry_id, failures - 1)
            del self._open[entry_id]


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")[:_LONGEST_REASON]
