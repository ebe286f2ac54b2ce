"""The people of a track that turns out to be of several: whose faces are whose, and in which frames."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workers.candidate import Candidate, FaceJudge
from workers.followed import Followed
from workers.tracking.splitting import DIFFERENT, border_between, split_point, turns


@dataclass(frozen=True, slots=True, eq=False)
class TrackPart:
    """One person's time of a track.

    Attributes:
        track_id: Of the first one the track's own, then others.
        faces: Their faces, in order of time.
        frames: Which of the track's observations are theirs.
    """

    track_id: str
    faces: list[Candidate]
    frames: slice


def track_parts(
    followed: Followed, faces: list[Candidate], observations: npt.NDArray[np.void], judge: FaceJudge
) -> list[TrackPart]:
    """Divide a track that has ended.

    Args:
        followed: The track.
        faces: Those that it would be told by, in order of time, with vectors; one or more.
        observations: Its frames, of dtype `OBSERVATION`.
        judge: Compares faces.

    Returns:
        One part for each person's time; mostly the track is of one person, and is the only part.
    """
    parts, edges = _divided(followed, faces, judge)
    borders_s = [(last.media_s + first.media_s) / 2 for last, first in edges]
    bounds = [0, *np.searchsorted(observations["media_s"], borders_s, side="right"), len(observations)]
    return [
        TrackPart(f"{followed.track_id}.{chr(ord('a') + k)}" if k else followed.track_id, part, slice(a, b))
        for k, (part, (a, b)) in enumerate(zip(parts, pairwise(bounds), strict=True))
    ]


def _divided(
    followed: Followed, told: list[Candidate], judge: FaceJudge
) -> tuple[list[list[Candidate]], list[tuple[Candidate, Candidate]]]:
    """The faces of each person, and those between which the next one begins."""
    ratios = judge.ratios([c.look for c in told])
    if ratios.min() >= DIFFERENT:
        return [told], []
    kept = followed.selection.best()
    # A few faces may miss somebody's turn.
    faces = sorted({*kept, *told}, key=lambda c: c.index)
    judge.embed([c.look for c in faces])
    faces = [c for c in faces if c.look.vector is not None]
    if borders := turns(judge.ratios([c.look for c in faces])):
        parts = [faces[a:b] for a, b in pairwise([0, *borders, len(faces)])]
        return parts, [(faces[at - 1], faces[at]) for at in borders]
    at = split_point(ratios)
    if at is None:
        return [told], []
    between = [c for c in kept if told[at - 1].index < c.index < told[at].index]
    faces = [*told[:at], *between, *told[at:]]
    k = border_between(judge.ratios([c.look for c in faces]), at, at + len(between))
    return [told[:at], told[at:]], [(faces[k - 1], faces[k])]
