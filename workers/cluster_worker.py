"""The cluster worker: samples and tracks out of the queue, people into the store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from storage.errors import LeaseLostError
from storage.identity_store import IdentityStore
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from workers.cluster_term import ClusterTerm
from workers.clustering.clusterer import Clusterer
from workers.doubts import Doubts
from workers.errors import ClusterWorkerError
from workers.kept_roster import KeptRoster
from workers.models.calibration import Calibration

_log = logging.getLogger(__name__)


class ClusterWorker:
    """Keeps the people of one collection up to date; one at a time leads, others stand by.

    Whoever wants the collection to stand still for a while, as for a backup, says so: the one that leads
    gives way, and begins anew after that.

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
        retain_every_s: What is kept for no longer is looked for so often, and when it begins to lead;
            more often where it is kept for less than ten times as long.
        began: `created_at_s` of the collection that it is for; empty for whichever has the name when it runs.
        wait_ms: Longest wait for entries, and so for its end when it is told to stop.
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
        wait_ms: int = 200,
    ) -> None:
        self._began = began
        self._wait_ms = wait_ms
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
        self._stop = threading.Event()
        # Of all terms: what a lost lease or a server that failed has cut off has not failed.
        self._doubts = Doubts(queue.attempts(self._consumer), lambda wait_s: self._stop.wait(wait_s))

    def run(self, stop: threading.Event) -> None:
        """Lead whenever the lease is free, until told to stop.

        Raises:
            StorageError: If Redis fails for good.
            ClusterWorkerError: If the collection was dropped, or changed to other models, while it waited.
        """
        self._stop = stop
        if not self._began:
            self._queue.prepare()
        began = self._began or self._founded()
        standing_by = False
        while not stop.is_set():
            if self._lease.is_wanted() or not self._lease.acquire():
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
            return "was dropped or replaced, or its server has lost it (FLUSHALL, say),"
        if meta.get("model_id", self._model_id) != self._model_id or "changing_to" in meta:
            return "was changed to other models"
        return ""

    def _lead(self, stop: threading.Event) -> None:
        kept = KeptRoster(self._store, self._lease, self._make_clusterer, self._calibration, self._on_people)
        ClusterTerm(
            kept,
            self._queue,
            self._consumer,
            self._lease,
            self._doubts,
            self._recluster_every_s,
            self._retain_every_s,
            self._on_erased,
            self._wait_ms,
        ).serve(stop)
