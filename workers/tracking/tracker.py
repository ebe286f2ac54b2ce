"""Detections to tracks: overlap and motion, and appearance where those leave a doubt.

Frame-to-frame association by the Hungarian method on overlap with the predicted box, in the manner of
Bewley et al. 2016, "Simple Online and Realtime Tracking". Sampled frames lie far apart (0.2 s), so that an
overlap may be small; such doubtful links are decided by the likeness of the two faces, and so are those where
the face and what is around it suddenly look different.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.assignment import assign
from workers.models.detection import Detection
from workers.tracking.boxes import centres, iou_matrix, sides
from workers.tracking.track import LiveTrack, Observation

FloatArray = npt.NDArray[np.float32]

Judgement = Callable[[LiveTrack, Detection], bool]

# A camera may be looked at more or less often than before: only so many of the last frames tell how often.
_RECENT = 8


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What links two boxes to one face.

    Attributes:
        sure_iou: From this overlap with the prediction on, a link needs no look at the face, unless what is
            seen there changed.
        reach: A doubtful link may span at most this many box sides between centres.
        size_ratio: A face may grow or shrink by at most this factor from one sampled frame to the next.
        max_gap_s: A track unseen for longer has ended (short occlusions are survived), and a link over a
            longer gap is doubtful.
        max_gap_periods: The same in sampling periods; the larger one counts.
    """

    sure_iou: float = 0.35
    reach: float = 0.9
    size_ratio: float = 1.8
    max_gap_s: float = 1.0
    max_gap_periods: float = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class TrackerStep:
    """What one frame did to the tracks.

    Attributes:
        seen: Tracks seen in this frame, with new ones, in the order of the detections.
        ended: Tracks that can't grow any more.
    """

    seen: tuple[LiveTrack, ...]
    ended: tuple[LiveTrack, ...]


class Tracker:
    """Follows the faces of one source; pure, deterministic, without any clock of its own.

    Args:
        settings: What links two boxes.
        alike: Decides a doubtful link by the look of the faces; without it doubtful links are not made.
        changed: Whether a face and what is around it look so different from when the track was seen last that
            even a good overlap is doubtful: after a cut, somebody else may be in the same place.
    """

    def __init__(
        self,
        settings: TrackerSettings | None = None,
        alike: Judgement | None = None,
        changed: Judgement | None = None,
    ) -> None:
        self._settings = settings or TrackerSettings()
        self._alike = alike
        self._changed = changed
        self._live: list[LiveTrack] = []
        self._count = 0
        self._before_s: float | None = None
        self._periods_s: deque[float] = deque(maxlen=_RECENT)

    @property
    def period_s(self) -> float:
        """Usual time between two of the last frames, s; 0 before the second frame.

        Not the shortest: a camera that sends keyframes alone now and then has two right after each other.
        """
        return statistics.median_low(self._periods_s) if self._periods_s else 0.0

    @property
    def max_gap_s(self) -> float:
        """A track unseen for longer has ended, s."""
        return max(self._settings.max_gap_s, self._settings.max_gap_periods * self.period_s)

    @property
    def live(self) -> tuple[LiveTrack, ...]:
        """Tracks that may still grow, oldest first."""
        return tuple(self._live)

    def step(self, index: int, media_s: float, detections: Sequence[Detection]) -> TrackerStep:
        """Take in the detections of the next sampled frame.

        Args:
            index: Frames decoded before this one.
            media_s: Presentation time, s; not before that of the last frame.
            detections: Faces of this frame, without duplicates.
        """
        self.pass_over(media_s)
        expired = [t for t in self._live if media_s - t.last_s > self.max_gap_s]
        self._live = [t for t in self._live if media_s - t.last_s <= self.max_gap_s]
        links = self._links(media_s, detections)
        seen = []
        for i, detection in enumerate(detections):
            observation = Observation(index, media_s, detection)
            track = links.get(i)
            if track is None:
                track = LiveTrack(self._count, [observation])
                self._count += 1
                self._live.append(track)
            else:
                track.add(observation)
            seen.append(track)
        return TrackerStep(tuple(seen), tuple(expired))

    def pass_over(self, media_s: float) -> None:
        """Take in that there was a sampled frame, which nobody need look at; tracks don't age by it."""
        if self._before_s is not None and media_s > self._before_s:
            self._periods_s.append(media_s - self._before_s)
        self._before_s = media_s

    def end(self) -> tuple[LiveTrack, ...]:
        """End every track, at a cut or at the end of the source; the next frame starts anew."""
        ended, self._live = tuple(self._live), []
        return ended

    def _links(self, media_s: float, detections: Sequence[Detection]) -> dict[int, LiveTrack]:
        """The track that each detection continues, by the detection's position."""
        if not self._live or not detections:
            return {}
        s = self._settings
        expected = np.stack([track.predicted_xyxy(media_s) for track in self._live])
        last = np.stack([track.last.detection.box_xyxy for track in self._live])
        found = np.stack([detection.box_xyxy for detection in detections])
        # A face that stops as suddenly as it moved overlaps its last box, not the prediction.
        overlap = np.maximum(iou_matrix(expected, found), iou_matrix(last, found))
        side_t, side_d = sides(last), sides(found)
        ratio = side_t[:, None] / np.maximum(side_d[None], 1e-6)
        fits = (ratio < s.size_ratio) & (ratio > 1 / s.size_ratio)
        apart = np.linalg.norm(centres(expected)[:, None] - centres(found)[None], axis=2)
        apart /= np.maximum(np.maximum(side_t[:, None], side_d[None]), 1e-6)
        possible = fits & ((overlap >= s.sure_iou) | (apart < s.reach))
        # A second track or detection nearby makes even a good overlap doubtful.
        gain = np.where(possible, 1.0 + overlap - 0.3 * apart, 0.0)
        decided: dict[tuple[int, int], bool] = {}
        while True:
            pairs = assign(gain)
            for row, column in pairs:
                if (row, column) not in decided:
                    decided[row, column] = self._is_one(row, column, media_s, detections, overlap)
            refused = [pair for pair in pairs if not decided[pair]]
            if not refused:
                return {column: self._live[row] for row, column in pairs}
            # Whoever isn't the one there may be the next likely one.
            for pair in refused:
                gain[pair] = 0.0

    def _is_one(
        self,
        row: int,
        column: int,
        media_s: float,
        detections: Sequence[Detection],
        overlap: FloatArray,
    ) -> bool:
        """Whether a live track goes on with a detection that lies as it should, by their overlaps (T, N)."""
        track, detection = self._live[row], detections[column]
        rivals = (overlap[:, column] > 0.6 * overlap[row, column]).sum() + (
            overlap[row] > 0.6 * overlap[row, column]
        ).sum()
        recent = media_s - track.last_s <= self._settings.max_gap_s
        sure = recent and overlap[row, column] >= self._settings.sure_iou and rivals <= 2
        if sure and not (self._changed is not None and self._changed(track, detection)):
            return True
        return self._alike is not None and self._alike(track, detection)
