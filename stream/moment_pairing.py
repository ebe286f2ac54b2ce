"""Which pictures of two streams show the same moment."""

from collections import deque
from typing import Generic, TypeVar

FrameT = TypeVar("FrameT")
PictureT = TypeVar("PictureT")


class MomentPairing(Generic[FrameT, PictureT]):
    """Finds the picture that came nearest to each frame; pure.

    A frame is settled when the first picture after it has come, or none can come in time any more. One
    picture is kept, and the frames of the last `within_s`. Times are those of one clock; those of each stream
    grow.

    Args:
        within_s: Farthest apart in time, s, that the two may be.

    Raises:
        ValueError: If that is negative.
    """

    def __init__(self, within_s: float) -> None:
        if not within_s >= 0:
            raise ValueError(f"within_s is {within_s}, expected at least 0 seconds")
        self._within_s = within_s
        self._open: deque[tuple[FrameT, float]] = deque()
        self._last: tuple[PictureT, float] | None = None

    def frame(self, frame: FrameT, at_s: float, *, waits: bool) -> list[tuple[FrameT, PictureT | None]]:
        """A frame came.

        Args:
            frame: The frame.
            at_s: When.
            waits: Whether it, and those before it, wait for a picture after them.

        Returns:
            Frames that are settled now, in their order, each with its picture, or None without one.
        """
        self._open.append((frame, at_s))
        return self.late(at_s) if waits else self._settle(len(self._open), None)

    def picture(self, picture: PictureT, at_s: float) -> list[tuple[FrameT, PictureT | None]]:
        """A picture came; returns the frames that are settled by it."""
        count = sum(frame_s <= at_s for _, frame_s in self._open)
        settled = self._settle(count, (picture, at_s))
        self._last = picture, at_s
        return settled

    def late(self, now_s: float) -> list[tuple[FrameT, PictureT | None]]:
        """Time went by; returns the frames that no picture can come for any more."""
        return self._settle(sum(now_s - frame_s > self._within_s for _, frame_s in self._open), None)

    def _settle(
        self, count: int, after: tuple[PictureT, float] | None
    ) -> list[tuple[FrameT, PictureT | None]]:
        known = [picture for picture in (self._last, after) if picture is not None]
        settled: list[tuple[FrameT, PictureT | None]] = []
        for _ in range(count):
            frame, at_s = self._open.popleft()
            near = min(known, key=lambda picture: abs(picture[1] - at_s), default=None)
            fits = near is not None and abs(near[1] - at_s) <= self._within_s
            settled.append((frame, near[0] if near is not None and fits else None))
        return settled
