"""Which frames of a source are looked at."""

import math

# Matroska, WebM and FLV round every timestamp to a millisecond, so a frame can lie that much before its tick.
_ROUNDING_S = 1.001e-3


class TimeSampler:
    """Picks, by presentation time, the first frame at or after each tick k / fps.

    The grid is anchored at 0 and not at the first frame, so a run that starts later looks at the same
    frames as one from the start (from the first tick inside it on; where a run begins between two
    ticks, its first frame is taken too, since nobody knows of an earlier one in that cell). Counting
    ("every fifth frame") would drift on variable frame rates.

    A frame that lies up to a millisecond before its tick (and at most a tenth of a cell) belongs to it:
    many containers round their timestamps that far.

    Args:
        fps: Ticks per second, more than 0, or None for every frame.

    Raises:
        ValueError: If `fps` is not a positive finite number.
    """

    def __init__(self, fps: float | None) -> None:
        if fps is not None and not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"fps is {fps}, expected a positive number, or None for every frame")
        self._fps = fps
        self._slack_cells = 0.0 if fps is None else min(_ROUNDING_S * fps, 0.1)
        self._last_cell: int | None = None

    def wants(self, media_s: float) -> bool:
        """Say whether the frame at `media_s` is wanted; call it once per frame, in order.

        Args:
            media_s: Presentation time in seconds. A time before an earlier call's cell is never wanted.
        """
        if self._fps is None:
            return True
        cell = self.cell(media_s)
        if self._last_cell is not None and cell <= self._last_cell:
            return False
        self._last_cell = cell
        return True

    def cell(self, media_s: float) -> int:
        """Number of the cell that a frame lies in, of which the first one is taken.

        Args:
            media_s: Presentation time in seconds.

        Raises:
            ValueError: If every frame is taken.
        """
        if self._fps is None:
            raise ValueError("there are no cells where every frame is taken")
        return math.floor(media_s * self._fps + self._slack_cells)
