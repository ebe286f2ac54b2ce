"""Frames of a video that need not be decoded: nobody looks at them."""

import bisect
from dataclasses import dataclass
from fractions import Fraction

from stream.sampling import TimeSampler

# Whatever makes a stream unusual shows in its first frames: a frame out of two packets, packets without one.
_TRIAL_FRAMES = 8
# A decoder that was handed so many packets without answering works in another way than ours.
_MOST_WAITING = 256
# So many in a row are enough: one more is decoded, and what was passed over is told of.
_MOST_PASSED = 4096
# Frames that follow each other so quickly, by the usual time between two, may be fields of one.
_FIELD_SHARE = 0.75
# Of each of their packets comes a frame, and it says whether another leans on it. MPEG-4 and VP8 have packets
# without one, and on a picture of HEVC that is marked so those of a higher layer may lean all the same.
_CODECS = frozenset({"h264", "mpeg2video"})


@dataclass(frozen=True, slots=True)
class PassedFrame:
    """A frame that was not decoded.

    Attributes:
        pts: Its timestamp, in the time base of the stream.
    """

    pts: int


class PassingOver:
    """Finds, packet by packet, frames that are not the first in their cell of the sampler's grid.

    Packets come in the order of decoding. Once an earlier frame of its cell has come, it is certain that a
    frame isn't sampled, whatever follows. Whether the decoder can do without it, because no other frame leans
    on it, is for the decoder to say. What is passed over is told of in its place all the same, so that times
    and numbers of the others stay what they are.

    That holds where one packet is one frame and timestamps can be relied on. Where anything else turns up, a
    damaged piece above all, everything is decoded from there on, for `Timeline` to make sense of.

    Args:
        sampler: Its grid; it isn't changed.
        time_base: Of the timestamps, s.
        frame_s: Usual time between two frames, s.
    """

    def __init__(self, sampler: TimeSampler, time_base: Fraction, frame_s: float) -> None:
        self._sampler = sampler
        self._time_base = time_base
        self._least_apart = _FIELD_SHARE * frame_s / float(time_base)
        self._origin_s: float | None = None
        self._duration_s: float | None = None
        self._given_up = False
        self._frames = 0
        self._last: int | None = None
        # Timestamps of packets of which no frame was shown yet, ascending, and which need not be decoded.
        self._waiting: list[int] = []
        self._passed: set[int] = set()
        # The earliest frame of each cell that is not behind us.
        self._first: dict[int, int] = {}

    @staticmethod
    def suits(codec: str, *, intra_only: bool) -> bool:
        """Whether frames of a codec can be passed over; `intra_only`: each of them stands alone."""
        return intra_only or codec in _CODECS

    def begin(self, origin_s: float | None, duration_s: float | None) -> None:
        """The first frame came, and with it what the times of all others are.

        Args:
            origin_s: Timestamp that counts as 0, s; None if frames have no timestamps.
            duration_s: Announced length, s; None if unknown.
        """
        if origin_s is None:
            self._given_up = True
            return
        self._origin_s, self._duration_s = origin_s, duration_s
        for pts in ([] if self._last is None else [self._last]) + self._waiting:
            self._is_first(pts)

    def give_up(self) -> None:
        """Something is wrong: nothing is passed over from here on. Before the first frame, nothing counts."""
        if self._origin_s is not None:
            self._given_up = True

    def needs(self, pts: int | None) -> bool:
        """Say whether a frame must be decoded; call it for each packet, before it is decoded.

        Args:
            pts: Timestamp of the packet.
        """
        if self._given_up:
            return True
        handed_over = len(self._waiting) - len(self._passed)
        if pts is None or (self._last is not None and pts <= self._last) or handed_over >= _MOST_WAITING:
            self._given_up = True
            return True
        at = bisect.bisect_left(self._waiting, pts)
        beside = [*self._waiting[max(at - 1, 0) : at + 1], *([] if self._last is None else [self._last])]
        if any(abs(pts - other) < self._least_apart for other in beside):
            self._given_up = True
            return True
        self._waiting.insert(at, pts)
        if self._origin_s is None:
            return True
        if self._duration_s is not None and self._media_s(pts) > self._duration_s:
            # Behind the end, `Timeline` tells leaps from gaps by what came before.
            self._given_up = True
            return True
        if self._is_first(pts) or self._frames < _TRIAL_FRAMES or len(self._passed) >= _MOST_PASSED:
            return True
        self._passed.add(pts)
        return False

    def before(self, pts: int | None) -> list[PassedFrame]:
        """Frames that are shown before one that was decoded, and were not.

        Args:
            pts: Timestamp of the frame that was decoded.
        """
        if self._given_up and not self._passed:
            return []
        if pts is None or (self._last is not None and pts <= self._last):
            self._given_up = True
            return self.rest()
        at = bisect.bisect_left(self._waiting, pts)
        earlier, found = self._waiting[:at], at < len(self._waiting) and self._waiting[at] == pts
        passed = [PassedFrame(one) for one in earlier if one in self._passed]
        # What lies before the first frame leans on others that are not there.
        if self._origin_s is not None and (not found or len(passed) < len(earlier)):
            self._given_up = True
        del self._waiting[: at + found]
        self._passed.difference_update(earlier)
        self._passed.discard(pts)
        self._last = pts
        if self._origin_s is not None:
            self._frames += 1
            here = self._cell(pts)
            for cell in [cell for cell in self._first if cell < here]:
                del self._first[cell]
        return passed

    def rest(self) -> list[PassedFrame]:
        """Frames behind the last one that was decoded, at the end of the stream."""
        rest = [PassedFrame(pts) for pts in self._waiting if pts in self._passed]
        self._waiting, self._passed = [], set()
        return rest

    def _is_first(self, pts: int) -> bool:
        cell = self._cell(pts)
        first = self._first.get(cell)
        if first is not None and first < pts:
            return False
        self._first[cell] = pts
        return True

    def _cell(self, pts: int) -> int:
        return self._sampler.cell(self._media_s(pts))

    def _media_s(self, pts: int) -> float:
        assert self._origin_s is not None
        return float(pts * self._time_base) - self._origin_s
