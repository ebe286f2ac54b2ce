"""One term of a cluster worker: from when it begins to lead a collection until it leads no more."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from itertools import groupby

from storage.delivery import Delivery
from storage.errors import LeaseLostError, OvertakenError, RecordError
from storage.lease import Lease
from storage.requests import EraseRequest, ReclusterRequest
from storage.retention_policy import RetentionPolicy
from storage.sample_queue import SampleQueue
from storage.solitary_attempts import is_of_entry
from workers.clustering.cancellation import called_off_by
from workers.doubts import Doubts
from workers.entry_step import take_in
from workers.erasures import Erasures
from workers.errors import CalledOffError
from workers.kept_roster import KeptRoster
from workers.regrouping import Regrouping

_log = logging.getLogger(__name__)

# A leader that was paused must soon notice that another one leads: what it reads on is held up.
_CHECK_EVERY_S = 1.0
# Between two looks at whether logs have grown too long.
_TRIM_EVERY_S = 5.0
# Longest wait for entries while a re-cluster runs, whose end must be noticed as well.
_BESIDE_MS = 20


class ClusterTerm:
    """Takes in entries, groups tracks anew and erases, as the only one who does so.

    Args:
        kept: The people, not loaded yet.
        queue: Where entries come from.
        consumer: Name in the consumer group.
        lease: Leadership of the collection.
        doubts: Decides over entries that failed.
        recluster_every_s: As that of `ClusterWorker`.
        retain_every_s: The same.
        on_erased: The same.
        wait_ms: The same.
    """

    def __init__(
        self,
        kept: KeptRoster,
        queue: SampleQueue,
        consumer: str,
        lease: Lease,
        doubts: Doubts,
        recluster_every_s: float | None,
        retain_every_s: float,
        on_erased: Callable[[], None],
        wait_ms: int,
    ) -> None:
        self._kept = kept
        self._queue = queue
        self._consumer = consumer
        self._lease = lease
        self._doubts = doubts
        self._on_erased = on_erased
        self._wait_ms = wait_ms
        self._regrouping = Regrouping(kept, doubts, recluster_every_s)
        self._erasures = Erasures(kept, doubts, retain_every_s, on_erased)
        self._checked_s = time.monotonic()
        self._trimmed_s = -math.inf
        self._stop = threading.Event()
        self._gives_way = False

    def serve(self, stop: threading.Event) -> None:
        """Lead until told to stop, or until somebody else wants the lease.

        Raises:
            StorageError: If Redis fails for good, or another one leads.
        """
        self._stop = stop
        # Of a term before that ended with its lease, or with the server.
        self._doubts.leave()
        try:
            self._begin(stop)
            self._check_lease()
            while not (stop.is_set() or self._gives_way):
                self._turn()
                self._check_lease()
            self._doubts.leave()
            # Of a short term, what it has brought itself.
            self._trim()
        except CalledOffError:
            # In the middle of reading: nothing was begun that somebody has to finish.
            self._doubts.leave()
        finally:
            self._regrouping.abandon()

    def _begin(self, stop: threading.Event) -> None:
        """Take in the collection, and what those who led before left undone."""
        self._load()
        if self._kept.store.owes_rewrite():
            self._on_erased()
        while not stop.is_set():
            self._check_lease()
            if self._gives_way:
                return
            deliveries = self._queue.take_over(self._consumer, kept=self._held)
            if not deliveries:
                break
            self._take_in(deliveries)
        self._queue.forget_others(self._consumer)

    def _load(self) -> None:
        # A large collection takes minutes, which whoever says stop does not wait for.
        with called_off_by(self._stop.is_set):
            torn = self._kept.load()
        if torn:
            self._regrouping.wish_for_decided()

    def _load_anew(self) -> None:
        self._regrouping.abandon()
        self._load()

    def _check_lease(self) -> None:
        if time.monotonic() - self._checked_s > _CHECK_EVERY_S:
            if not self._lease.renew():
                raise LeaseLostError(f"{self._lease.key}: the lease ran out")
            self._gives_way = self._lease.is_wanted()
            self._checked_s = time.monotonic()

    @property
    def _held(self) -> set[bytes]:
        """Ids of the entries that have been received and have had no effect yet."""
        held = (*self._regrouping.deliveries, *self._erasures.deliveries)
        return {delivery.entry_id for delivery in held}

    def _turn(self) -> None:
        """Group, erase and take in some."""
        if not self._erasures.must_be_alone:
            self._regrouping.wish_by_time()
            self._take_in(self._regrouping.advance())
            if self._regrouping.must_be_alone:
                return
        else:
            self._regrouping.abandon()
        if self._erasures.advance():
            self._load_anew()
        if self._erasures.must_be_alone:
            return
        if time.monotonic() - self._trimmed_s >= _TRIM_EVERY_S:
            self._trim()
        beside = self._regrouping.is_under_way or self._erasures.are_under_way
        block_ms = min(_BESIDE_MS, self._wait_ms) if beside else self._wait_ms
        self._take_in(self._queue.receive(self._consumer, block_ms=block_ms, kept=self._held))

    def _trim(self) -> None:
        """Cut the streams that others read, and heed how long is kept what."""
        try:
            policy = self._kept.store.retention()
        except RecordError:
            # Said often enough by who erases what is over age.
            policy = RetentionPolicy()
        self._erasures.heed(policy)
        self._kept.store.trim_streams(policy)
        self._trimmed_s = time.monotonic()

    def _take_in(self, deliveries: list[Delivery]) -> None:
        """Take in deliveries: at once, but alone what was delivered before."""
        for again, some in groupby(deliveries, lambda delivery: delivery.again):
            if again:
                for delivery in some:
                    self._take_in_alone(delivery)
            else:
                self._take_in_together(list(some))

    def _take_in_together(self, deliveries: list[Delivery]) -> None:
        try:
            self._step(deliveries)
        except CalledOffError:
            raise
        except Exception as error:
            if not _passes(error):
                raise
            _log.warning("a step of %d entries failed (%r); each is taken in alone", len(deliveries), error)
            self._load_anew()
            for delivery in deliveries:
                self._take_in_alone(delivery)

    def _take_in_alone(self, delivery: Delivery) -> None:
        """Take in an entry while nothing else is being done, until it had its effect or is put aside.

        Whoever is told to stop leaves it to the next one.
        """
        if isinstance(delivery.entry, ReclusterRequest | EraseRequest):
            # Handed on to who tries them alone.
            self._step([delivery])
            return
        if self._regrouping.is_under_way:
            # Most were only lost on their way. What fails beside a re-cluster has not failed alone.
            self._take_in_together([delivery])
            return
        while not self._stop.is_set() and (tried := self._doubts.try_again(delivery)) is not None:
            try:
                self._step([tried])
            except CalledOffError:
                raise
            except Exception as error:
                if tried.problem or not _passes(error):
                    raise
                delivery = self._doubts.failed(delivery, error)
                self._load_anew()
            else:
                self._doubts.took_in(delivery)
                return

    def _step(self, deliveries: list[Delivery]) -> None:
        asked = any(isinstance(delivery.entry, ReclusterRequest) for delivery in deliveries)
        if asked and self._kept.store.clustering() != self._kept.roster.method:
            # A run has chosen another method since.
            self._load_anew()
        take_in(deliveries, self._kept, self._regrouping, self._erasures)


def _passes(error: Exception) -> bool:
    """Whether a step may do once the people were loaded anew, or without the entry that it failed of."""
    # Somebody was named just as they were to go: whoever looks again knows of it.
    return isinstance(error, OvertakenError) or is_of_entry(error)
