"""How a video or photo that was handed in is to be processed."""

from __future__ import annotations

from dataclasses import dataclass

from facestream.recorded.run_report import refuse_two_dates


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What of `RunOptions` can be asked for with a job.

    Attributes:
        fps: Frames looked at per second of video; None for the usual.
        recorded_at_s: Unix time at which the recording began, or None to ask the file.
        dated_names: Whether the names of videos tell that, see `date_in_name`.

    Raises:
        UsageError: If both tell when it began.
    """

    fps: float | None = None
    recorded_at_s: float | None = None
    dated_names: bool = False

    def __post_init__(self) -> None:
        """Refuse two dates before anything is read."""
        refuse_two_dates(self.recorded_at_s, dated_names=self.dated_names)
