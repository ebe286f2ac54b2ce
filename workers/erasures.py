"""What is to be erased: one request after the other, some of it at a time."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from storage.delivery import Delivery
from storage.effects import Effects
from storage.errors import OvertakenError
from storage.requests import EraseRequest, Extent
from storage.retention_policy import RetentionPolicy
from storage.solitary_attempts import is_of_entry
from workers.doubts import Doubts
from workers.kept_roster import KeptRoster

_log = logging.getLogger(__name__)

# Tracks that one step erases; a step of so many holds others up for some tenths of a second.
_ERASED_AT_ONCE = 200
_EXPIRED = EraseRequest(Extent.RETENTION)
# What is over age is looked for at least so many times while it was kept, but not more often than that.
_LOOKS, _LEAST_PAUSE_S = 10, 5.0


@dataclass(frozen=True, slots=True, eq=False)
class _Erasure:
    """That something be erased.

    Attributes:
        request: What.
        delivery: The entry that asks for it, or None for what is over age.
    """

    request: EraseRequest
    delivery: Delivery | None = None


class Erasures:
    """Erases what was asked for, and now and then what is over age.

    Args:
        kept: The people.
        doubts: Decides over requests that failed.
        every_s: What is over age is looked for at least so often, and at once.
        on_erased: Called when something was erased, and nothing more is to be: files may hold it still.

    Attributes:
        pause_s: What is over age is looked for so often, by the policy that was heeded last.
    """

    def __init__(
        self, kept: KeptRoster, doubts: Doubts, every_s: float, on_erased: Callable[[], None]
    ) -> None:
        self._kept = kept
        self._doubts = doubts
        self._every_s = self.pause_s = every_s
        self._on_erased = on_erased
        self._waiting: list[_Erasure] = []
        # What a worker that died had not come to.
        self._retained_s = -math.inf

    @property
    def deliveries(self) -> list[Delivery]:
        """Entries that have had no effect yet."""
        return [erasure.delivery for erasure in self._waiting if erasure.delivery is not None]

    @property
    def are_under_way(self) -> bool:
        """Whether there is something to erase, as far as is known."""
        return bool(self._waiting)

    @property
    def must_be_alone(self) -> bool:
        """Whether the next one has failed, or whoever had it died."""
        return bool(self._waiting) and _is_doubtful(self._waiting[0])

    def heed(self, policy: RetentionPolicy) -> None:
        """Look more often for what is kept for a short time, so that it stays little longer than it may."""
        self.pause_s = min(self._every_s, max(policy.shortest_s / _LOOKS, _LEAST_PAUSE_S))

    def add(self, request: EraseRequest, delivery: Delivery) -> None:
        """Let something be erased; acknowledged when nothing of it is left."""
        self._waiting.append(_Erasure(request, delivery))

    def advance(self) -> bool:
        """Erase some of what is to be erased; returns whether the people must be loaded anew."""
        if not self._waiting and time.monotonic() - self._retained_s >= self.pause_s:
            self._waiting.append(_Erasure(_EXPIRED))
        if not self._waiting:
            return False
        erasure = self._waiting[0]
        if erasure.delivery is not None and _is_doubtful(erasure):
            tried = self._doubts.try_again(erasure.delivery)
            if tried is None or tried.problem:
                self._waiting.pop(0)
                if tried is not None:
                    _log.error("what should have been erased was not: %s", tried.problem)
                    self._kept.commit(set(), Effects(unreadable=[tried]))
                return False
        try:
            over, went_on = self._erase_some(erasure)
        except OvertakenError as error:
            _log.info("%s; looking again", error)
            return True
        except Exception as error:
            if not is_of_entry(error):
                raise
            self._fail(erasure, error)
            return True
        # To have looked for what is to go is no proof that it can.
        if erasure.delivery is not None and went_on:
            self._doubts.went_on(erasure.delivery)
        if over:
            self._end(erasure)
        return False

    def _erase_some(self, erasure: _Erasure) -> tuple[bool, bool]:
        """One step; returns whether nothing is left, and whether something came of it."""
        effects = Effects()
        touched, over = self._kept.roster.erase(erasure.request, _ERASED_AT_ONCE, effects)
        if over and erasure.delivery is not None:
            effects.done.append(erasure.delivery)
        went_on = over or not effects.is_nothing
        if not effects.is_nothing:
            self._kept.commit(touched, effects)
        return over, went_on

    def _fail(self, erasure: _Erasure, error: Exception) -> None:
        if erasure.delivery is None:
            self._waiting.pop(0)
            self._retained_s = time.monotonic()
            _log.error("what is over age was not erased, and is looked for later: %r", error, exc_info=True)
        else:
            self._waiting[0] = replace(erasure, delivery=self._doubts.failed(erasure.delivery, error))

    def _end(self, erasure: _Erasure) -> None:
        self._waiting.pop(0)
        if erasure.request.extent is Extent.RETENTION:
            self._retained_s = time.monotonic()
        if self._kept.store.owes_rewrite():
            self._on_erased()


def _is_doubtful(erasure: _Erasure) -> bool:
    return erasure.delivery is not None and erasure.delivery.again
