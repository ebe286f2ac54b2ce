"""Sources and how far they are done."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, number, optional_number, text

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SegmentDone:
    """A stretch of a source of which every track has been sent.

    Attributes:
        source_id: The source.
        start_s: Start of the stretch, media time.
        end_s: Its end.
        sampled: Frames looked at in it.
        complete: Whether the source ends here.
    """

    source_id: str
    start_s: float
    end_s: float
    sampled: int = 0
    complete: bool = False

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {
            "source_id": self.source_id,
            "start_s": repr(self.start_s),
            "end_s": repr(self.end_s),
            "sampled": self.sampled,
            "complete": int(self.complete),
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(
            source_id=text(raw, "source_id"),
            start_s=number(raw, "start_s"),
            end_s=number(raw, "end_s"),
            sampled=int(number(raw, "sampled", "0")),
            complete=text(raw, "complete", "0") == "1",
        )


@dataclass(frozen=True, slots=True)
class ReclusterRequest:
    """Asks for a re-cluster of everything that was sent before it.

    Attributes:
        reason: Why, for the log.
    """

    reason: str

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {"reason": self.reason}

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back."""
        return cls(reason=text(raw, "reason", ""))


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One video, photo or camera.

    Attributes:
        source_id: From the fingerprint of its content: renaming changes nothing.
        kind: "video" or "photo".
        path: Where it was last seen.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        duration_s: Length, s, or None where the container doesn't say.
        recorded_at_s: Unix time of its start, or None where nobody knows.
        fps: Sampling rate it was processed with, or None for every frame.
        ranges: Stretches that are done, media time, ascending, apart.
        complete: Whether it is done to its end.
        sampled: Frames looked at.
    """

    source_id: str
    kind: str
    path: str
    width_px: int
    height_px: int
    duration_s: float | None = None
    recorded_at_s: float | None = None
    fps: float | None = None
    ranges: tuple[Range, ...] = ()
    complete: bool = False
    sampled: int = 0

    def encode(self) -> Fields:
        """Fields of the hash, without those that the cluster worker keeps (`progress_fields`)."""
        return {
            "source_id": self.source_id,
            "kind": self.kind,
            "path": self.path,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "duration_s": "" if self.duration_s is None else f"{self.duration_s:.3f}",
            "recorded_at_s": "" if self.recorded_at_s is None else f"{self.recorded_at_s:.3f}",
            "fps": "native" if self.fps is None else f"{self.fps:g}",
        }

    def progress_fields(self) -> Fields:
        """Fields that say how far it is done."""
        return {"ranges": json.dumps(self.ranges), "complete": int(self.complete), "sampled": self.sampled}

    def with_segment(self, segment: SegmentDone) -> Self:
        """The record after one more stretch; a stretch that is known already changes nothing."""
        if covers(self.ranges, segment.start_s, segment.end_s) and self.complete >= segment.complete:
            return self
        return replace(
            self,
            ranges=united([*self.ranges, (segment.start_s, segment.end_s)]),
            complete=self.complete or segment.complete,
            sampled=self.sampled + segment.sampled,
        )

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        try:
            ranges = tuple((float(a), float(b)) for a, b in json.loads(text(raw, "ranges", "[]")))
        except (ValueError, TypeError) as error:
            raise RecordError("field 'ranges' is not a list of pairs", field="ranges") from error
        fps = text(raw, "fps")
        return cls(
            source_id=text(raw, "source_id"),
            kind=text(raw, "kind"),
            path=text(raw, "path"),
            width_px=int(number(raw, "width_px")),
            height_px=int(number(raw, "height_px")),
            duration_s=optional_number(raw, "duration_s"),
            recorded_at_s=optional_number(raw, "recorded_at_s"),
            fps=None if fps == "native" else number(raw, "fps"),
            ranges=ranges,
            complete=text(raw, "complete", "0") == "1",
            sampled=int(number(raw, "sampled", "0")),
        )


def united(ranges: list[Range]) -> tuple[Range, ...]:
    """Ranges in ascending order, with those that touch or overlap made one."""
    result: list[Range] = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1] + 1e-6:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return tuple(result)


def missing(ranges: tuple[Range, ...], start_s: float, end_s: float) -> tuple[Range, ...]:
    """The parts of [start_s, end_s) that no range holds; `end_s` may be infinite."""
    gaps: list[Range] = []
    at = start_s
    for start, end in ranges:
        if end <= at or start >= end_s:
            continue
        if start > at + 1e-6:
            gaps.append((at, start))
        at = max(at, end)
    if at < end_s - 1e-6:
        gaps.append((at, end_s))
    return tuple(gaps)


def covers(ranges: tuple[Range, ...], start_s: float, end_s: float) -> bool:
    """Whether one of the ranges holds all of [start_s, end_s]."""
    return any(start <= start_s + 1e-6 and end_s <= end + 1e-6 for start, end in ranges)
