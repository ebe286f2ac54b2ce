"""How the cameras of this process are doing, at any moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.lease import Lease
from workers.camera_events import CameraOpener, CameraSource, OpenCamera, status_of
from workers.live_camera import LiveCamera, LiveFigures


class OwnCameras:
    """Opens cameras, and asks those that it has opened how they are doing; implements `CameraOpener`.

    Args:
        opener: Opens them.
        worker: Name of the worker that they are opened for.
        figures: What is done with the frames of a source; any thread may ask.
    """

    def __init__(
        self, opener: CameraOpener[LiveCamera], worker: str, figures: Callable[[str], LiveFigures]
    ) -> None:
        self._open = opener
        self._worker = worker
        self._figures = figures
        # One that is closed, and so held by nobody, has nothing to tell.
        self._sources: WeakValueDictionary[str, CameraSource] = WeakValueDictionary()

    def __call__(self, record: CameraRecord, lease: Lease) -> OpenCamera[LiveCamera]:
        """Open a camera; errors as those of `CameraOpener`."""
        # One of this name that was opened before is closed.
        self._sources.pop(record.name, None)
        opened = self._open(record, lease)
        self._sources[record.name] = opened.source
        return opened

    def statuses(self, told: Sequence[CameraStatus]) -> list[CameraStatus]:
        """How the cameras of this worker are doing now; any thread may ask.

        Args:
            told: What the worker said last of all cameras, which says what those are that it has.
        """
        return [self._now(status) for status in told if status.worker == self._worker]

    def _now(self, told: CameraStatus) -> CameraStatus:
        source = self._sources.get(told.name)
        if source is None:
            return told
        return status_of(told.name, self._worker, source.status, self._figures(source.source_id))
