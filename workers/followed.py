"""A track while it lives: its best faces, and what was seen of it for sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from storage.track_record import OBSERVATION
from workers.candidate import Candidate
from workers.tracking.selection import SampleSelection
from workers.tracking.track import LiveTrack

# Sights closer together than this count once: at high rates a mistake of the detector lasts several frames.
_SIGHT_S = 0.19


@dataclass(slots=True, eq=False)
class Followed:
    """What is kept of a track while it lives.

    Attributes:
        track_id: The track.
        track: Its boxes.
        continues: The track of the same face that it follows without a gap, or None.
        newest: Its latest face.
        selection: Its best faces.
        early: The face that it was last sent with before its end, or None.
        early_founder: Whether it was good enough to found a person then.
        sure: Whether it was certainly a face once.
        sights: How often it was seen.
        sighted_s: When that was counted last, media time.
        last_id: The track, or the later one of the two that it turned out to be; empty until it was sent.
    """

    track_id: str
    track: LiveTrack
    continues: str | None
    newest: Candidate
    selection: SampleSelection[Candidate] = field(default_factory=SampleSelection)
    early: Candidate | None = None
    early_founder: bool = False
    sure: bool = False
    sights: int = 0
    sighted_s: float = -np.inf
    last_id: str = ""

    def count_sight(self, media_s: float) -> None:
        """It was seen."""
        if media_s - self.sighted_s >= _SIGHT_S:
            self.sights += 1
            self.sighted_s = media_s

    def observations(
        self, sampled: Sequence[tuple[int, float]], size_px: tuple[int, int]
    ) -> npt.NDArray[np.void]:
        """All sampled frames of the track; without a sight, one in between.

        Args:
            sampled: Index and media time of each sampled frame of the segment.
            size_px: Width and height of the picture, within which the boxes are.

        Returns:
            Array of dtype `OBSERVATION`, in order of time.
        """
        seen = {o.index: o for o in self.track.observations}
        first, last = self.track.observations[0].index, self.track.last.index
        frames = [(index, media_s) for index, media_s in sampled if first <= index <= last]
        at = np.array([media_s for _, media_s in frames])
        known_at = np.array([o.media_s for o in self.track.observations])
        boxes = np.stack([o.detection.box_xyxy for o in self.track.observations])
        result = np.zeros(len(frames), OBSERVATION)
        result["frame"] = [index for index, _ in frames]
        result["media_s"] = at
        for side in range(4):
            result["box_xyxy"][:, side] = np.interp(at, known_at, boxes[:, side])
        for k, (index, _) in enumerate(frames):
            if index in seen:
                result["box_xyxy"][k] = seen[index].detection.box_xyxy
                result["score"][k] = seen[index].detection.score
        # A detector guesses the part of a face that the edge cuts off; a reader wants what is to be seen.
        result["box_xyxy"] = np.clip(result["box_xyxy"], 0, [*size_px, *size_px])
        return result
