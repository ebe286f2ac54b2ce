"""Sources and how far they are done."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field, replace
from typing import Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, count, flag, number, optional_number, text, unix_time

Range = tuple[float, float]

MAX_RANGES = 256
"""Most stretches that are kept of a camera, which may be gone and come back any number of times."""

SHORT_GAP_S = 10.0
"""A camera that was gone for less is one that stalled; such stretches are joined first."""

# A hundred years of media time: no source is longer.
_LONGEST_S = 3.2e9


@dataclass(frozen=True, slots=True)
class SegmentDone:
    """A stretch of a source of which every track has been sent.

    Attributes:
        source_id: The source.
        start_s: Start of the stretch, media time.
        end_s: Its end.
        sampled: Frames looked at in it.
        complete: Whether the source ends here.
        track_ids: Its tracks; others that begin in it are left over from a run that was stopped, and go.
            None where the sender doesn't say.
        provider: Execution provider that its faces were found with.
    """

    source_id: str
    start_s: float
    end_s: float
    sampled: int = 0
    complete: bool = False
    track_ids: tuple[str, ...] | None = None
    provider: str = ""

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        fields: Fields = {
            "source_id": self.source_id,
            "start_s": repr(float(self.start_s)),
            "end_s": repr(float(self.end_s)),
            "sampled": self.sampled,
            "complete": int(self.complete),
            "provider": self.provider,
        }
        if self.track_ids is not None:
            fields["track_ids"] = " ".join(self.track_ids)
        return fields

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
            sampled=count(raw, "sampled", "0"),
            complete=flag(raw, "complete", "0"),
            track_ids=tuple(text(raw, "track_ids").split()) if b"track_ids" in raw else None,
            provider=text(raw, "provider", ""),
        )


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One video, photo or camera.

    Attributes:
        source_id: From the fingerprint of its content: renaming changes nothing. A camera's is `c-` and its
            name.
        kind: "video", "photo" or "camera".
        path: Where it was last seen; of a camera its address, without what is secret.
        width_px: Width of its pictures.
        height_px: Height of its pictures.
        duration_s: Length, s, or None where the container doesn't say.
        recorded_at_s: Unix time of its start, or None where nobody knows; of a camera, when it was first
            registered, which its media time counts from.
        fps: Sampling rate it was processed with, or None for every frame.
        ranges: Stretches that are done, media time, ascending, apart; of a camera `MAX_RANGES` at most.
        complete: Whether it is done to its end; a camera never is.
        sampled: Frames looked at.
        forgotten: People who were forgotten in it.
        provider: Execution provider that the faces of its latest stretch were found with; empty if unknown.
        taken_in_s: Unix time of its first registration, or None where nobody noted it; stays as it is.
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
    forgotten: int = 0
    provider: str = ""
    taken_in_s: float | None = field(default=None, compare=False)

    def seen_at_s(self, media_s: float) -> float | None:
        """Unix time of a moment of it, or that of its registration where nobody knows; None for neither.

        What was registered can't have been recorded later than that; only a camera goes on.
        """
        if self.kind == "camera":
            return None if self.recorded_at_s is None else self.recorded_at_s + media_s
        known = [self.taken_in_s] if self.taken_in_s is not None else []
        if self.recorded_at_s is not None:
            known.append(self.recorded_at_s + media_s)
        return min(known, default=None)

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
        """Fields that say how far it is done, and what was taken out again."""
        fields: Fields = {
            "ranges": json.dumps(self.ranges),
            "complete": int(self.complete),
            "sampled": self.sampled,
            "forgotten": self.forgotten,
        }
        # What nobody knows is not written, so that forgetting leaves sources of earlier versions as they are.
        if self.provider:
            fields["provider"] = self.provider
        if self.taken_in_s is not None:
            fields["taken_in_s"] = f"{self.taken_in_s:.3f}"
        return fields

    def with_segment(self, segment: SegmentDone) -> Self:
        """The record after one more stretch; frames of a stretch that is known already don't count again."""
        complete = self.complete or segment.complete
        if covers(self.ranges, segment.start_s, segment.end_s):
            return replace(self, complete=complete)
        ranges = united([*self.ranges, (segment.start_s, segment.end_s)])
        if self.kind == "camera":
            # What a video lacks is looked at when it is run again, but the past of a camera is gone.
            ranges = bounded(ranges, MAX_RANGES)
        return replace(
            self,
            ranges=ranges,
            complete=complete,
            sampled=self.sampled + segment.sampled,
            provider=segment.provider or self.provider,
        )

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        fps = text(raw, "fps")
        return cls(
            source_id=text(raw, "source_id"),
            kind=text(raw, "kind"),
            path=text(raw, "path"),
            width_px=count(raw, "width_px"),
            height_px=count(raw, "height_px"),
            duration_s=optional_number(raw, "duration_s"),
            recorded_at_s=unix_time(raw, "recorded_at_s"),
            fps=None if fps == "native" else number(raw, "fps"),
            ranges=_ranges(text(raw, "ranges", "[]")),
            complete=flag(raw, "complete", "0"),
            sampled=count(raw, "sampled", "0"),
            forgotten=count(raw, "forgotten", "0"),
            provider=text(raw, "provider", ""),
            taken_in_s=unix_time(raw, "taken_in_s"),
        )


def _ranges(written: str) -> tuple[Range, ...]:
    try:
        # Deep nesting and huge numbers end in errors of their own.
        ranges = tuple((float(start), float(end)) for start, end in json.loads(written))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise RecordError("field 'ranges' is not a list of pairs", field="ranges") from error
    times = [time_s for pair in ranges for time_s in pair]
    if not all(math.isfinite(time_s) for time_s in times) or times != sorted(times):
        raise RecordError("field 'ranges' does not hold finite times in ascending order", field="ranges")
    if times and max(-times[0], times[-1]) > _LONGEST_S:
        raise RecordError("field 'ranges' reaches beyond a hundred years", field="ranges")
    return ranges


def united(ranges: list[Range]) -> tuple[Range, ...]:
    """Ranges in ascending order, with those that touch or overlap made one."""
    result: list[Range] = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1] + 1e-6:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return tuple(result)


def bounded(ranges: tuple[Range, ...], most: int) -> tuple[Range, ...]:
    """At most so many ranges, as if nothing had been missed between some of them.

    Those with short gaps between them are made one, the oldest first; where there are none, the oldest.
    """
    kept = list(ranges)
    while len(kept) > most:
        gaps = (behind[0] - before[1] for before, behind in itertools.pairwise(kept))
        at = next((k for k, gap in enumerate(gaps) if gap < SHORT_GAP_S), 0)
        kept[at : at + 2] = [(kept[at][0], kept[at + 1][1])]
    return tuple(kept)


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
