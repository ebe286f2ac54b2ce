"""How frames are looked at for faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workers.stages import UNTIMED, Stages
from workers.watchdog import UNWATCHED, Unwatched, Watchdog


@dataclass(frozen=True, slots=True)
class FaceWorkerSettings:
    """How a face worker looks at frames.

    Attributes:
        min_face_px: Smallest face side looked for, px, or None for a share of the picture.
        min_face_share: That share, of the picture's shorter side.
        least_face_px: Never look for smaller ones than this by share.
        large_face_px: Always look for those of this size: a large picture holds more faces, not larger ones,
            and more pixels would not tell more about who it is.
        search_interval_s: The whole picture is searched so often; between searches, and within a shot, only
            places where a face is expected are looked at.
        calm_interval_s: The same while searches find nobody new and no face gets lost.
        segment_s: Tracks are closed and the source is marked done up to here at least this often; bounds
            memory, and what a killed run does again.
        idle_segment_s: The same while nobody is seen, or None for the same time.
        samples: "best": the few best faces of a track; "all": every face of every sampled frame goes to a
            stream of its own as well.
        stages: Is told how long that takes.
        watchdog: Notices a model that hangs.
    """

    min_face_px: float | None = None
    min_face_share: float = 0.04
    least_face_px: float = 16.0
    large_face_px: float = 60.0
    search_interval_s: float = 0.55
    calm_interval_s: float = 1.15
    segment_s: float = 60.0
    idle_segment_s: float | None = None
    samples: Literal["best", "all"] = "best"
    stages: Stages = UNTIMED
    watchdog: Watchdog | Unwatched = UNWATCHED

    def min_face(self, height_px: int, width_px: int) -> float:
        """Smallest face side to look for in pictures of this size, px."""
        if self.min_face_px is not None:
            return self.min_face_px
        share_px = self.min_face_share * min(height_px, width_px)
        return min(max(share_px, self.least_face_px), self.large_face_px)
