"""What a process of a backfill is given to do, and what it says of it: one JSON object a line."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from stream.seek_points import SeekPoint


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a video.

    Attributes:
        path: The file.
        source_id: Its id.
        fps: Sampled frames per second; None for every frame.
        start_s: From, media time.
        end_s: To; infinite for the end of the file.
        to_end: Whether it goes to the end of the file.
        recorded_at_s: Unix time of the file's beginning, where it is known.
        seek: Keyframe to begin to decode at.
        size: Bytes of the file when its id was made; None where nobody knows.
    """

    path: str
    source_id: str
    fps: float | None
    start_s: float
    end_s: float
    to_end: bool
    recorded_at_s: float | None = None
    seek: SeekPoint | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Photos:
    """Some photos.

    Attributes:
        paths: The files, each with the unix time at which it was taken, where somebody said so.
    """

    paths: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Work for one process.

    Attributes:
        number: By which answers name it.
        work: What to look at.
    """

    number: int
    work: Stretch | Photos

    def encode(self) -> str:
        """As a line, without its end."""
        return json.dumps({"number": self.number, type(self.work).__name__: asdict(self.work)})

    @classmethod
    def decode(cls, line: str) -> Self:
        """Read a line back."""
        raw: dict[str, Any] = json.loads(line)
        if "Photos" in raw:
            pairs = ((str(path), at_s) for path, at_s in raw["Photos"]["paths"])
            return cls(int(raw["number"]), Photos(tuple(pairs)))
        facts = raw["Stretch"]
        seek = facts.pop("seek")
        return cls(int(raw["number"]), Stretch(**facts, seek=None if seek is None else SeekPoint(**seek)))


@dataclass(slots=True)
class Outcome:
    """What has become of a task.

    Attributes:
        number: Of which.
        finished: Whether all of it was looked at.
        frames: Frames that were searched for faces.
        faces: Faces in them.
        sources: Ids of photos that were looked at, now or before.
        already_done: How many of them before.
        forgotten: Ids of those in which people were forgotten.
        failed: What could not be read, with the reason.
        damaged: What could be read in part, with what is wrong.
    """

    number: int
    finished: bool = False
    frames: int = 0
    faces: int = 0
    sources: list[str] = field(default_factory=list)
    already_done: int = 0
    forgotten: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    damaged: list[tuple[str, str]] = field(default_factory=list)

    def encode(self) -> str:
        """As a line, without its end."""
        return json.dumps({"outcome": asdict(self)})

    @classmethod
    def decode(cls, raw: dict[str, Any]) -> Self:
        """From what was said."""
        pairs = {name: [(str(path), str(why)) for path, why in raw[name]] for name in ("failed", "damaged")}
        return cls(**{**raw, **pairs})


def segments(start_s: float, end_s: float, duration_s: float | None, length_s: float) -> list[float]:
    """Borders of the parts that a stretch is cut into, both ends included.

    Borders lie at whole multiples of the length, so that a run that is taken up again cuts at the same ones;
    a first or last part of less than half the length belongs to its neighbour. So a part is of 0.5 to 1.5
    lengths, and a stretch that stays whole of less than 2.

    Args:
        start_s: From, media time.
        end_s: To; may be infinite.
        duration_s: Length of the video, where it is known; without it nothing is cut.
        length_s: Length of a part.
    """
    last_s = min(end_s, math.inf if duration_s is None else duration_s)
    if math.isinf(last_s):
        return [start_s, end_s]
    borders = [start_s]
    number = math.floor(start_s / length_s) + 1
    while number * length_s < last_s - length_s / 2:
        if number * length_s - start_s >= length_s / 2:
            borders.append(number * length_s)
        number += 1
    return [*borders, end_s]
