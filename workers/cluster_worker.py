"""The cluster worker: samples and tracks out of the queue, people into the store."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from storage.effects import Effects
from storage.errors import LeaseLostError
from storage.identity_store import IdentityStore
from storage.lease import Lease
from storage.requests import DecisionRequest, ForgetRequest, LookAgainRequest, ReclusterRequest
from storage.sample_queue import Delivery, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.clusterer import Clusterer
from workers.errors import ClusterWorkerError
from workers.models.calibration import Calibration
from workers.roster import Roster

_log = logging.getLogger(__name__)

# A leader that was paused must soon notice that another one leads: what it reads on is held up.
_CHECK_EVERY_S = 1.0


class ClusterWorker:
    """Keeps the people of one collection up to date; one at a time leads, others stand by.

    Args:
        store: The collection.
        queue: Its queue.
        lease: Leadership of the collection.
        clusterer: Makes a fresh, empty clusterer of the method that the collection has at that moment.
        calibration: Of the embedder, for templates.
        on_people: Called after each step with the number of people there are.
    """

    def __init__(
        self,
        store: IdentityStore,
        queue: SampleQueue,
        lease: Lease,
        clusterer: Callable[[], Clusterer],
        calibration: Calibration,
        on_people: Callable[[int], None] | None = None,
    ) -> None:
        self._store = store
        self._queue = queue
        self._lease = lease
        self._make_clusterer = clusterer
        self._calibration = calibration
        self._on_people = on_people
        self._consumer = f"cluster-{lease.token.decode()}"
        self._roster = self._empty()

    def _empty(self) -> Roster:
        return Roster(self._store, self._make_clusterer(), self._calibration)

    def run(self, stop: threading.Event) -> None:
        """Lead whenever the lease is free, until told to stop.

        Raises:
            StorageError: If Redis fails for good.
            ClusterWorkerError: If the collection was dropped while it waited.
        """
        self._queue.prepare()
        began = self._founded()
        while not stop.is_set():
            if not self._lease.acquire():
                stop.wait(0.2)
                continue
            if self._founded() != began:
                self._lease.release()
                raise ClusterWorkerError(
                    f"collection {self._store.keys.collection!r} was dropped or replaced while this waited "
                    "for it. Run the command again."
                )
            # Its queue may have gone and come back.
            self._queue.prepare()
            try:
                with self._lease.kept():
                    self._lead(stop)
                    self._queue.forget(self._consumer)
            except LeaseLostError as error:
                _log.warning("%s; standing by", error)
            finally:
                self._lease.release()

    def _founded(self) -> str:
        """What tells a collection from another one that has its name."""
        return self._store.meta().get("created_at_s", "")

    def _load(self) -> None:
        """Take in the collection, and what was decided in it."""
        self._roster = self._empty()
        found = Effects()
        self._roster.load(found)
        # What somebody decided while nobody led, or a worker that died had not come to.
        touched, torn = self._roster.decide(found)
        self._roster.mark_provisional(found)
        self._describe(touched, found)
        self._store.commit(found, self._lease)
        if torn:
            self._queue.send([ReclusterRequest("what was decided")])

    def _lead(self, stop: threading.Event) -> None:
        self._load()
        while deliveries := self._queue.take_over(self._consumer):
            self._step(deliveries)
        self._queue.forget_others(self._consumer)
        checked_s = -math.inf
        while not stop.is_set():
            if time.monotonic() - checked_s > _CHECK_EVERY_S:
                if not self._lease.renew():
                    raise LeaseLostError(f"{self._lease.key}: the lease ran out")
                checked_s = time.monotonic()
            deliveries = self._queue.receive(self._consumer)
            if deliveries:
                self._step(deliveries)

    def _step(self, deliveries: list[Delivery]) -> None:
        """Take in deliveries and commit what they change with their acknowledgement."""
        asked = any(isinstance(delivery.entry, ReclusterRequest) for delivery in deliveries)
        if asked and self._store.clustering() != self._roster.method:
            # A run has chosen another method since.
            self._load()
        effects, roster = Effects(), self._roster
        touched: set[str] = set()
        requests: list[ReclusterRequest] = []
        unwanted: list[str] = []
        for delivery in deliveries:
            entry = delivery.entry
            problem = delivery.problem or roster.problem(entry)
            if entry is None or problem:
                _log.warning("entry %s is put aside: %s", delivery.entry_id.decode(), problem)
                effects.unreadable.append(replace(delivery, problem=problem))
                continue
            effects.done.append(delivery)
            match entry:
                case FaceSample():
                    roster.add_sample(entry, effects)
                case TrackRecord():
                    touched |= roster.add_track(entry, effects)
                case SegmentDone():
                    touched |= roster.end_segment(entry, effects)
                case ReclusterRequest():
                    requests.append(entry)
                case LookAgainRequest():
                    roster.look_again(entry.source_id, effects)
                case DecisionRequest():
                    moved, torn = roster.decide(effects)
                    touched |= moved
                    if torn:
                        requests.append(ReclusterRequest("what was decided"))
                case ForgetRequest():
                    unwanted.append(entry.identity_id)
        if requests:
            touched |= roster.recluster(effects, requests)
        # Last, so that what this very step brought of them goes as well.
        for identity_id in unwanted:
            touched -= roster.forget(identity_id, effects)
        roster.mark_provisional(effects)
        self._describe(touched, effects)
        self._store.commit(effects, self._lease)
        roster.committed()
        if self._on_people is not None:
            self._on_people(roster.people)

    def _describe(self, touched: set[str], effects: Effects) -> None:
        """Add the records of people who changed."""
        # A person of this very step may have gone already, and their record says where.
        gone = {identity.identity_id for identity in effects.identities if identity.merged_into}
        effects.identities += [self._roster.describe(identity_id) for identity_id in sorted(touched - gone)]
