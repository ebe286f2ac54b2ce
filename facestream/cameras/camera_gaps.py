"""When nobody looked at a camera: who was there then is not known, and not counted."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from facestream.cameras.camera_view import span
from facestream.iso_time import iso_utc
from storage.source_record import SHORT_GAP_S, SourceRecord

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CameraGap:
    """A stretch of time of which nothing is known.

    Attributes:
        start_s: Unix time of the last frame before it.
        end_s: Unix time of the first one behind it, or of now where it goes on.
        goes_on: Whether nothing is seen now.
    """

    start_s: float
    end_s: float
    goes_on: bool = False

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s

    @property
    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "start_at": iso_utc(self.start_s),
            "end_at": None if self.goes_on else iso_utc(self.end_s),
            "seconds": round(self.seconds, 3),
        }


def gaps_of(source: SourceRecord | None, *, added_s: float, streams: bool, now_s: float) -> list[CameraGap]:
    """Gaps of a camera, the latest first: it was down or paused, or nobody watched.

    They lie between the stretches of its source that are done, of which the latest 256 are kept apart: older
    gaps are not known any more. One is known once the stretch behind it is done, within five minutes. What
    was seen right before a worker was killed is in no stretch: such a gap begins up to five minutes early.

    Args:
        source: The camera's source; None where it was never connected to.
        added_s: Unix time at which the camera was added: where nothing was ever seen, the gap begins there; 0
            where nobody knows.
        streams: Whether it delivers pictures now; else the latest gap goes on.
        now_s: Unix time.
    """
    if source is None or source.recorded_at_s is None or not source.ranges:
        gaps = [] if streams or not added_s else [CameraGap(added_s, now_s, goes_on=True)]
    else:
        began_s = source.recorded_at_s
        gaps = [
            CameraGap(began_s + before[1], began_s + behind[0])
            for before, behind in itertools.pairwise(source.ranges)
        ]
        if not streams:
            gaps.append(CameraGap(began_s + source.ranges[-1][1], now_s, goes_on=True))
    return [gap for gap in reversed(gaps) if gap.seconds >= SHORT_GAP_S]


def gap_lines(gaps: list[CameraGap]) -> list[tuple[str, str]]:
    """The latest gaps line by line: what, and its value."""
    lines = [f"{_moment(gap.start_s)} {_end(gap)} ({span(gap.seconds)})" for gap in gaps[:_MOST_SHOWN]]
    if len(gaps) > _MOST_SHOWN:
        lines.append(f"and {len(gaps) - _MOST_SHOWN} gaps before")
    return [("nothing seen" if k == 0 else "", line) for k, line in enumerate(lines)]


def _end(gap: CameraGap) -> str:
    return "until now" if gap.goes_on else f"to {_moment(gap.end_s)}"


def _moment(unix_s: float) -> str:
    return f"{datetime.fromtimestamp(unix_s).astimezone():%Y-%m-%d %H:%M:%S}"
