"""A face followed through consecutive frames of one shot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workers.models.detection import Detection

FloatArray = npt.NDArray[np.float32]

# Weight of the newest measurement in the smoothed velocity.
_VELOCITY_GAIN = 0.6
# A face rarely keeps its speed for longer; extrapolating further throws the box out of the picture.
_EXTRAPOLATION_LIMIT_S = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A face of a track in one sampled frame.

    Attributes:
        index: Frames decoded before this one.
        media_s: Presentation time, s from the source's start.
        detection: What the detector saw.
    """

    index: int
    media_s: float
    detection: Detection


@dataclass(slots=True, eq=False)
class LiveTrack:
    """A track that may still grow.

    Attributes:
        number: Counts the tracks of a source.
        observations: In order of time, never empty.
    """

    number: int
    observations: list[Observation]
    _velocity: FloatArray = field(default_factory=lambda: np.zeros(2, np.float32))

    @property
    def last_s(self) -> float:
        """Media time of the last observation, s."""
        return self.observations[-1].media_s

    @property
    def last(self) -> Observation:
        """The newest observation."""
        return self.observations[-1]

    def predicted_xyxy(self, media_s: float) -> FloatArray:
        """Where the box should be at a later time, float32 (4,), px: constant velocity, damped."""
        ahead_s = min(max(media_s - self.last_s, 0.0), _EXTRAPOLATION_LIMIT_S)
        shift = self._velocity * np.float32(ahead_s)
        predicted: FloatArray = self.last.detection.box_xyxy + np.concatenate([shift, shift])
        return predicted

    def add(self, observation: Observation) -> None:
        """Append an observation that is later than the last one."""
        gap_s = observation.media_s - self.last_s
        if gap_s > 0:
            before, now = self.last.detection.box_xyxy, observation.detection.box_xyxy
            step = ((now[:2] + now[2:]) - (before[:2] + before[2:])) / 2 / np.float32(gap_s)
            gain = np.float32(_VELOCITY_GAIN if len(self.observations) > 1 else 1.0)
            self._velocity = ((1 - gain) * self._velocity + gain * step).astype(np.float32)
        self.observations.append(observation)
