"""What the camera worker tells of a watch, passed on with the people."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from facestream.clusters.background import Background
from facestream.people.people_tally import PeopleTally, source_of
from facestream.watch.visits import Visits
from facestream.watch.watch_report import WatchListener, WatchReport
from storage.camera_status import CameraStatus
from storage.errors import RecordError, StorageError
from storage.identity_record import Identity
from storage.people_reader import PeopleReader, leave_out
from workers.errors import WorkerError

if TYPE_CHECKING:
    from facestream.metrics.monitored import Monitor
    from storage.change_reader import ChangeReader

_NEWS_EVERY_S = 1.0


class WatchTeller:
    """Passes on what the camera worker tells, with the people; and stops it when the cluster worker fails.

    Args:
        listener: Is told.
        report: Counts sources.
        changes: What happens to people.
        visits: Who comes to which camera.
        background: The cluster worker, where this process has one.
        stop: Ends the watch.
        monitor: Is told as well, for Prometheus.
        only: Sources of the cameras that were named; empty for all.

    Attributes:
        statuses: How the cameras are doing, as of the last word of the worker.
    """

    def __init__(
        self,
        listener: WatchListener,
        report: WatchReport,
        changes: ChangeReader,
        visits: Visits,
        background: Background | None,
        stop: threading.Event,
        monitor: Monitor | None,
        only: Collection[str],
    ) -> None:
        self._monitor = monitor
        self._only = only
        self.statuses: Sequence[CameraStatus] = ()
        self._listener = listener
        self._report = report
        self._changes = changes
        self._after = changes.position
        self._visits = visits
        self._background = background
        self._stop = stop
        self._tally = PeopleTally()
        self._news_s = 0.0

    def claimed(self, names: Sequence[str]) -> None:
        """This worker has these cameras from now on."""
        self._listener.claimed(names)

    def camera_changed(self, status: CameraStatus) -> None:
        """A camera has another state than before."""
        self._listener.camera_changed(status)

    def cameras_now(self, statuses: Sequence[CameraStatus], load_factor: float) -> None:
        """How all cameras get on, and what happened to people since."""
        self.statuses = statuses
        if self._monitor is not None:
            self._monitor.heartbeat.beat()
            self._monitor.metrics.rates_at(load_factor)
        self._report.sources |= {f"c-{status.name}" for status in statuses}
        if time.monotonic() >= self._news_s:
            self._news_s = time.monotonic() + _NEWS_EVERY_S
            # What is left is told, also where some of it was cut off.
            page = self._changes.since(self._after)
            self._after = page.last_id
            for change in page.changes:
                if self._only and change.track_id and source_of(change.track_id) not in self._only:
                    # Of a camera that another process watches.
                    continue
                self._tally.take(change)
                self._listener.person(change)
                for visit in self._visits.take(change):
                    self._listener.visit(visit)
        self._listener.cameras_now(statuses, load_factor, self._tally, self._visits)
        if self._background is not None:
            try:
                self._background.check()
            except (StorageError, WorkerError):
                # Raised again where the background ends.
                self._stop.set()

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._listener.note(text)


def person_of(reader: PeopleReader, identity_id: str) -> Identity | None:
    """The record of a person; a damaged one, of which the log tells, must not end a watch."""
    try:
        return reader.person(identity_id)
    except RecordError as error:
        leave_out(error)
        return None
