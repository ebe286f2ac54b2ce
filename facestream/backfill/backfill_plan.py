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
from facestream.recorded.source_desk import SourceDesk, VideoWork
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

    Args:
        videos: Videos.
        photos: Photos.
        segment_s: Longest part, s.
        fps: Sampled frames per second; parts are whole numbers of their periods.
        on_passed: Called with a video of which nothing is to be done; None for one that is left out.
        on_failed: Called with a video that can't be read, and the reason.

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
    ) -> None:
        self._videos = videos
        self._photos = photos
        self._segment_s = segment_s if fps is None else max(round(segment_s * fps), 1) / fps
        self._on_passed = on_passed
        self._on_failed = on_failed
        self.of: dict[int, Of] = {}

    def tasks(self, desk: SourceDesk, stop: threading.Event) -> Iterator[Task]:
        """The tasks, none once told to stop; a video is registered when the first of its own is asked for."""
        number = 0
        for path, recorded_at_s in self._videos:
            try:
                work = desk.video(path, recorded_at_s)
            except StreamError as error:
                self._on_failed(path, str(error))
                continue
            if work is None or not work.gaps:
                self._on_passed(None if work is None else SplitVideo(work, self._all_borders(work)))
                continue
            video = SplitVideo(work)
            try:
                stretches = list(self._stretches(video, desk.video_pixels, stop))
            except StreamError as error:
                # As it may be gone by now.
                self._on_failed(path, str(error))
                continue
            if stop.is_set():
                return
            found = [Task(number + k, stretch) for k, stretch in enumerate(stretches)]
            video.left = {task.number for task in found}
            self.of |= dict.fromkeys(video.left, video)
            number += len(found)
            yield from found
        for start in range(0, len(self._photos), _PHOTOS_AT_ONCE):
            chunk = self._photos[start : start + _PHOTOS_AT_ONCE]
            photos = Photos(tuple((str(path), at_s) for path, at_s in chunk))
            self.of[number] = photos
            yield Task(number, photos)
            number += 1

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
