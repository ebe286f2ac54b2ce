"""One look of a detector at frames of several moments or sources."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from stream.frame import Frame
from workers.models.detection import FaceDetector, Shown
from workers.watchdog import UNWATCHED, Unwatched, Watchdog

_log = logging.getLogger(__name__)

# Frames that fail together, for one of them or as memory is short, are shown one by one for so long.
_APART_S = 60.0


class SharedLook:
    """Shows frames to a detector together, as far as it gains by that.

    Where that fails, each frame is left to be looked at by itself, so that one that makes a model fail costs
    the others nothing.

    Args:
        detector: The detector.
        watchdog: Notices one that hangs.
        clock: Seconds from any start, never going back.
    """

    def __init__(
        self,
        detector: FaceDetector,
        watchdog: Watchdog | Unwatched = UNWATCHED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._detector = detector
        self._watchdog = watchdog
        self._clock = clock
        self._apart_until_s = -float("inf")

    @property
    def most(self) -> int:
        """So many frames are best given now, at least 1."""
        return 1 if self._clock() < self._apart_until_s else self._detector.at_once

    def at(self, frames: Sequence[Frame]) -> list[Shown | None]:
        """Show the frames; None for each that is still to be looked at by itself, as a single one always is.

        What the detector fails on is raised where it is looked at by itself.
        """
        if len(frames) > 1:
            what = ", ".join(f"{frame.source_id} at {frame.media_s:.1f} s" for frame in frames)
            try:
                with self._watchdog.watching(what):
                    return list(self._detector.show([frame.image_bgr for frame in frames]))
            except Exception as error:  # whatever it is, of these frames or of all
                self._apart_until_s = self._clock() + _APART_S
                _log.warning(
                    "the detector failed on %d frames at once, and is shown one at a time for %g s: %s",
                    len(frames),
                    _APART_S,
                    error,
                )
        return [None] * len(frames)
