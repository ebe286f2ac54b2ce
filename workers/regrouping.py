"""Re-clusters that are wished for, and the one that runs."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

from storage.delivery import Delivery
from storage.effects import Effects
from storage.errors import OvertakenError
from storage.requests import ReclusterRequest
from storage.solitary_attempts import is_of_entry
from workers.doubts import Doubts
from workers.kept_roster import KeptRoster
from workers.recluster_thread import ReclusterThread

_log = logging.getLogger(__name__)

# A small re-cluster is done by then. Entries wait for so long, and no longer, for one that is not.
_PATIENCE_S = 0.05
_DECIDED = ReclusterRequest("what was decided")
_NEWS = ReclusterRequest("new tracks")


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    """That there be a re-cluster.

    Attributes:
        request: Why.
        delivery: The entry that asks for it, or None where it is the worker's own wish.
    """

    request: ReclusterRequest
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    """A re-cluster that runs, and the wishes that it fulfils."""

    thread: ReclusterThread
    wishes: list[_Wish]


class Regrouping:
    """Groups all tracks anew, in a thread beside all else, where somebody asked for it or it is time to.

    Args:
        kept: The people.
        doubts: Decides over requests that failed.
        every_s: There is a re-cluster without a request, too, when tracks have come or grown since the last
            one, and that is so long ago. None: never.
    """

    def __init__(self, kept: KeptRoster, doubts: Doubts, every_s: float | None) -> None:
        self._kept = kept
        self._doubts = doubts
        self._every_s = every_s
        self._running: _Running | None = None
        self._wishes: list[_Wish] = []
        # Decisions that wait for the re-cluster that runs, as one before it has begun anew for others.
        self._put_off: list[Delivery] = []
        self._steadfast = False
        # A worker that died of a re-cluster must not die of the next one at once.
        self._ended_s = time.monotonic()

    @property
    def deliveries(self) -> list[Delivery]:
        """Entries that have been received and have had no effect yet."""
        running = self._running.wishes if self._running is not None else []
        asked = [wish.delivery for wish in (*running, *self._wishes)]
        return [delivery for delivery in (*asked, *self._put_off) if delivery is not None]

    @property
    def is_under_way(self) -> bool:
        """Whether a re-cluster runs."""
        return self._running is not None

    @property
    def must_be_alone(self) -> bool:
        """Whether a re-cluster runs that failed before, or whose worker died: nothing is done beside it."""
        return self._running is not None and any(map(_is_doubtful, self._running.wishes))

    @property
    def puts_off(self) -> bool:
        """Whether decisions must wait for the re-cluster that runs."""
        return self._running is not None and self._steadfast

    def put_off(self, delivery: Delivery) -> None:
        """Let a decision wait for the re-cluster that runs."""
        self._put_off.append(delivery)

    def wish(self, request: ReclusterRequest, delivery: Delivery | None = None) -> None:
        """Wish for a re-cluster; the entry that asks for it is acknowledged with its effect."""
        self._wishes.append(_Wish(request, delivery))

    def wish_for_decided(self) -> None:
        """Wish for one since only that can tell where everybody belongs after what was decided."""
        self.wish(_DECIDED)

    def wish_by_time(self) -> None:
        """Wish for one when it is time, and there is something new to group."""
        if self._every_s is None or self._running is not None or self._wishes:
            return
        if self._kept.roster.has_provisional and time.monotonic() - self._ended_s >= self._every_s:
            self.wish(_NEWS)

    def abandon(self) -> None:
        """End the re-cluster that runs, if one does; what it was wished for is wished for still."""
        if self._running is not None:
            self._running.thread.leave()
            self._wishes = [*self._running.wishes, *self._wishes]
            self._running = None

    def advance(self) -> list[Delivery]:
        """Begin the re-cluster that is wished for, and let the one that is done have its effect.

        Returns:
            Decisions that waited for that, to be taken in now.
        """
        if self._running is not None and self._kept.roster.overtaken:
            self._running.thread.call_off()
        patience_s = _PATIENCE_S if self.must_be_alone else 0.0
        while self._running is not None or self._wishes:
            if self._running is None:
                chosen = self._next()
                if not chosen:
                    continue
                snapshot = self._kept.roster.begin_recluster()
                thread = ReclusterThread(snapshot.recluster)
                self._running = _Running(thread, chosen)
                patience_s = _PATIENCE_S
            if not self._running.thread.wait(patience_s):
                break
            waited = self._conclude(self._running)
            if waited:
                return waited
        # The one that they waited for may have been given up.
        return self._let_go() if self._running is None else []

    def _let_go(self) -> list[Delivery]:
        """Decisions that waited, and need not any more."""
        put_off, self._put_off, self._steadfast = self._put_off, [], False
        return put_off

    def _next(self) -> list[_Wish]:
        """The wishes that the next re-cluster fulfils: all, the one first that it is an attempt at."""
        doubtful = next(filter(_is_doubtful, self._wishes), None)
        if doubtful is not None and not self._may_try(doubtful):
            self._wishes.remove(doubtful)
            return []
        chosen, self._wishes = sorted(self._wishes, key=lambda wish: wish is not doubtful), []
        return chosen

    def _may_try(self, wish: _Wish) -> bool:
        """Whether a wish that failed, or whose worker died, may be tried once more; puts it aside if not."""
        assert wish.delivery is not None
        tried = self._doubts.try_again(wish.delivery)
        if tried is not None and tried.problem:
            _log.error("a re-cluster that was asked for is put aside: %s", tried.problem)
            self._kept.commit(set(), Effects(unreadable=[tried]))
        return tried is not None and not tried.problem

    def _conclude(self, running: _Running) -> list[Delivery]:
        """Apply a re-cluster that is done, unless it does not know what was decided since it began."""
        self._running = None
        if self._kept.roster.overtaken:
            self._kept.roster.drop_recluster()
            self._wishes, self._steadfast = [*running.wishes, *self._wishes], True
            return []
        self._ended_s = time.monotonic()
        try:
            self._apply(running)
        except OvertakenError as error:
            _log.info("%s; grouping anew", error)
            self._load()
            self._wishes = [*running.wishes, *self._wishes]
            return []
        except Exception as error:
            if not is_of_entry(error):
                raise
            self._load()
            self._fail(running, error)
            return []
        for wish in running.wishes:
            if wish.delivery is not None:
                self._doubts.took_in(wish.delivery)
        return self._let_go()

    def _apply(self, running: _Running) -> None:
        partition = running.thread.outcome()
        effects = Effects(done=[wish.delivery for wish in running.wishes if wish.delivery is not None])
        requests = [wish.request for wish in running.wishes]
        self._kept.commit(self._kept.roster.apply_recluster(partition, requests, effects), effects)

    def _fail(self, running: _Running, error: Exception) -> None:
        """Let what was asked for be tried alone; the worker's own wishes come again by themselves."""
        _log.error("a re-cluster failed: %r", error, exc_info=True)
        asked = [wish for wish in running.wishes if wish.delivery is not None]
        # It was an attempt at the first of them, or at none.
        failed = asked[:1] if any(map(_is_doubtful, asked)) else asked
        again = [replace(w, delivery=self._doubts.failed(w.delivery, error)) for w in failed if w.delivery]
        self._wishes = [*again, *asked[len(failed) :], *self._wishes]

    def _load(self) -> None:
        if self._kept.load():
            self.wish_for_decided()


def _is_doubtful(wish: _Wish) -> bool:
    return wish.delivery is not None and wish.delivery.again
