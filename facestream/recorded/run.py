"""Videos and photos in, their people out: the whole path in one process."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker, make_clusterer
from facestream.configuration.settings import Place
from facestream.erasure.leftovers import Sweeper
from facestream.errors import UsageError
from facestream.models.own_models import models_for
from facestream.people.people_view import counted
from facestream.processes.hang import model_watchdog
from facestream.recorded.intake import Intake
from facestream.recorded.photos_ahead import Open, PhotosAhead
from facestream.recorded.run_report import RunListener, RunOptions, RunReport
from facestream.recorded.source_desk import SourceDesk
from facestream.recorded.sources import find_sources
from facestream.recorded.turns import in_turn
from facestream.wiring import (
    facts_of,
    find_parts,
    keys_of,
    load_parts,
    make_claims,
    make_device,
    make_look_mark,
    make_queue,
    make_store,
    open_handle,
)
from storage.connection import RedisHandle
from storage.requests import ReclusterRequest
from storage.source_claims import SourceClaims
from stream import heif
from stream.discover import Discovery
from stream.errors import StreamError
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.pack import Pack
from workers.watchdog import Watchdog

if TYPE_CHECKING:
    from facestream.metrics.monitored import Monitor

_log = logging.getLogger(__name__)

# A re-cluster of a large collection takes its time; silence beyond this is a fault.
_SETTLE_S = 600.0
# Who stops a run need not wait for the end of a large re-cluster: whoever leads next sees to it.
_STOP_S = 3.0
# So long the cluster worker may wait for entries, and the end of a run for it.
_WAIT_MS = 40


class Run:
    """One run over some sources.

    Args:
        place: Where people are stored.
        options: What to process, and how.
        listener: Is told how it gets on.
        found: What there is to process, if `find_sources` has found it already.
        monitor: Is told how it gets on as well, for Prometheus; None where nobody wants to know.

    Raises:
        FacestreamError: If there is nothing to process.
    """

    def __init__(
        self,
        place: Place,
        options: RunOptions,
        listener: RunListener,
        found: Discovery | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self._monitor = monitor
        self._place = place
        self._options = options
        self._found = found or find_sources(options)
        self._listener = listener
        self._report = RunReport()
        self._started_s = time.monotonic()

    def execute(self, stop: threading.Event) -> RunReport:
        """Process everything, or until `stop` is set; what was found by then is kept.

        Everything is settled at the end, but where it is stopped and the last re-cluster takes long.

        Raises:
            UsageError: If all videos end before the start that was asked for.
            StorageError: If Redis or the data folder can't be used.
            WorkerError: If models can't be loaded or a worker fails.
        """
        self._started_s = time.monotonic()
        keys = keys_of(self._place)
        self._tell_left_out()
        with open_handle(self._place) as handle, handle.errors():
            for warning in handle.warnings:
                self._listener.note(warning)
            device = make_device(self._options.device)
            store = make_store(handle, keys)
            models = models_for(store, self._place, self._options.pack)
            parts = find_parts(models, self._place.data_dir)
            pack = load_parts(parts, self._options.device)
            licence = pack.manifest.licence
            self._report.pack = f"{pack.manifest.name} ({pack.manifest.title})"
            self._report.licence = licence.title
            self._report.commercial_use = licence.commercial_use
            self._report.device = str(pack.device)
            self._report.device_choice = str(device)
            for sentence in pack.manifest.assumed:
                self._listener.aside(sentence)
            self._report.provider = pack.providers[0]
            chosen = self._options.clustering
            # What it can't be is said before anything is written.
            make_clusterer(chosen or store.clustering(), pack.manifest, pack.calibration)
            store.check_model(pack.manifest.model_id, models)
            self._listener.began(len(self._found.photos))
            with ExitStack() as stack:

                @cache
                def background() -> Background:
                    """The cluster worker at work, on a collection that is there from now on."""
                    facts = facts_of(parts, models)
                    store.claim_model(pack.manifest.model_id, facts, models)
                    if chosen:
                        store.choose_clustering(chosen)
                    make_queue(handle, keys).prepare()
                    worker = make_cluster_worker(
                        handle,
                        keys,
                        pack.manifest,
                        pack.calibration,
                        self._people_now,
                        on_erased=Sweeper(handle, self._place).wake,
                        metrics=None if self._monitor is None else self._monitor.metrics,
                        wait_ms=_WAIT_MS,
                    )
                    return stack.enter_context(Background(worker, handle))

                if store.meta():
                    background()
                watchdog = stack.enter_context(model_watchdog())
                claims = stack.enter_context(make_claims(handle, keys))
                self._process(handle, pack, background, watchdog, claims, stop)
        self._report.interrupted = stop.is_set()
        self._report.seconds = time.monotonic() - self._started_s
        return self._report

    def _tell_left_out(self) -> None:
        """Say what is not looked at; of what the folders hold besides, all in the log and a summary here."""
        for path, error in self._found.failed:
            self._fail(path, str(error))
        skipped = self._found.skipped
        for path, reason in skipped:
            _log.info("passed over %s: %s", path, reason)
        endings = Counter(path.suffix.lower() or path.name for path, _ in skipped)
        kinds = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
        if kinds:
            hint = f" {heif.HINT}." if heif.ENDINGS & endings.keys() else ""
            self._listener.note(
                f"Passed over {counted(len(skipped), 'file')} in the folders: {kinds}; -v says why.{hint}"
            )

    def _people_now(self, count: int) -> None:
        if count and self._report.first_person_s is None:
            self._report.first_person_s = time.monotonic() - self._started_s
        self._listener.people_now(count)

    def _process(
        self,
        handle: RedisHandle,
        pack: Pack,
        background: Callable[[], Background],
        watchdog: Watchdog,
        claims: SourceClaims,
        stop: threading.Event,
    ) -> None:
        found = self._found
        queue = make_queue(handle, keys_of(self._place), pack.manifest.model_id)
        settings = FaceWorkerSettings(
            min_face_px=self._options.min_face_px, samples=self._options.samples, watchdog=watchdog
        )
        store = make_store(handle, keys_of(self._place))
        mark = make_look_mark(handle, keys_of(self._place))
        faces = FaceWorker(pack, queue, settings, mark)
        if self._monitor is not None:
            from facestream.metrics.run_families import run_families
            from facestream.metrics.timed_work import TimedFaceWorker, timed_pack

            metrics = self._monitor.metrics
            metrics.tell(lambda: run_families(self._report))
            settings = replace(settings, stages=metrics)
            faces = TimedFaceWorker(metrics, timed_pack(pack, metrics), queue, settings, mark)

        def check() -> None:
            background().check()
            if self._monitor is not None:
                self._monitor.heartbeat.beat()

        desk = SourceDesk(store, queue, self._options, self._listener, self._report, check, claims)
        intake = Intake(store, desk, faces, self._listener, self._report, check)

        leave_s = math.inf

        def over() -> bool:
            nonlocal leave_s
            # A re-cluster of very many tracks takes minutes.
            check()
            if stop.is_set():
                leave_s = min(leave_s, time.monotonic() + _STOP_S)
            return time.monotonic() > leave_s

        def wait_for(entry_id: bytes) -> None:
            background().wait_until(lambda: queue.is_taken_in(entry_id) or over(), _SETTLE_S)

        def settle(reason: str) -> None:
            entry_id = queue.send([ReclusterRequest(reason)])
            assert entry_id is not None
            wait_for(entry_id)

        method, before = store.clustering(), store.settled_by()
        if before not in (method, None):
            settle(f"clustering by {method}")
            self._listener.note(
                f"People are found by {method} from now on, no longer by {before}: all tracks were grouped "
                "anew."
            )
        # A run that was killed may have left entries, among them the wish for a re-cluster, or tracks that
        # none has looked at.
        settled = queue.waiting() == 0 and not store.provisional()

        def look(path: Path) -> None:
            nonlocal settled
            if self._readable(path, partial(intake.video, path, stop)) and store.meta():
                settle("end of a video")
                settled = True
            # Not before: what was found in it is known to others from here on.
            claims.release_all()

        in_turn(found.videos, look, claims, self._listener.note, check, stop)
        todo = False
        done_before = self._report.already_done
        opened: dict[Path, Open] = {}

        def paths_of(photos: PhotosAhead) -> Iterator[Path]:
            for path, open_photo in photos:
                opened[path] = open_photo
                yield path

        def look_at_photo(path: Path) -> None:
            nonlocal todo
            open_photo = opened.pop(path, None)
            todo |= self._readable(path, partial(intake.photo, path, stop, open_photo=open_photo))

        with PhotosAhead(found.photos, partial(desk.open_photo, stop=stop), stop) as photos:
            in_turn(paths_of(photos), look_at_photo, claims, self._listener.note, check, stop)
        if (todo or not settled) and store.meta():
            settle("end of the photos" if todo else "left over from a run that was stopped")
        if desk.asked is not None:
            wait_for(desk.asked)
        if self._report.already_done > done_before and found.photos:
            count = counted(self._report.already_done - done_before, "photo")
            redated = sum(source_id.startswith("i-") for source_id in self._report.redated)
            what = f"the dates of {redated} were changed" if redated else "nothing was added"
            self._listener.note(f"{count} had been processed before; {what}.")
        if forgotten := sum(source_id.startswith("i-") for source_id in self._report.forgotten):
            self._listener.note(
                f"In {counted(forgotten, 'photo')} people were forgotten and are left out; "
                "--include-forgotten looks at them again."
            )
        if desk.too_short and not (self._report.sources or self._report.failed):
            raise UsageError(f"{desk.too_short[0]} Nothing is left to look at; choose an earlier --start.")

    def _readable(self, path: Path, work: Callable[[], bool]) -> bool:
        """Do the work on a source; one that can't be read is noted and costs the others nothing."""
        try:
            return work()
        except StreamError as error:
            self._fail(path, str(error))
            # What could be read before the fault counts.
            return True

    def _fail(self, path: Path, reason: str) -> None:
        self._report.failed.append((path, reason))
        self._listener.note(reason)
