"""The tasks of a backfill, made while the first of them are done."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from facestream.backfill.backfill_files import Dated
from facestream.backfill.backfill_task import Photos, Stretch, Task, segments
from facestream.errors import SourceBusyError
from facestream.recorded.source_desk import SourceDesk
from facestream.recorded.source_words import awaited_words
from facestream.recorded.source_work import VideoWork
from storage.source_claims import SourceClaims
from storage.source_record import Range, SourceRecord, missing
from stream.errors import StreamError
from stream.seek_points import SeekPoints

_PHOTOS_AT_ONCE = 32


@dataclass(slots=True, eq=False)
class SplitVideo:
    """A video whose parts are looked at.

    Attributes:
        work: What is to be looked at.
        borders_s: Where its parts end and begin, media time.
        left: Numbers of its tasks that are not done.
        whole: Whether all that are done were looked at to their ends.
    """

    work: VideoWork
    borders_s: list[float] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    whole: bool = True

    def is_taken_in(self, source: SourceRecord) -> bool:
        """Whether what was looked at has had its effect, by the record of the video as it is now."""
        if not source.ranges:
            return not self.work.gaps
        last_s = source.ranges[-1][1] if source.complete else math.inf
        return not any(missing(source.ranges, start, min(end, last_s)) for start, end in self.work.gaps)


Of = SplitVideo | Photos
"""What a task is a part of."""


class BackfillPlan:
    """Looks files up, one after the other, and cuts long videos into parts.

    Videos that another process is looking at come last.

    Args:
        videos: Videos.
        photos: Photos.
        segment_s: Longest part, s.
        fps: Sampled frames per second; parts are whole numbers of their periods.
        on_passed: Called with a video of which nothing is to be done; None for one that is left out.
        on_failed: Called with a video that can't be read, and the reason.
        tell: Is told of each video that is waited for.

    Attributes:
        of: What each task is a part of, by its number; the caller takes out what is done.
    """

    def __init__(
        self,
        videos: Sequence[Dated],
        photos: Sequence[Dated],
        segment_s: float,
        fps: float | None,
        on_passed: Callable[[SplitVideo | None], None],
        on_failed: Callable[[Path, str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._videos = videos
        self._photos = photos
        self._segment_s = segment_s if fps is None else max(round(segment_s * fps), 1) / fps
        self._on_passed = on_passed
        self._on_failed = on_failed
        self._tell = tell
        self._number = 0
        self.of: dict[int, Of] = {}

    def tasks(self, desk: SourceDesk, claims: SourceClaims, stop: threading.Event) -> Iterator[Task | None]:
        """The tasks, none once told to stop; None for now, where the rest is looked at by others.

        A video is registered, and claimed, when the first task of its own is asked for.
        """
        later: list[tuple[Dated, str]] = []
        for video in self._videos:
            if stop.is_set():
                return
            try:
                yield from self._video(video, desk, claims, stop)
            except SourceBusyError as error:
                later.append((video, error.source_id))
        for start in range(0, len(self._photos), _PHOTOS_AT_ONCE):
            chunk = self._photos[start : start + _PHOTOS_AT_ONCE]
            photos = Photos(tuple((str(path), at_s) for path, at_s in chunk))
            yield self._task(photos, photos)
        for video, source_id in later:
            if not claims.claim(source_id):
                self._tell(awaited_words(video[0]))
            while not claims.claim(source_id):
                yield None
            yield from self._video(video, desk, claims, stop)

    def _video(
        self, dated: Dated, desk: SourceDesk, claims: SourceClaims, stop: threading.Event
    ) -> Iterator[Task]:
        path, recorded_at_s = dated
        try:
            work = desk.video(path, recorded_at_s)
        except StreamError as error:
            self._on_failed(path, str(error))
            return
        if work is None or not work.gaps:
            self._on_passed(None if work is None else SplitVideo(work, self._all_borders(work)))
            return
        video = SplitVideo(work)
        try:
            stretches = list(self._stretches(video, desk.video_pixels, stop))
        except StreamError as error:
            # As it may be gone by now.
            claims.release(work.source.source_id)
            self._on_failed(path, str(error))
            return
        if stop.is_set():
            return
        tasks = [self._task(stretch, video) for stretch in stretches]
        video.left = {task.number for task in tasks}
        yield from tasks

    def _task(self, work: Stretch | Photos, of: Of) -> Task:
        task = Task(self._number, work)
        self._number += 1
        self.of[task.number] = of
        return task

    def _all_borders(self, work: VideoWork) -> list[float]:
        """Where a video was cut by whoever looked at it, and may have died before joining its parts."""
        return segments(0.0, math.inf, work.info.duration_s, self._segment_s)[1:-1]

    def _stretches(self, video: SplitVideo, max_pixels: int, stop: threading.Event) -> Iterator[Stretch]:
        work = video.work
        cuts = [segments(*gap, work.info.duration_s, self._segment_s) for gap in work.gaps]
        points = None
        if any(border > self._segment_s / 2 for borders in cuts for border in borders[:-1]):
            points = SeekPoints.of(work.path, max_pixels, stop=stop)
            if points is None:
                # Decoded from the beginning for each part, it would take longer than in one piece.
                cuts = [[*gap] for gap in work.gaps]
        for borders in cuts:
            video.borders_s += [border for border in borders if 0 < border < math.inf]
            for part in pairwise(borders):
                yield self._stretch(work, part, points)

    def _stretch(self, work: VideoWork, part: Range, points: SeekPoints | None) -> Stretch:
        start_s, end_s = part
        return Stretch(
            str(work.path),
            work.source.source_id,
            work.source.fps,
            start_s,
            end_s,
            work.is_to_end(end_s),
            work.source.recorded_at_s,
            None if points is None else points.for_start(start_s),
            None if work.before is None else work.before.size,
        )
