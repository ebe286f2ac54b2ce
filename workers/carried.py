"""Tracks that are closed while their faces are still to be seen, and the tracks that go on from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.assignment import assign
from workers.border_joining import JOIN_IOU
from workers.candidate import FaceJudge, Look
from workers.followed import Followed
from workers.tracking.boxes import iou_matrix

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A track that was closed while its face was still to be seen.

    Attributes:
        track_id: The track.
        box_xyxy: float32 (4,), px: where the face was last.
        media_s: When that was.
        look: For a comparison with the face that is there next.
    """

    track_id: str
    box_xyxy: FloatArray
    media_s: float
    look: Look

    @classmethod
    def of(cls, followed: Followed) -> Carried:
        """One that was followed until it was closed, and sent."""
        newest = followed.newest
        return cls(followed.last_id, newest.detection.box_xyxy, newest.media_s, newest.look)


def go_on(new: Sequence[Followed], carried: Sequence[Carried], judge: FaceJudge) -> None:
    """Let new tracks continue carried ones: by where the face was last and is next, if both look alike.

    Args:
        new: Tracks that begin in one frame.
        carried: Those that were closed shortly before it.
        judge: Compares their faces.
    """
    if not carried or not new:
        return
    overlap = iou_matrix(
        np.stack([f.newest.detection.box_xyxy for f in new]), np.stack([c.box_xyxy for c in carried])
    )
    for row, column in assign(overlap):
        followed, before = new[row], carried[column]
        near = overlap[row, column] >= JOIN_IOU
        if near and judge.alike(followed.newest.look, before.look):
            followed.continues = before.track_id
