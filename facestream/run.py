"""Videos and photos in, their people out: the whole path in one process."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from facestream.background import Background
from facestream.errors import UsageError
from facestream.people_view import counted
from facestream.run_report import RunListener, RunOptions, RunReport
from facestream.settings import Place
from facestream.wiring import connect_handle, keys_of, make_cluster_worker, make_pack, make_queue, make_store
from storage.connection import RedisHandle, translate_errors
from storage.identity_store import IdentityStore
from storage.source_record import ReclusterRequest, SourceRecord, missing
from stream.discover import Discovery, discover
from stream.errors import StreamError
from stream.fingerprint import fingerprint
from stream.frame import Frame
from stream.photo import PhotoFile
from stream.video import VideoFile
from workers.face_worker import FaceWorker, FaceWorkerSettings
from workers.models.pack import Pack

_log = logging.getLogger(__name__)

# A re-cluster of a large collection takes its time; silence beyond this is a fault.
_SETTLE_S = 600.0


class Run:
    """One run over some sources.

    Args:
        place: Where people are stored.
        options: What to process.
        listener: Is told how it gets on.
    """

    def __init__(self, place: Place, options: RunOptions, listener: RunListener) -> None:
        self._place = place
        self._options = options
        self._listener = listener
        self._report = RunReport()
        self._started_s = time.monotonic()
        self._too_short: list[str] = []

    def execute(self, stop: threading.Event) -> RunReport:
        """Process everything, or until `stop` is set; what was found by then is kept.

        Raises:
            StreamError: If no source can be found at all.
            StorageError: If Redis or the data folder can't be used.
            WorkerError: If models can't be loaded or a worker fails.
        """
        self._started_s = time.monotonic()
        keys = keys_of(self._place)
        found = discover(self._options.paths)
        for path, reason in found.skipped:
            _log.info("passed over %s: %s", path, reason)
        with connect_handle(self._place) as handle, translate_errors(handle.where):
            for warning in handle.warnings:
                self._listener.note(warning)
            pack = make_pack(self._options.pack)
            licence = pack.manifest.licence
            self._report.pack = f"{pack.manifest.name} ({pack.manifest.title})"
            self._report.licence = licence.spdx
            self._report.provider = pack.providers[0]
            about = {
                "pack": pack.manifest.name,
                "licence": licence.spdx,
                "commercial_use": str(int(licence.commercial_use)),
            }
            make_store(handle, keys).claim_model(pack.manifest.model_id, about)
            self._listener.began(len(found.photos))
            worker = make_cluster_worker(handle, keys, pack, self._people_now)
            with Background(worker, handle.where) as background:
                self._process(found, handle, pack, background, stop)
        self._report.interrupted = stop.is_set()
        self._report.seconds = time.monotonic() - self._started_s
        return self._report

    def _people_now(self, count: int) -> None:
        if count and self._report.first_person_s is None:
            self._report.first_person_s = time.monotonic() - self._started_s
        self._listener.people_now(count)

    def _process(
        self,
        found: Discovery,
        handle: RedisHandle,
        pack: Pack,
        background: Background,
        stop: threading.Event,
    ) -> None:
        keys = keys_of(self._place)
        queue = make_queue(handle, keys)
        queue.prepare()
        store = make_store(handle, keys)
        settings = FaceWorkerSettings(min_face_px=self._options.min_face_px, samples=self._options.samples)
        faces = FaceWorker(pack, queue, settings)

        def settle(reason: str) -> None:
            entry_id = queue.send([ReclusterRequest(reason)])
            assert entry_id is not None
            background.wait_until(lambda: queue.is_taken_in(entry_id), _SETTLE_S)

        for path in found.videos:
            if stop.is_set():
                break
            background.check()
            if self._readable(path, partial(self._video, path, store, faces, stop)):
                settle("end of a video")
        todo = False
        done_before = self._report.already_done
        for path in found.photos:
            if stop.is_set():
                break
            background.check()
            todo |= self._readable(path, partial(self._photo, path, store, faces, stop))
        if todo:
            settle("end of the photos")
        if self._report.already_done > done_before:
            count = counted(self._report.already_done - done_before, "photo")
            self._listener.note(f"{count} had been processed before; nothing was added from them.")
        if self._too_short and not (self._report.sources or self._report.failed):
            raise UsageError(f"{self._too_short[0]} Nothing is left to look at; choose an earlier --start.")

    def _readable(self, path: Path, work: Callable[[], bool]) -> bool:
        """Do the work on a source; one that can't be read is noted and costs the others nothing."""
        try:
            return work()
        except StreamError as error:
            self._report.failed.append((path, str(error)))
            self._listener.note(str(error))
            # What could be read before the fault counts.
            return True

    def _begin(self, source: SourceRecord) -> None:
        self._report.sources.append(source.source_id)

    def _frame_done(self, frame: Frame, faces: int) -> None:
        self._report.frames += 1
        self._report.faces += faces
        self._listener.frame_done(frame, faces)

    def _video(self, path: Path, store: IdentityStore, faces: FaceWorker, stop: threading.Event) -> bool:
        options = self._options
        source_id = f"v-{fingerprint(path)[:16]}"
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a file before it; skipped.")
            return False
        info = VideoFile(path, source_id).info
        if info.duration_s is not None and options.start_s >= info.duration_s:
            text = f"{path.name}: lasts {info.duration_s:.1f} s and ends before --start."
            self._too_short.append(text)
            self._listener.note(f"{text} Skipped.")
            return False
        known = store.source(source_id)
        source = store.register_source(
            SourceRecord(
                source_id=source_id,
                kind="video",
                path=_readable_path(path),
                width_px=info.width_px,
                height_px=info.height_px,
                duration_s=info.duration_s,
                recorded_at_s=_first_of(
                    options.recorded_at_s, known.recorded_at_s if known else None, info.recorded_at_s
                ),
                # What is done was done at the rate of then.
                fps=known.fps if known and known.ranges else options.fps,
            )
        )
        self._begin(source)
        end_s = math.inf if options.end_s is None else options.end_s
        if source.complete and source.ranges:
            end_s = min(end_s, source.ranges[-1][1])
        gaps = missing(source.ranges, options.start_s, end_s)
        if not gaps:
            self._report.already_done += 1
            self._listener.note(f"{path.name}: already processed; nothing was added.")
            return False
        if source.ranges:
            rate = "" if source.fps == options.fps else f" Its rate of then, {_rate(source.fps)}, stays."
            self._listener.note(
                f"{path.name}: goes on at {gaps[0][0]:.1f} s, since parts of it were processed before.{rate}"
            )
        self._listener.source_began(path, info)
        for start_s, gap_end_s in gaps:
            limit = None if math.isinf(gap_end_s) else gap_end_s
            video = VideoFile(
                path,
                source_id,
                fps=source.fps,
                start_s=start_s,
                end_s=limit,
                recorded_at_s=source.recorded_at_s,
            )
            # An --end beyond the file's own end is its end, too.
            beyond = limit is None or (info.duration_s is not None and limit >= info.duration_s)
            finished = faces.run(video, start_s, gap_end_s, stop, to_end=beyond, on_frame=self._frame_done)
            for warning in video.warnings:
                self._listener.note(f"{path.name}: {warning}")
            if not finished:
                break
        self._listener.source_ended(path)
        return True

    def _photo(self, path: Path, store: IdentityStore, faces: FaceWorker, stop: threading.Event) -> bool:
        source_id = f"i-{fingerprint(path)[:16]}"
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a photo before it; skipped.")
            return False
        known = store.source(source_id)
        recorded_at_s = _first_of(self._options.recorded_at_s, known.recorded_at_s if known else None)
        if known is not None and known.complete:
            # Not read again: only where it lies, and when it was taken, may be news.
            store.register_source(replace(known, path=_readable_path(path), recorded_at_s=recorded_at_s))
            self._begin(known)
            self._report.already_done += 1
            return False
        photo = PhotoFile(path, source_id, recorded_at_s=recorded_at_s)
        frame = next(iter(photo.frames(stop)))
        height, width = frame.image_bgr.shape[:2]
        source = store.register_source(
            SourceRecord(
                source_id=source_id,
                kind="photo",
                path=_readable_path(path),
                width_px=width,
                height_px=height,
                recorded_at_s=frame.captured_at_s,
            )
        )
        self._begin(source)
        self._listener.source_began(path, None)
        faces.run(_Loaded(frame), 0.0, 0.0, stop, photo=True, on_frame=self._frame_done)
        self._listener.source_ended(path)
        return True


def _first_of(*times_s: float | None) -> float | None:
    """The first that is known. A time that a person gave stays until they give another."""
    return next((time_s for time_s in times_s if time_s is not None), None)


def _rate(fps: float | None) -> str:
    """A sampling rate in words."""
    return "every frame" if fps is None else f"{fps:g} frames/s"


def _readable_path(path: Path) -> str:
    """The absolute path; bytes that are no UTF-8 are shown escaped, since Redis holds text."""
    return os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")


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
