"""Tracks in the text format of MOTChallenge, which trackers and their measures read.

Dendorfer et al., "MOTChallenge: A Benchmark for Single-Camera Multiple Target Tracking", IJCV 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from facestream.exports.row_files import write_csv

if TYPE_CHECKING:
    from facestream.people.track import Track

LEGEND = ("id", "person", "name", "track")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an integer id stands for.

    Attributes:
        id: From 1.
        person: Person id, or empty for a track of nobody.
        track: The track alone that it stands for; empty where it is all of the person's.
    """

    id: int
    person: str
    track: str = ""


class Targets:
    """Gives integer ids: a person's is the number of theirs, the same in every source and every export.

    A track of nobody has an id of its own, above those of all people. So has a track of somebody who is twice
    in one frame, as before a mirror: readers of the format refuse an id that stands twice in a frame.

    Args:
        people: Ids of all people.
    """

    def __init__(self, people: Iterable[str]) -> None:
        self._next = max((int(person[1:]) for person in people), default=0) + 1
        self._of_people: dict[str, Target] = {}
        self._of_tracks: dict[str, Target] = {}

    def of(self, track: Track, *, alone: bool = False) -> Target:
        """The target of a track.

        Args:
            track: The track.
            alone: Whether it needs one of its own, though it is somebody's.
        """
        if track.identity and not alone:
            target = Target(int(track.identity[1:]), track.identity)
            self._next = max(self._next, target.id + 1)
            return self._of_people.setdefault(track.identity, target)
        if track.id not in self._of_tracks:
            self._of_tracks[track.id] = Target(self._next, track.identity, track.id)
            self._next += 1
        return self._of_tracks[track.id]

    def __iter__(self) -> Iterator[Target]:
        yield from sorted([*self._of_people.values(), *self._of_tracks.values()], key=lambda t: t.id)


def write_mot(tracks: Iterable[Track], targets: Targets, file: IO[str]) -> int:
    """Write the faces of a source: `frame,id,bb_left,bb_top,bb_width,bb_height,conf,-1,-1,-1`, by frame.

    Args:
        tracks: Of one source.
        targets: Gives the ids; one for all files of an export.
        file: Where to.

    Returns:
        How many lines there are. Frames count from 1; `conf` is 0 where a box lies between those of the
        frames around.
    """
    rows = []
    taken: set[tuple[int, int]] = set()
    # The longest track keeps the id of the person.
    for track in sorted(tracks, key=lambda track: (-len(track.faces), track.id)):
        target = targets.of(track)
        if any((face.frame, target.id) in taken for face in track.faces):
            target = targets.of(track, alone=True)
        for face in track.faces:
            taken.add((face.frame, target.id))
            x1, y1, x2, y2 = face.box_xyxy
            rows.append((face.frame + 1, target.id, x1, y1, x2 - x1, y2 - y1, face.score))
    for frame, number, left, top, width, height, score in sorted(rows):
        file.write(f"{frame},{number},{left:.2f},{top:.2f},{width:.2f},{height:.2f},{score:.4f},-1,-1,-1\n")
    return len(rows)


def write_legend(targets: Targets, names: Mapping[str, str], file: IO[str]) -> None:
    """Write as CSV whom each id stands for.

    Args:
        targets: What was given out.
        names: Name of each person who has one.
        file: Where to.
    """
    write_csv(
        LEGEND,
        (dict(zip(LEGEND, (t.id, t.person, names.get(t.person, ""), t.track), strict=True)) for t in targets),
        file,
    )
