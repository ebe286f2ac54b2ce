"""Video files as a source of frames."""

import math
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from stream.conversion import BgrConverter
from stream.decoder import VideoDecoder
from stream.errors import SeekMissedError
from stream.file_state import FileGuard, FileState
from stream.frame import Frame
from stream.looking_ahead import LookingAhead
from stream.passing_over import PassedFrame, PassingOver
from stream.sampling import TimeSampler
from stream.seek_points import SeekPoint
from stream.timeline import Timeline
from stream.video_info import MAX_VIDEO_PIXELS, VideoInfo, describe, no_frames, probe
from stream.video_stream import clock_s


class VideoFile:
    """A local video file, sampled by presentation time. Implements `FrameSource`.

    Frames come upright (display matrix), with square pixels, as 8-bit BGR; colour matrix and range are those
    that the file states, BT.601 where it states none. Of interlaced pictures in which something moves the
    upper field is taken. `Frame.index` counts all frames from the file's beginning and
    `Frame.media_s` starts there, whatever `start_s` is: the file is decoded from its beginning, unless
    `seek` says otherwise. Frames that aren't sampled are decoded only where others lean on them; see
    `PassingOver`, and `Timeline` for missing and wrong timestamps.

    Attributes:
        path: The file.
        source_id: Name of the source.
        position_s: Media time in seconds of the last frame so far.
        shown: Frames of the file so far, whether yielded or not.
        decoded: How many of them were decoded since the iteration began.
        corrupt: Packets that could not be decoded, plus frames that the decoder marks as damaged (which are
            yielded nevertheless).
        warnings: Sentences for the user about what was wrong with the file, which they don't name; complete
            once the iteration has ended.

    Args:
        path: A local video file.
        source_id: Name of the source, goes into every frame.
        fps: Sampled frames per second, None for all.
        start_s: Media time of the first frame that may be yielded, seconds.
        end_s: Media time from which on no frame is yielded, seconds; None: to the end.
        recorded_at_s: Unix seconds at which the recording began; None: as the container says, if it does.
        max_pixels: Largest width times height of a frame as stored.
        seek: Keyframe to decode from, at least a second before `start_s`; None: the beginning. Where it is
            not found again, the beginning is taken.
        content: How the file's `fingerprint` begins, which tells whether it was written over meanwhile.
        before: The file as it was before that fingerprint was taken; None: as it is when it is opened.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        path: Path,
        source_id: str,
        *,
        fps: float | None = 5.0,
        start_s: float = 0.0,
        end_s: float | None = None,
        recorded_at_s: float | None = None,
        max_pixels: int = MAX_VIDEO_PIXELS,
        seek: SeekPoint | None = None,
        content: str = "",
        before: FileState | None = None,
    ) -> None:
        TimeSampler(fps)  # refuses a wrong rate now and not in the reading thread
        if not (math.isfinite(start_s) and start_s >= 0):
            raise ValueError(f"start_s is {start_s}, expected 0 or more seconds")
        if end_s is not None and not end_s > start_s:
            raise ValueError(f"end_s is {end_s}, expected more than start_s ({start_s}), or None")
        if max_pixels < 1:
            raise ValueError(f"max_pixels is {max_pixels}, expected at least 1")
        self.path = path
        self.source_id = source_id
        self._fps = fps
        self._start_s = start_s
        self._end_s = end_s
        self._recorded_at_s = recorded_at_s
        self._max_pixels = max_pixels
        self._seek = seek
        self._content = content
        self._before = before
        self._info: VideoInfo | None = None
        self.position_s = 0.0
        self.shown = 0
        self.decoded = 0
        self.corrupt = 0
        self.warnings: list[str] = []

    @property
    def info(self) -> VideoInfo:
        """What the file says about itself; opens the file unless the iteration has begun.

        Raises:
            StreamError: As `frames` does.
        """
        if self._info is None:
            self._info = probe(self.path, max_pixels=self._max_pixels)
        return self._info

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield the sampled frames; each call begins anew, counters included.

        Args:
            stop: Once set, the iteration ends at the next packet, without an error.

        Raises:
            StreamError: If the file can't be read (see `open_local`).
            SourceChangedError: If it was cut off or written over meanwhile.
            VideoUnreadableError: If it is no video, a playlist, without a video stream or decodable frame, or
                if a frame is larger than `max_pixels`.
        """
        if self._seek is not None:
            try:
                yield from self._frames(stop, self._seek)
            except SeekMissedError:
                # Before anything was yielded.
                yield from self._frames(stop, None)
            return
        yield from self._frames(stop, None)

    def _frames(self, stop: threading.Event, seek: SeekPoint | None) -> Iterator[Frame]:
        self.position_s, self.corrupt, self.warnings = 0.0, 0, []
        self.shown, self.decoded = 0 if seek is None else seek.index, 0
        sampler = TimeSampler(self._fps)
        guard = FileGuard(self.path, self._content, self._before)
        with VideoDecoder(self.path, self._max_pixels) as decoder:
            if decoder.video_streams > 1:
                self.warnings.append(
                    f"it holds {decoder.video_streams} video streams, of which that of "
                    f"{decoder.stream.width}x{decoder.stream.height} alone is looked at"
                )
            time_base = decoder.stream.time_base or Fraction(1, 90_000)
            converter = BgrConverter(decoder.stream.sample_aspect_ratio)
            timeline: Timeline | None = None
            yielded = False
            passing = self._passing(decoder, sampler, time_base)
            pictures = LookingAhead(
                decoder.frames(stop, passing)
                if seek is None
                else decoder.frames_from(seek.pts, stop, passing),
                time_base,
            )
            for picture in pictures:
                begun = timeline is not None
                if timeline is None:
                    # Nothing is passed over before it has begun.
                    assert isinstance(picture, VideoFrame)
                    self._info = describe(decoder, picture)
                    timeline = _timeline(decoder, self._info)
                media_s = timeline.place(pictures.seconds(picture), pictures.next_s)
                if pictures.at_end and stop.is_set():
                    # Nobody knows what would have come next, and whether this is its time.
                    break
                if passing is not None and not begun:
                    passing.begin(timeline.origin_s, self.info.duration_s)
                index = self.shown
                self.shown += 1
                self.position_s = media_s
                self.corrupt = decoder.corrupt
                if self._end_s is not None and media_s >= self._end_s:
                    break
                if isinstance(picture, PassedFrame):
                    continue
                self.decoded += 1
                # The sampler must see the frames before start_s, too, to pick the same ones as a full run.
                if sampler.wants(media_s) and media_s >= self._start_s:
                    # What was read ahead of a change is good, and nothing of what comes behind it may count.
                    guard.check()
                    yielded = True
                    yield self._frame(index, media_s, converter.image_bgr(picture))
            else:
                if not stop.is_set():
                    if self.shown == 0:
                        raise no_frames(decoder)
                    if timeline is not None and timeline.shifted_from_s is None:
                        self._warn_of_missing_end()
                    self._warn_of_growth(guard)
            if not stop.is_set():
                guard.check(at_end=True)
                self._warn_of_shift(timeline)
            self.corrupt = decoder.corrupt
        self._warn_of_damage(yielded, stop)

    def _passing(
        self, decoder: VideoDecoder, sampler: TimeSampler, time_base: Fraction
    ) -> PassingOver | None:
        """What finds frames that need not be decoded; None where all are, or might be, needed."""
        rate = decoder.stream.average_rate
        codec = decoder.stream.codec_context.name
        if self._fps is None or not rate or not PassingOver.suits(codec, intra_only=decoder.intra_only):
            return None
        return PassingOver(sampler, time_base, float(1 / rate))

    def _frame(self, index: int, media_s: float, image_bgr: npt.NDArray[np.uint8]) -> Frame:
        recorded_at_s = self._recorded_at_s
        if recorded_at_s is None:
            recorded_at_s = self.info.recorded_at_s
        return Frame(
            source_id=self.source_id,
            index=index,
            media_s=media_s,
            captured_at_s=None if recorded_at_s is None else recorded_at_s + media_s,
            image_bgr=image_bgr,
        )

    def _warn_of_missing_end(self) -> None:
        announced_s = self.info.duration_s
        if announced_s is None:
            return
        missing_s = announced_s - self.position_s - self.info.frame_s
        if missing_s > max(1.0, 0.02 * announced_s):
            self.warnings.append(
                f"the pictures end at {self.position_s:.1f} s of {announced_s:.1f} s: the file is cut off or "
                "damaged; what could be read counts"
            )

    def _warn_of_shift(self, timeline: Timeline | None) -> None:
        if timeline is not None and timeline.shifted_from_s is not None:
            self.warnings.append(
                f"its timestamps jump at {timeline.shifted_from_s:.1f} s, as where it is damaged or parts "
                "were joined; from there on times count on from those before, and a player may show others"
            )

    def _warn_of_growth(self, guard: FileGuard) -> None:
        if grown := guard.growth:
            self.warnings.append(
                f"the file grew from {grown[0]:,} to {grown[1]:,} bytes while it was read: it is "
                f"still being recorded or copied; its first {self.position_s:.1f} s count. Finished, it is "
                f"another file: forget what was seen in this one ({self.source_id}) before it is processed, "
                "or everybody in it is counted twice"
            )

    def _warn_of_damage(self, yielded: bool, stop: threading.Event) -> None:
        if self.corrupt:
            pieces = "piece of the file is" if self.corrupt == 1 else "pieces of the file are"
            self.warnings.append(
                f"{self.corrupt} {pieces} damaged, and faces around there may be wrong; {self.shown} "
                "frames could be read and count"
            )
        if not yielded and not stop.is_set():
            self.warnings.append(
                f"no frame was taken between {self._start_s:g} s and "
                f"{'the end' if self._end_s is None else f'{self._end_s:g} s'}; decoding ended at "
                f"{self.position_s:.1f} s"
            )


def _timeline(decoder: VideoDecoder, info: VideoInfo) -> Timeline:
    stream = decoder.stream
    start_s: float | None = None
    if stream.start_time is not None and stream.time_base is not None:
        start_s = float(stream.start_time * stream.time_base)
    return Timeline(
        frame_s=info.frame_s,
        start_s=start_s,
        duration_s=info.duration_s,
        clock_s=clock_s(decoder.container),
    )
