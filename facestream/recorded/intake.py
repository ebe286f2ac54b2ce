"""One video or photo at a time: what of it is new goes to the face worker."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from facestream.recorded.run_report import RunListener, RunReport
from facestream.recorded.source_desk import SourceDesk
from facestream.recorded.source_id import content_of
from facestream.recorded.source_work import OpenedPhoto, VideoWork
from storage.identity_store import IdentityStore
from storage.source_record import Range
from stream.errors import PhotoUnreadableError
from stream.frame import Frame
from stream.seek_points import seek_point
from stream.video import VideoFile
from workers.errors import InferenceError
from workers.face_worker import FaceWorker
from workers.resumption import LOOK_BACK_S, carried_into


class Intake:
    """Sends what of a source is new through the face worker, and keeps the report.

    Args:
        store: The collection.
        desk: Says what is new.
        faces: The face worker.
        listener: Is told how it gets on.
        report: Is filled in.
        check: Called after each frame; raises if going on makes no sense.
    """

    def __init__(
        self,
        store: IdentityStore,
        desk: SourceDesk,
        faces: FaceWorker,
        listener: RunListener,
        report: RunReport,
        check: Callable[[], None],
    ) -> None:
        self._store = store
        self._desk = desk
        self._faces = faces
        self._listener = listener
        self._report = report
        self._check = check

    def video(self, path: Path, stop: threading.Event) -> bool:
        """Process what of a video is new; returns whether that was anything.

        Raises:
            StreamError: If it can't be read.
        """
        work = self._desk.video(path)
        if work is None or not work.gaps:
            return False
        self._listener.source_began(path, work.info)
        for gap in work.gaps:
            if not self._stretch(work, gap, stop):
                break
        self._listener.source_ended(path)
        return True

    def _stretch(self, work: VideoWork, gap: Range, stop: threading.Event) -> bool:
        """Process a stretch of a video; returns whether its end was reached."""
        (start_s, end_s), source = gap, work.source
        carried = carried_into(self._store, source.source_id, start_s) if source.ranges else []
        from_s = max(start_s - LOOK_BACK_S, 0.0) if carried else start_s
        video = VideoFile(
            work.path,
            source.source_id,
            fps=source.fps,
            start_s=from_s,
            end_s=None if math.isinf(end_s) else end_s,
            recorded_at_s=source.recorded_at_s,
            max_pixels=self._desk.video_pixels,
            seek=seek_point(work.path, from_s, self._desk.video_pixels, stop),
            content=content_of(source.source_id),
            before=work.before,
        )
        finished = self._faces.run(
            video,
            start_s,
            end_s,
            stop,
            to_end=work.is_to_end(end_s),
            carried=carried,
            on_frame=self._frame_done,
        )
        faults = self._faces.faults
        for warning in [*video.warnings, *([str(faults)] if faults else [])]:
            self._report.damaged.append((work.path, warning))
            self._listener.note(f"{work.path.name}: {warning}")
        return finished

    def photo(
        self,
        path: Path,
        stop: threading.Event,
        recorded_at_s: float | None = None,
        open_photo: Callable[[], OpenedPhoto | None] | None = None,
    ) -> bool:
        """Process a photo that is new; returns whether it was.

        Args:
            path: The file.
            stop: Set where it is to be left.
            recorded_at_s: Unix time at which it was taken, where somebody said so.
            open_photo: Opens it, or waits for that; None: it is opened here. None from it: it is to be left.

        Raises:
            StreamError: If it can't be read.
        """
        opened = self._desk.open_photo(path, stop) if open_photo is None else open_photo()
        frame = None if opened is None else self._desk.photo(path, opened, stop, recorded_at_s)
        if frame is None:
            return False
        self._listener.source_began(path, None)
        try:
            self._faces.run(_Loaded(frame), 0.0, 0.0, stop, photo=True, on_frame=self._frame_done)
        except InferenceError as error:
            raise PhotoUnreadableError(f"{str(path)!r} was left out: {error}", str(path)) from error
        if faults := self._faces.faults:
            self._report.damaged.append((path, str(faults)))
            self._listener.note(f"{path.name}: {faults}")
        self._listener.source_ended(path)
        return True

    def _frame_done(self, frame: Frame, faces: int) -> None:
        self._report.frames += 1
        self._report.faces += faces
        self._listener.frame_done(frame, faces)
        self._check()


class _Loaded:
    """A photo that has been read already, as a frame source."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @property
    def source_id(self) -> str:
        return self._frame.source_id

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        if not stop.is_set():
            yield self._frame
