"""Where a video can be taken up in the middle, so that its frames are those of a run from its beginning."""

from __future__ import annotations

import math
import threading
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
import numpy.typing as npt

from stream.decoder import VideoDecoder
from stream.video_info import announced_s
from stream.video_stream import clock_s

# Decoding begins so long before the first frame that is wanted: the sampler must see the frame before.
_LEAD_S = 1.0
# Timestamps that lead further past the announced end than this are moved by `Timeline`, by what came before.
_PAST_END_S = 1.0


@dataclass(frozen=True, slots=True)
class SeekPoint:
    """A keyframe.

    Attributes:
        pts: Its timestamp, in the time base of the stream.
        index: Frames that are shown before it; also those that turn out to be damaged.
    """

    pts: int
    index: int


class SeekPoints:
    """The keyframes of a video whose timestamps can be relied on.

    Args:
        keys: Timestamps of the keyframes, ascending.
        shown: int64 (N,), timestamps of all frames, ascending.
        origin_s: Timestamp that counts as 0, s.
        time_base: Of the timestamps, s.
    """

    def __init__(
        self, keys: array[int], shown: npt.NDArray[np.int64], origin_s: float, time_base: Fraction
    ) -> None:
        self._keys = keys
        self._shown = shown
        self._origin_s = origin_s
        self._time_base = time_base

    @classmethod
    def of(
        cls, path: Path, max_pixels: int, until_s: float = math.inf, stop: threading.Event | None = None
    ) -> Self | None:
        """Look the keyframes up; reads the file, but decodes nothing.

        Args:
            path: The file.
            max_pixels: Largest width times height of a frame.
            until_s: Media time from which on no keyframe is asked for: the rest of the file is not read.
            stop: Once set, there is no answer any more.

        Returns:
            None where only decoding from the beginning tells the times or the numbers of frames: where some
            have no timestamp, share one, begin anew, lead past the end or lie among the frames of another
            keyframe, or where packets can't be read.

        Raises:
            StreamError: If the file can't be opened.
        """
        with VideoDecoder(path, max_pixels) as decoder:
            stream = decoder.stream
            if stream.start_time is None or stream.time_base is None:
                return None
            # Of a day there are millions, which must not be as many objects.
            keys, pts_of = array("q"), array("q")
            latest, before_last = -math.inf, -math.inf
            # A tick more than needed is no harm.
            last_wanted = until_s / float(stream.time_base) + stream.start_time + 1
            try:
                for packet in decoder.container.demux(stream):
                    if stop is not None and stop.is_set():
                        return None
                    if not packet.size:
                        continue
                    if packet.pts is None or packet.is_corrupt:
                        return None
                    if packet.is_keyframe and packet.pts > last_wanted:
                        # What is shown before the last one asked for has come by now.
                        break
                    # All that comes before a keyframe is shown before it, and what comes after it is shown
                    # after the one before. Otherwise it is a second recording in one file, whose times begin
                    # anew, or a damaged timestamp.
                    if packet.pts <= (latest if packet.is_keyframe else before_last):
                        return None
                    pts_of.append(packet.pts)
                    latest = max(latest, packet.pts)
                    if packet.is_keyframe:
                        before_last = keys[-1] if keys else before_last
                        keys.append(packet.pts)
            except (av.FFmpegError, OSError, IndexError):
                return None
            if not keys:
                return None
            # Sorted where they are.
            shown = np.frombuffer(pts_of, np.int64)
            shown.sort()
            time_base, duration_s = stream.time_base, announced_s(decoder)
            if bool((shown[1:] == shown[:-1]).any()) or shown[0] < stream.start_time:
                return None
            longest_s = (clock_s(decoder.container) or math.inf) / 2
            if len(shown) > 1 and int(np.diff(shown).max()) * time_base > longest_s:
                return None
            last_s = float((int(shown[-1]) - stream.start_time) * time_base)
            # As the timeline of a run from the beginning sees it.
            if duration_s is not None and 0 < duration_s < last_s - _PAST_END_S:
                return None
            return cls(keys, shown, float(stream.start_time * time_base), time_base)

    def before(self, media_s: float) -> SeekPoint | None:
        """The last keyframe not after a moment; None for the first one, or where there is none."""
        limit = round((media_s + self._origin_s) / self._time_base)
        at = bisect_right(self._keys, limit) - 1
        if at < 1:
            return None
        pts = self._keys[at]
        return SeekPoint(pts, int(np.searchsorted(self._shown, pts)))

    def for_start(self, start_s: float) -> SeekPoint | None:
        """Where to decode from for the frames from a moment on; None: from the beginning."""
        return self.before(start_s - _LEAD_S)


def seek_point(path: Path, start_s: float, max_pixels: int, stop: threading.Event) -> SeekPoint | None:
    """See `SeekPoints.for_start`, for who asks once.

    Args:
        path: The file, which is read up to the moment.
        start_s: Media time of the first frame that is wanted.
        max_pixels: Largest width times height of a frame.
        stop: Ends the reading.

    Raises:
        StreamError: If the file can't be opened.
    """
    if start_s <= _LEAD_S:
        return None
    points = SeekPoints.of(path, max_pixels, start_s, stop)
    return None if points is None else points.for_start(start_s)
