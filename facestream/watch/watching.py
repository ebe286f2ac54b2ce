"""Cameras in, their people out, for as long as somebody watches."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from facestream.cameras.camera_book import camera_name
from facestream.cameras.live_views import LiveViews
from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker, make_clusterer
from facestream.configuration.given_settings import settings
from facestream.configuration.settings import Place
from facestream.erasure.leftovers import Sweeper
from facestream.errors import UsageError
from facestream.hint import command_line
from facestream.models.own_models import models_for
from facestream.processes.alarm import alarm
from facestream.processes.hang import model_watchdog
from facestream.watch.camera_wiring import OneCamera, Opener, make_claims
from facestream.watch.own_cameras import OwnCameras
from facestream.watch.visits import Visits
from facestream.watch.watch_report import WatchFacts, WatchListener, WatchOptions, WatchReport
from facestream.watch.watch_teller import WatchTeller, person_of
from facestream.wiring import (
    facts_of,
    find_parts,
    keys_of,
    load_parts,
    make_camera_store,
    make_change_reader,
    make_device,
    make_queue,
    make_reader,
    make_store,
    make_view_store,
    open_folder,
    open_handle,
)
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.connection import RedisHandle
from storage.keys import Keys
from storage.outage import wait_for_server
from storage.requests import ReclusterRequest
from storage.sample_queue import SampleQueue
from storage.sealing import Seal, open_seal
from stream.frame import Frame
from workers.camera_events import Cameras
from workers.camera_worker import CameraWorker
from workers.live_worker import LIVE_SETTINGS, LiveWorker
from workers.models.pack import Pack
from workers.rate_governor import RateChange, RateGovernor
from workers.stages import DECODE

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import Settings
    from facestream.metrics.monitored import Monitor

# Who stops a watch need not wait for the end of a large re-cluster: whoever leads next sees to it.
_SETTLE_S = 3.0


class Watch:
    """One watch over cameras.

    Args:
        place: Where people, and the cameras, are stored.
        options: What to watch, and how.
        listener: Is told how it goes on.
        monitor: Is told as well, for Prometheus; None where nobody wants to know.
    """

    def __init__(
        self,
        place: Place,
        options: WatchOptions,
        listener: WatchListener,
        monitor: Monitor | None = None,
    ) -> None:
        self._monitor = monitor
        self._place = place
        self._options = options
        self._listener = listener
        self._report = WatchReport()
        self._began_s = time.monotonic()

    def execute(self, stop: threading.Event) -> WatchReport:
        """Watch until `stop` is set, or the time is over; all that was seen is then in the collection.

        Raises:
            UsageError: If there are no such cameras.
            StorageError: If Redis or the data folder can't be used, or stays away.
            WorkerError: If models can't be loaded or a worker fails.
        """
        keys = keys_of(self._place)
        chosen = settings()
        self._report.began_s = time.time()
        with open_handle(self._place) as handle, handle.errors(), handle.haste.from_end(stop):
            for warning in handle.warnings:
                self._listener.note(warning)
            cameras, seal = self._cameras(handle, keys)
            found = cameras.readable()
            # What can't be watched is said before models are loaded, and before anything is written.
            self._check(found)
            device = make_device(self._options.device)
            store = make_store(handle, keys)
            models = models_for(store, self._place, self._options.pack)
            parts = find_parts(models, self._place.data_dir)
            # Each of these takes a while, and leaves nothing behind.
            if stop.is_set():
                return self._report
            pack = load_parts(parts, self._options.device)
            manifest = pack.manifest
            for sentence in manifest.assumed:
                self._listener.note(sentence)
            if stop.is_set():
                return self._report
            make_clusterer(store.clustering(), manifest, pack.calibration)
            if stop.is_set():
                return self._report
            store.claim_model(manifest.model_id, facts_of(parts, models), models, began=self._options.began)
            queue = make_queue(handle, keys)
            queue.prepare()
            self._report.models = f"{manifest.name} ({manifest.title})"
            with ExitStack() as stack:
                background = None
                if self._options.clusters:
                    worker = make_cluster_worker(
                        handle,
                        keys,
                        manifest,
                        pack.calibration,
                        on_lead=self._listener.leads,
                        on_erased=Sweeper(handle, self._place).wake,
                        recluster_every_s=chosen.watch.recluster_every_s,
                        metrics=None if self._monitor is None else self._monitor.metrics,
                    )
                    background = stack.enter_context(Background(worker, handle, lasting=True))
                self._watch(handle, keys, cameras, seal, pack, str(device), chosen, background, stop)
                if background is not None:
                    self._settle(queue, background)
        self._report.seconds = time.monotonic() - self._began_s
        return self._report

    def _cameras(self, handle: RedisHandle, keys: Keys) -> tuple[Cameras, Callable[[], Seal]]:
        """The cameras, and what their URLs are sealed with."""
        options = self._options
        if options.url is not None:
            one = OneCamera(options.url, keys.collection, options.fps, options.min_face_px)
            return one, lambda: one.seal
        folder = open_folder(self._place).path
        return make_camera_store(handle, keys), partial(open_seal, folder, os.environ)

    def _check(self, found: Sequence[CameraRecord]) -> None:
        """Refuse a watch over cameras that there are not."""
        known = {record.name for record in found}
        unknown = [name for name in self._options.names if name not in known]
        if unknown:
            camera_name(unknown[0])
            there = f"there are {', '.join(sorted(known)[:10])}" if known else "there are none yet"
            raise UsageError(
                f"no camera {unknown[0]!r} in collection {self._place.collection!r}: {there}. "
                f"{command_line(self._place, 'camera', 'list')} shows all."
            )
        paused = [record.name for record in found if record.paused and record.name in self._options.names]
        if paused:
            resume = command_line(self._place, "camera", "resume", *paused)
            self._listener.note(f"Paused: {', '.join(paused)}. To look at them again: {resume}")
        if not known and not self._options.waits:
            add = command_line(self._place, "camera", "add", "door", "rtsp://user:password@host/stream")
            raise UsageError(
                f"collection {self._place.collection!r} has no cameras yet. Add one: {add}\nOr watch one "
                "without storing it: facestream run rtsp://user:password@host/stream"
            )

    def _watch(
        self,
        handle: RedisHandle,
        keys: Keys,
        cameras: Cameras,
        seal: Callable[[], Seal],
        pack: Pack,
        device: str,
        chosen: Settings,
        background: Background | None,
        stop: threading.Event,
    ) -> None:
        options = self._options
        claims = make_claims(handle, keys, registered=not options.names and options.url is None)
        governor = RateGovernor(on_change=self._rates_changed)
        watchdog = model_watchdog()
        monitor, looking, on_decode = self._monitor, replace(LIVE_SETTINGS, watchdog=watchdog), None
        if monitor is not None:
            from facestream.metrics.timed_work import timed_pack

            pack, looking = timed_pack(pack, monitor.metrics), replace(looking, stages=monitor.metrics)
            on_decode = partial(monitor.metrics.took, DECODE)
        live = LiveWorker(
            pack,
            looking,
            governor=governor,
            on_frame=lambda frame, _faces: self._frame_done(frame, views),
            on_lost=lambda source_id: claims.mark_lost(source_id.removeprefix("c-")),
        )
        views = LiveViews(make_view_store(handle, keys), live.present, handle.errors)
        opened = OwnCameras(
            Opener(handle, keys, pack.manifest.model_id, chosen, seal, live.wake, on_decode),
            claims.worker,
            live.figures,
        )
        visits = Visits(partial(person_of, make_reader(handle, keys)))
        told = WatchTeller(
            self._listener,
            self._report,
            make_change_reader(handle, keys),
            visits,
            background,
            stop,
            monitor,
            frozenset(f"c-{name}" for name in options.names),
        )
        if monitor is not None:
            from facestream.cameras.camera_outages import camera_counts
            from facestream.metrics.camera_scrapes import CameraScrapes

            def own() -> list[CameraStatus]:
                # As of now: what the worker says last may be old, as while it waits for the server.
                return opened.statuses(told.statuses)

            monitor.heartbeat.at_work = lambda: watchdog.is_at_work
            monitor.metrics.tell(CameraScrapes(own).families)
            monitor.health.tell(
                "cameras", lambda: camera_counts(status for status in own() if status.state != "paused")
            )
        worker = CameraWorker(
            cameras,
            claims,
            live,
            governor,
            opened,
            told,
            handle.errors,
            partial(
                wait_for_server,
                handle,
                on_wait=(lambda: None) if monitor is None else monitor.heartbeat.beat,
            ),
            options.names or None,
        )
        self._report.began_s, self._began_s = time.time(), time.monotonic()
        self._listener.began(
            WatchFacts(
                keys.collection,
                claims.worker,
                pack.manifest.name,
                f"{device} ({pack.providers[0]})",
                "" if options.url is None else options.url.masked,
            )
        )
        with alarm(options.for_s, stop), views, watchdog, handle.haste.no_time():
            worker.run(stop)

    def _frame_done(self, frame: Frame, views: LiveViews) -> None:
        self._report.done += 1
        views.on_frame(frame)

    def _rates_changed(self, change: RateChange) -> None:
        """Tell that a machine can't keep up, and that it can again; the steps between show in the summary."""
        if change.before == 1 or change.factor == 1:
            self._listener.note(f"{change}")

    def _settle(self, queue: SampleQueue, background: Background) -> None:
        """Let everything that was seen have its effect, if that doesn't take long."""
        leave_s = time.monotonic() + _SETTLE_S

        def is_late() -> bool:
            return time.monotonic() > leave_s

        entry_id = queue.send([ReclusterRequest("end of a watch")], stop=is_late)
        if entry_id is not None:
            background.wait_until(lambda: queue.is_taken_in(entry_id) or is_late(), math.inf)
