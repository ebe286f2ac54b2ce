"""The cluster worker: samples and tracks out of the queue, people into the store."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from storage.effects import Effects
from storage.errors import LeaseLostError, OvertakenError
from storage.identity_store import IdentityStore
from storage.lease import Lease
from storage.requests import (
    DecisionRequest,
    EraseRequest,
    Extent,
    ForgetRequest,
    LookAgainRequest,
    ReclusterRequest,
)
from storage.sample_queue import Delivery, SampleQueue
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.clustering.clusterer import Clusterer
from workers.errors import ClusterWorkerError
from workers.models.calibration import Calibration
from workers.recluster_thread import ReclusterThread
from workers.roster import Roster

_log = logging.getLogger(__name__)

# A leader that was paused must soon notice that another one leads: what it reads on is held up.
_CHECK_EVERY_S = 1.0
# Longest wait for entries; while a re-cluster runs, its end must be noticed as well.
_BLOCK_MS, _BLOCK_BESIDE_MS = 200, 20
# A small re-cluster is done by then. Entries wait for so long, and no longer, for one that is not.
_PATIENCE_S = 0.05
# Tracks that one step erases; a step of so many holds others up for some tenths of a second.
_ERASED_AT_ONCE = 200
_EXPIRED = EraseRequest(Extent.RETENTION)
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
class _Erasure:
    """That something be erased.

    Attributes:
        request: What.
        delivery: The entry that asks for it, or None for what is over age.
    """

    request: EraseRequest
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    """A re-cluster that runs, and the wishes that it fulfils."""

    thread: ReclusterThread
    wishes: list[_Wish]


class ClusterWorker:
    """Keeps the people of one collection up to date; one at a time leads, others stand by.

    Args:
        store: The collection.
        queue: Its queue.
        lease: Leadership of the collection.
        model_id: Embedding space that the clusterer compares in.
        clusterer: Makes a fresh, empty clusterer of the method that the collection has at that moment.
        calibration: Of the embedder, for templates.
        on_people: Called after each step with the number of people there are.
        recluster_every_s: There is a re-cluster without a request, too, when tracks have come or grown since
            the last one, and that is so long ago: cameras never end, so nobody would ask. None: never.
        on_lead: Called when it begins to lead, and with False when it stands by.
        on_erased: Called when something was erased, and nothing more is to be: files may hold it still.
        retain_every_s: What is kept for no longer is looked for so often, and when it begins to lead.
        began: `created_at_s` of the collection that it is for; empty for whichever has the name when it runs.
    """

    def __init__(
        self,
        store: IdentityStore,
        queue: SampleQueue,
        lease: Lease,
        model_id: str,
        clusterer: Callable[[], Clusterer],
        calibration: Calibration,
        on_people: Callable[[int], None] | None = None,
        recluster_every_s: float | None = None,
        on_lead: Callable[[bool], None] | None = None,
        on_erased: Callable[[], None] | None = None,
        retain_every_s: float = 600.0,
        began: str = "",
    ) -> None:
        self._began = began
        self._recluster_every_s = recluster_every_s
        self._store = store
        self._queue = queue
        self._lease = lease
        self._model_id = model_id
        self._make_clusterer = clusterer
        self._calibration = calibration
        self._on_people = on_people
        self._on_lead = on_lead or (lambda _: None)
        self._on_erased = on_erased or (lambda: None)
        self._retain_every_s = retain_every_s
        self._consumer = f"cluster-{lease.token.decode()}"
        self._roster = self._empty()
        self._running: _Running | None = None
        self._wishes: list[_Wish] = []
        # Decisions that wait for the re-cluster that runs, as one before it has begun anew for others.
        self._put_off: list[Delivery] = []
        # What is to be erased, one after the other, some of it at a time.
        self._erasures: list[_Erasure] = []
        self._retained_s = -math.inf
        self._steadfast = False
        self._reclustered_s = -math.inf

    def _empty(self) -> Roster:
        return Roster(self._store, self._make_clusterer(), self._calibration)

    def run(self, stop: threading.Event) -> None:
        """Lead whenever the lease is free, until told to stop.

        Raises:
            StorageError: If Redis fails for good.
            ClusterWorkerError: If the collection was dropped, or changed to other models, while it waited.
        """
        if not self._began:
            self._queue.prepare()
        began = self._began or self._founded()
        standing_by = False
        while not stop.is_set():
            if not self._lease.acquire():
                if not standing_by:
                    self._on_lead(False)
                standing_by = True
                stop.wait(0.2)
                continue
            standing_by = False
            reason = self._unfit(began)
            if reason:
                self._lease.release()
                raise ClusterWorkerError(
                    f"collection {self._store.keys.collection!r} {reason} while this waited for it. Run the "
                    "command again."
                )
            # Its queue may have gone and come back.
            self._queue.prepare()
            self._on_lead(True)
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

    def _unfit(self, began: str) -> str:
        """What has become of the collection since it was `began`, if this can't lead it any more."""
        meta = self._store.meta()
        if meta.get("created_at_s", "") != began:
            return "was dropped or replaced"
        if meta.get("model_id", self._model_id) != self._model_id or "changing_to" in meta:
            return "was changed to other models"
        return ""

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
            self._wishes.append(_Wish(_DECIDED))

    def _lead(self, stop: threading.Event) -> None:
        self._wishes, self._put_off, self._steadfast, self._erasures = [], [], False, []
        self._load()
        # What a worker that died had not come to.
        self._retained_s = -math.inf
        if self._store.owes_rewrite():
            self._on_erased()
        # A worker that died of a re-cluster must not die of the next one at once.
        self._reclustered_s = time.monotonic()
        while deliveries := self._queue.take_over(self._consumer, kept=self._kept):
            self._step(deliveries)
        self._queue.forget_others(self._consumer)
        checked_s = -math.inf
        try:
            while not stop.is_set():
                if time.monotonic() - checked_s > _CHECK_EVERY_S:
                    if not self._lease.renew():
                        raise LeaseLostError(f"{self._lease.key}: the lease ran out")
                    checked_s = time.monotonic()
                self._wish_by_time()
                self._recluster()
                self._erase()
                busy = self._running is not None or self._erasures
                block_ms = _BLOCK_BESIDE_MS if busy else _BLOCK_MS
                deliveries = self._queue.receive(self._consumer, block_ms=block_ms, kept=self._kept)
                if deliveries:
                    self._step(deliveries)
        finally:
            self._abandon()

    def _wish_by_time(self) -> None:
        """Wish for a re-cluster when it is time for one, and there is something new to group."""
        every_s = self._recluster_every_s
        if every_s is None or self._running is not None or self._wishes:
            return
        if self._roster.has_provisional and time.monotonic() - self._reclustered_s >= every_s:
            self._wishes.append(_Wish(_NEWS))

    @property
    def _kept(self) -> set[bytes]:
        """Ids of the entries that have been received and have had no effect yet."""
        running = self._running.wishes if self._running is not None else []
        waiting = [wish.delivery for wish in (*running, *self._wishes)]
        waiting += [erasure.delivery for erasure in self._erasures]
        return {delivery.entry_id for delivery in (*waiting, *self._put_off) if delivery is not None}

    def _step(self, deliveries: list[Delivery]) -> None:
        """Take in deliveries and commit what they change with their acknowledgement."""
        asked = any(isinstance(delivery.entry, ReclusterRequest) for delivery in deliveries)
        if asked and self._store.clustering() != self._roster.method:
            # A run has chosen another method since.
            self._abandon()
            self._load()
        effects, roster = Effects(), self._roster
        touched: set[str] = set()
        wishes: list[_Wish] = []
        erasures: list[_Erasure] = []
        unwanted: list[str] = []
        for delivery in deliveries:
            entry = delivery.entry
            problem = delivery.problem or roster.problem(entry)
            if entry is None or problem:
                _log.warning("entry %s is put aside: %s", delivery.entry_id.decode(), problem)
                effects.unreadable.append(replace(delivery, problem=problem))
                continue
            if isinstance(entry, ReclusterRequest):
                # Acknowledged with its effect.
                wishes.append(_Wish(entry, delivery))
                continue
            if isinstance(entry, EraseRequest):
                erasures.append(_Erasure(entry, delivery))
                continue
            if isinstance(entry, DecisionRequest) and self._running is not None and self._steadfast:
                self._put_off.append(delivery)
                continue
            effects.done.append(delivery)
            match entry:
                case FaceSample():
                    roster.add_sample(entry, effects)
                case TrackRecord():
                    touched |= roster.add_track(entry, effects)
                case SegmentDone():
                    touched |= roster.end_segment(entry, effects)
                case LookAgainRequest():
                    roster.look_again(entry.source_id, effects)
                case DecisionRequest():
                    moved, torn = roster.decide(effects)
                    touched |= moved
                    if torn:
                        wishes.append(_Wish(_DECIDED))
                case ForgetRequest():
                    unwanted.append(entry.identity_id)
        # Last, so that what this very step brought of them goes as well.
        for identity_id in unwanted:
            touched -= roster.forget(identity_id, effects)
        self._commit(touched, effects)
        self._wishes += wishes
        self._erasures += erasures

    def _commit(self, touched: set[str], effects: Effects) -> None:
        self._roster.mark_provisional(effects)
        self._describe(touched, effects)
        self._store.commit(effects, self._lease)
        self._roster.committed()
        if self._on_people is not None:
            self._on_people(self._roster.people)

    def _erase(self) -> None:
        """Erase some of what is to be erased."""
        if not self._erasures and time.monotonic() - self._retained_s >= self._retain_every_s:
            self._erasures.append(_Erasure(_EXPIRED))
        if not self._erasures:
            return
        erasure, effects = self._erasures[0], Effects()
        touched, over = self._roster.erase(erasure.request, _ERASED_AT_ONCE, effects)
        if over and erasure.delivery is not None:
            effects.done.append(erasure.delivery)
        try:
            if not effects.is_nothing:
                self._commit(touched, effects)
        except OvertakenError as error:
            _log.info("%s; looking again", error)
            self._abandon()
            self._load()
            return
        if not over:
            return
        self._erasures.pop(0)
        if erasure.request.extent is Extent.RETENTION:
            self._retained_s = time.monotonic()
        if self._store.owes_rewrite():
            self._on_erased()

    def _abandon(self) -> None:
        """End the re-cluster that runs, if one does; what it was wished for is wished for still."""
        if self._running is not None:
            self._running.thread.leave()
            self._wishes = [*self._running.wishes, *self._wishes]
            self._running = None

    def _recluster(self) -> None:
        """Begin the re-cluster that is wished for, and let the one that is done have its effect."""
        if self._running is not None and self._roster.overtaken:
            self._running.thread.call_off()
        patience_s = 0.0
        while self._running is not None or self._wishes:
            if self._running is None:
                snapshot = self._roster.begin_recluster()
                thread = ReclusterThread(snapshot.clusterer, snapshot.settled)
                self._running, self._wishes = _Running(thread, self._wishes), []
                patience_s = _PATIENCE_S
            if not self._running.thread.wait(patience_s):
                return
            self._conclude(self._running)

    def _conclude(self, running: _Running) -> None:
        """Apply a re-cluster that is done, unless it does not know what was decided since it began."""
        self._running = None
        if self._roster.overtaken:
            self._roster.drop_recluster()
            self._wishes, self._steadfast = [*running.wishes, *self._wishes], True
            return
        self._reclustered_s = time.monotonic()
        partition = running.thread.outcome()
        effects = Effects(done=[wish.delivery for wish in running.wishes if wish.delivery is not None])
        requests = [wish.request for wish in running.wishes]
        try:
            self._commit(self._roster.apply_recluster(partition, requests, effects), effects)
        except OvertakenError as error:
            _log.info("%s; grouping anew", error)
            self._load()
            self._wishes = [*running.wishes, *self._wishes]
            return
        put_off, self._put_off, self._steadfast = self._put_off, [], False
        if put_off:
            self._step(put_off)

    def _describe(self, touched: set[str], effects: Effects) -> None:
        """Add the records of people who changed."""
        # A person of this very step may have gone already, and their record says where.
        gone = {identity.identity_id for identity in effects.identities if identity.merged_into}
        effects.identities += [self._roster.describe(identity_id) for identity_id in sorted(touched - gone)]
