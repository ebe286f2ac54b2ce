"""What of a video or a photo is new, and its record."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from facestream.errors import SourceBusyError
from facestream.readable_path import readable_path
from facestream.recorded.name_date import date_in_name
from facestream.recorded.run_report import RunListener, RunOptions, RunReport
from facestream.recorded.source_id import photo_id, video_id
from facestream.recorded.source_words import date_words, left_out_words, rate_words, stretch_words
from facestream.recorded.source_work import OpenedPhoto, VideoWork
from storage.identity_store import IdentityStore
from storage.requests import LookAgainRequest, ReclusterRequest
from storage.sample_queue import SampleQueue
from storage.source_claims import SourceClaims
from storage.source_record import SourceRecord, missing
from stream.errors import PhotoTooLargeError, SourceChangedError
from stream.file_state import FileState
from stream.frame import Frame
from stream.photo import MAX_PHOTO_PIXELS, PhotoFile
from stream.video import VideoFile
from stream.video_info import MAX_VIDEO_PIXELS, VideoInfo

# Most photos of phones have up to 50.3 megapixels, and a few of them are in memory at a time.
_AHEAD_PIXELS = 64_000_000


class SourceDesk:
    """Looks sources up, registers them, and says what of them is new.

    Args:
        store: The collection.
        queue: Its queue.
        options: What to process.
        listener: Is told of what is passed over.
        report: Is filled in with sources, and with what was done before.
        check: Called before a source is written; raises if going on makes no sense.
        claims: By which videos and photos are claimed; videos are to be given back by the caller.

    Attributes:
        too_short: What was said of videos that end before the start that was asked for.
        asked: The last entry by which people of a source with another date are to be told of anew.
    """

    def __init__(
        self,
        store: IdentityStore,
        queue: SampleQueue,
        options: RunOptions,
        listener: RunListener,
        report: RunReport,
        check: Callable[[], None],
        claims: SourceClaims,
    ) -> None:
        self._claims = claims
        self._store = store
        self._queue = queue
        self._options = options
        self._listener = listener
        self._report = report
        self._check = check
        limit = options.max_pixels
        self.video_pixels = MAX_VIDEO_PIXELS if limit is None else limit
        self._photo_pixels = MAX_PHOTO_PIXELS if limit is None else limit
        self.too_short: list[str] = []
        self.asked: bytes | None = None
        # Sources by their path, as they were when that was first asked for.
        self._ids_of: dict[str, list[str]] | None = None
        self._photo_told = False

    def video(self, path: Path, recorded_at_s: float | None = None) -> VideoWork | None:
        """What of a video is new, which is claimed then; None where it is passed over.

        Args:
            path: The file.
            recorded_at_s: Unix time at which it begins, where somebody said so of this one.

        Raises:
            StreamError: If it can't be read.
            SourceBusyError: If another process is looking at it.
        """
        before = FileState.of(path)
        source_id = video_id(path)
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a file before it; skipped.")
            return None
        # What is done of it is read after that: nobody else adds to it.
        self._claim(path, source_id)
        work = None
        try:
            work = self._claimed_video(path, source_id, before, recorded_at_s)
        finally:
            if work is None:
                self._claims.release(source_id)
        return work

    def _claimed_video(
        self, path: Path, source_id: str, before: FileState | None, recorded_at_s: float | None
    ) -> VideoWork | None:
        options = self._options
        info = VideoFile(path, source_id, max_pixels=self.video_pixels).info
        if info.duration_s is not None and options.start_s >= info.duration_s:
            text = f"{path.name}: lasts {info.duration_s:.1f} s and ends before --start."
            self.too_short.append(text)
            self._listener.note(f"{text} Skipped.")
            return None
        source = self._as_if_new(self._registered_video(path, source_id, info, recorded_at_s))
        end_s = math.inf if options.end_s is None else options.end_s
        if source.complete and source.ranges:
            end_s = min(end_s, source.ranges[-1][1])
        gaps = missing(source.ranges, options.start_s, end_s)
        if not gaps:
            self._report.already_done += 1
            left_out = left_out_words(source)
            tell = self._listener.note if left_out else self._listener.aside
            tell(
                f"{path.name}: already processed, at {rate_words(source.fps)}; nothing "
                f"{'else was changed' if source_id in self._report.redated else 'was added'}. "
                f"{left_out or 'Another --collection would look at it anew.'}"
            )
            return VideoWork(path, source, info, ())
        if source.forgotten:
            self._listener.note(f"{path.name}: {left_out_words(source)} In what is new they are not known.")
        if source.ranges:
            rate = "" if source.fps == options.fps else f" Its rate of then, {rate_words(source.fps)}, stays."
            self._listener.note(
                f"{path.name}: parts of it were processed before; missing are "
                f"{', '.join(stretch_words(*gap) for gap in gaps)}.{rate}"
            )
        return VideoWork(path, source, info, gaps, before)

    def open_photo(self, path: Path, stop: threading.Event) -> OpenedPhoto:
        """Read a photo, unless it is known; changes nothing, and may be called in any thread.

        Args:
            path: The file.
            stop: Set where it is to be left.

        Raises:
            StreamError: If it can't be read.
        """
        before = FileState.of(path)
        source_id = photo_id(path)
        unread = OpenedPhoto(source_id, None, before=before)
        if source_id in self._report.sources:
            return unread
        known = self._store.source(source_id)
        if known is not None and known.complete:
            return unread
        try:
            return self._read_photo(path, unread, stop, min(self._photo_pixels, _AHEAD_PIXELS))
        except PhotoTooLargeError:
            # Read when its turn comes: one of that size in memory is enough.
            return unread

    def photo(
        self, path: Path, opened: OpenedPhoto, stop: threading.Event, recorded_at_s: float | None = None
    ) -> Frame | None:
        """A photo that is new, if it is.

        Args:
            path: The file.
            opened: What `open_photo` gave.
            stop: Set where it is to be left.
            recorded_at_s: Unix time at which it was taken, where somebody said so of this one.

        Raises:
            StreamError: If it can't be read.
            SourceBusyError: If another process is looking at it.
        """
        source_id = opened.source_id
        if source_id in self._report.sources:
            self._listener.note(f"{path.name}: the same content as a photo before it; skipped.")
            return None
        known = self._known_photo(path, source_id)
        recorded_at_s = _first_of(
            recorded_at_s, self._options.recorded_at_s, known.recorded_at_s if known else None
        )
        if known is not None:
            known = self._as_if_new(known)
        if known is not None and known.complete:
            # Not read again: only where it lies, and when it was taken, may be news.
            self._register(replace(known, path=readable_path(path), recorded_at_s=recorded_at_s), known)
            self._report.already_done += 1
            return None
        if known is None and self._others_at(path) and not self._photo_told:
            self._photo_told = True
            self._listener.note(
                f"{path.name}: it had other content when it was processed before; what was seen then stays. "
                "`facestream people forget --gone` deletes that, and what was seen in other photos of which "
                "the same is true."
            )
        if opened.frame is None:
            opened = self._read_photo(path, opened, stop, self._photo_pixels)
        frame = opened.frame
        if frame is None:
            return None
        if opened.has_more:
            self._listener.note(f"{path.name}: of its pictures the first alone is looked at.")
        if recorded_at_s is not None:
            frame = replace(frame, captured_at_s=recorded_at_s)
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
        return frame

    def _known_photo(self, path: Path, source_id: str) -> SourceRecord | None:
        """The record of a photo, which is claimed unless it is done."""
        known = self._store.source(source_id)
        if known is not None and known.complete:
            return known
        self._claim(path, source_id, briefly=True)
        # It may have been looked at meanwhile.
        return self._store.source(source_id)

    def _claim(self, path: Path, source_id: str, *, briefly: bool = False) -> None:
        if not self._claims.claim(source_id, briefly=briefly):
            raise SourceBusyError(f"another process is looking at {str(path)!r} right now", source_id)

    def _read_photo(
        self, path: Path, opened: OpenedPhoto, stop: threading.Event, max_pixels: int
    ) -> OpenedPhoto:
        photo = PhotoFile(path, opened.source_id, max_pixels=max_pixels)
        frame = next(photo.frames(stop), None)
        if FileState.of(path) != opened.before:
            # Its id would be that of other pixels.
            raise SourceChangedError(
                f"{str(path)!r} has changed while it was looked at; run it again when it is whole", str(path)
            )
        return replace(opened, frame=frame, has_more=photo.has_more)

    def _as_if_new(self, source: SourceRecord) -> SourceRecord:
        """A source in which people were forgotten, as if nothing of it was done yet, if that is asked for."""
        if not source.forgotten:
            return source
        if not self._options.include_forgotten:
            self._report.forgotten.append(source.source_id)
            return source
        # Who was forgotten in it may be found again.
        whole = self._options.start_s == 0 and self._options.end_s is None
        self._queue.send([LookAgainRequest(source.source_id, whole)])
        return replace(source, ranges=(), complete=False, forgotten=0)

    def _registered_video(
        self, path: Path, source_id: str, info: VideoInfo, recorded_at_s: float | None
    ) -> SourceRecord:
        known = self._store.source(source_id)
        if known is None:
            self._note_of_other_content(path)
        source = SourceRecord(
            source_id=source_id,
            kind="video",
            path=readable_path(path),
            width_px=info.width_px,
            height_px=info.height_px,
            duration_s=info.duration_s,
            recorded_at_s=_first_of(
                recorded_at_s,
                self._options.recorded_at_s,
                self._date_in_name(path) if recorded_at_s is None else None,
                known.recorded_at_s if known else None,
                info.recorded_at_s,
            ),
            # What is done was done at the rate of then.
            fps=known.fps if known and known.ranges else self._options.fps,
        )
        if known is not None and known.recorded_at_s != source.recorded_at_s:
            self._listener.note(
                f"{path.name}: its date was changed: it begins {date_words(source.recorded_at_s)}, "
                f"and not {date_words(known.recorded_at_s)}."
            )
        return self._register(source, known)

    def _date_in_name(self, path: Path) -> float | None:
        """When a video began by its name, where that is to be believed."""
        if not self._options.dated_names:
            return None
        began = date_in_name(path.name)
        if began is not None:
            self._listener.aside(f"{path.name}: it began {date_words(began.timestamp())}, by its name.")
            return began.timestamp()
        self._listener.note(
            f"{path.name}: there is no date with a time in its name: it keeps its own, or the one before."
        )
        return None

    def _others_at(self, path: Path) -> Sequence[str]:
        """Ids of other sources that were processed under this path."""
        if self._ids_of is None:
            self._ids_of = {}
            for source in self._store.sources():
                self._ids_of.setdefault(source.path, []).append(source.source_id)
        return self._ids_of.get(readable_path(path), ())

    def _note_of_other_content(self, path: Path) -> None:
        """Say so where another video was processed under this path."""
        for source_id in self._others_at(path):
            self._listener.note(
                f"{path.name}: it had other content when it was processed before; what was seen then stays. "
                f"`facestream people forget --source {source_id}` deletes that."
            )

    def _register(self, source: SourceRecord, known: SourceRecord | None) -> SourceRecord:
        self._check()
        self._report.sources.append(source.source_id)
        registered = self._store.register_source(source)
        if known is not None and known.recorded_at_s != source.recorded_at_s:
            # At once: whoever goes on after a stop finds the new date, and nothing to be changed.
            self._report.redated.append(source.source_id)
            self.asked = self._queue.send([ReclusterRequest("another date", source.source_id)])
        return registered


def _first_of(*times_s: float | None) -> float | None:
    """The first that is known, to the millisecond, as it is kept.

    A time that a person gave stays until they give another.
    """
    return next((round(time_s, 3) for time_s in times_s if time_s is not None), None)
