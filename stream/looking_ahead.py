"""Decoded pictures, of which the next one can be looked at before its turn."""

from collections.abc import Iterator
from fractions import Fraction

from av.video.frame import VideoFrame

from stream.passing_over import PassedFrame
from stream.timeline import LAST


class LookingAhead:
    """Iterates over pictures; one more is only held where somebody asked for its timestamp.

    Attributes:
        at_end: Whether somebody asked, and there was none.

    Args:
        pictures: As they are decoded.
        time_base: Of their timestamps, s.
    """

    def __init__(self, pictures: Iterator[VideoFrame | PassedFrame], time_base: Fraction) -> None:
        self.at_end = False
        self._pictures = pictures
        self._time_base = time_base
        self._held: VideoFrame | PassedFrame | None = None

    def __iter__(self) -> Iterator[VideoFrame | PassedFrame]:
        """The pictures in their order."""
        return self

    def __next__(self) -> VideoFrame | PassedFrame:
        """The next one."""
        held, self._held = self._held, None
        return next(self._pictures) if held is None else held

    def seconds(self, picture: VideoFrame | PassedFrame) -> float | None:
        """Timestamp of a picture, s; None if it has none."""
        return None if picture.pts is None else float(picture.pts * self._time_base)

    def next_s(self) -> float | None:
        """Timestamp of the next picture, s; None if it has none, `LAST` if there is no next one."""
        if self._held is None:
            self._held = next(self._pictures, None)
        if self._held is None:
            self.at_end = True
            return LAST
        return self.seconds(self._held)
