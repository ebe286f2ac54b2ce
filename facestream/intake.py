"""One video or photo at a time: what of it is new goes to the face worker."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from facestream.people_view import clock
from facestream.run_report import RunListener, RunOptions, RunReport
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord, missing
from stream.errors import PhotoUnreadableError
from stream.fingerprint import fingerprint
from stream.frame import Frame
from stream.photo import MAX_PHOTO_PIXELS, PhotoFile
from stream.video import MAX_VIDEO_PIXELS, VideoFile, VideoInfo
from workers.errors import InferenceError
from workers.face_worker import FaceWorker
from workers.resumption import carried_into


class Intake:
    """Looks a source up, sends what of it is new through the face worker, and keeps the report.

    Args:
        store: The collection.
        faces: The face worker.
        options: What to process.
        listener: Is told how it gets on.
        report: Is filled in.
        check: Called before a source is written and after each frame; raises if going on makes no sense.

    Attributes:
        too_short: What was said of videos that end before the start that was asked for.
        redated: Ids of sources that got another date than they had.
    """

    def __init__(
        self,
        store: IdentityStore,
        faces: FaceWorker,
        options: RunOptions,
        listener: RunListener,
        report: RunReport,
        check: Callable[[], None],
    ) -> None:
        self._store = store
        self._faces = faces
        self._options = options
        self._listener = listener
        self._report = report
        self._check = check
        limit = options.max_pixels
        self._video_pixels = MAX_VIDEO_PIXELS if limit is None else limit
        self._photo_pixels = MAX_PHOTO_PIXELS if limit is None else limit
        self.too_short: list[str] = []
        self.redated: list[str] = []

    def video(self, path: Path, stop: threading.Event) -> bool:
        """Process what of a video is new; returns whether that was anything.

        Raises:
            StreamError: If it can't be read.
        """
        options = self._options
        source_id = f"v-{fingerprint(path)[:16]}"
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a file before it; skipped.")
            return False
        info = VideoFile(path, source_id, max_pixels=self._video_pixels).info
        if info.duration_s is not None and options.start_s >= info.duration_s:
            text = f"{path.name}: lasts {info.duration_s:.1f} s and ends before --start."
            self.too_short.append(text)
            self._listener.note(f"{text} Skipped.")
            return False
        source = self._as_if_new(self._registered_video(path, source_id, info))
        end_s = math.inf if options.end_s is None else options.end_s
        if source.complete and source.ranges:
            end_s = min(end_s, source.ranges[-1][1])
        gaps = missing(source.ranges, options.start_s, end_s)
        if not gaps:
            self._report.already_done += 1
            self._listener.note(
                f"{path.name}: already processed, at {_rate(source.fps)}; nothing was added. "
                f"{_left_out(source) or 'Another --collection would look at it anew.'}"
            )
            return False
        if source.forgotten:
            self._listener.note(f"{path.name}: {_left_out(source)} In what is new they are not known.")
        if source.ranges:
            rate = "" if source.fps == options.fps else f" Its rate of then, {_rate(source.fps)}, stays."
            self._listener.note(
                f"{path.name}: parts of it were processed before; missing are "
                f"{', '.join(_stretch(*gap) for gap in gaps)}.{rate}"
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
                max_pixels=self._video_pixels,
            )
            finished = self._faces.run(
                video,
                start_s,
                gap_end_s,
                stop,
                # An --end beyond the file's own end is its end, too.
                to_end=limit is None or (info.duration_s is not None and limit >= info.duration_s),
                carried=carried_into(self._store, source_id, start_s) if source.ranges else (),
                on_frame=self._frame_done,
            )
            faults = self._faces.faults
            for warning in [*video.warnings, *([str(faults)] if faults else [])]:
                self._report.damaged.append((path, warning))
                self._listener.note(f"{path.name}: {warning}")
            if not finished:
                break
        self._listener.source_ended(path)
        return True

    def photo(self, path: Path, stop: threading.Event) -> bool:
        """Process a photo that is new; returns whether it was.

        Raises:
            StreamError: If it can't be read.
        """
        source_id = f"i-{fingerprint(path)[:16]}"
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a photo before it; skipped.")
            return False
        known = self._store.source(source_id)
        recorded_at_s = _first_of(self._options.recorded_at_s, known.recorded_at_s if known else None)
        if known is not None:
            known = self._as_if_new(known)
        if known is not None and known.complete:
            # Not read again: only where it lies, and when it was taken, may be news.
            self._register(replace(known, path=readable_path(path), recorded_at_s=recorded_at_s), known)
            self._report.already_done += 1
            return False
        photo = PhotoFile(path, source_id, recorded_at_s=recorded_at_s, max_pixels=self._photo_pixels)
        frame = next(photo.frames(stop), None)
        if frame is None:
            return False
        height, width = frame.image_bgr.shape[:2]
        source = SourceRecord(
            source_id=source_id,
            kind="photo",
            path=readable_path(path),
            width_px=width,
            height_px=height,
            recorded_at_s=frame.captured_at_s,
        )
        self._register(source, known)
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

    def _as_if_new(self, source: SourceRecord) -> SourceRecord:
        """A source in which people were forgotten, as if nothing of it was done yet, if that is asked for."""
        if not source.forgotten:
            return source
        if not self._options.include_forgotten:
            self._report.forgotten.append(source.source_id)
            return source
        self._faces.look_again(source.source_id)
        return replace(source, ranges=(), complete=False, forgotten=0)

    def _registered_video(self, path: Path, source_id: str, info: VideoInfo) -> SourceRecord:
        known = self._store.source(source_id)
        source = SourceRecord(
            source_id=source_id,
            kind="video",
            path=readable_path(path),
            width_px=info.width_px,
            height_px=info.height_px,
            duration_s=info.duration_s,
            recorded_at_s=_first_of(
                self._options.recorded_at_s, known.recorded_at_s if known else None, info.recorded_at_s
            ),
            # What is done was done at the rate of then.
            fps=known.fps if known and known.ranges else self._options.fps,
        )
        return self._register(source, known)

    def _register(self, source: SourceRecord, known: SourceRecord | None) -> SourceRecord:
        if known is not None and known.recorded_at_s != source.recorded_at_s:
            self.redated.append(source.source_id)
        self._check()
        self._report.sources.append(source.source_id)
        return self._store.register_source(source)

    def _frame_done(self, frame: Frame, faces: int) -> None:
        self._report.frames += 1
        self._report.faces += faces
        self._listener.frame_done(frame, faces)
        self._check()


def _first_of(*times_s: float | None) -> float | None:
    """The first that is known. A time that a person gave stays until they give another."""
    return next((time_s for time_s in times_s if time_s is not None), None)


def _rate(fps: float | None) -> str:
    """A sampling rate in words."""
    return "every frame" if fps is None else f"{fps:g} frames/s"


def _left_out(source: SourceRecord) -> str:
    """What to say of people who were forgotten in a source, or nothing."""
    if not source.forgotten:
        return ""
    were = "person was" if source.forgotten == 1 else "people were"
    return f"{source.forgotten} {were} forgotten there and left out; --include-forgotten looks at it again."


def _stretch(start_s: float, end_s: float) -> str:
    """A stretch of a video in words."""
    return f"{clock(start_s)} to {'the end' if math.isinf(end_s) else clock(end_s)}"


def readable_path(path: Path) -> str:
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
