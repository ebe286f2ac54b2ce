"""A face followed through consecutive frames of one shot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workers.models.detection import Detection
from workers.tracking.boxes import sides

FloatArray = npt.NDArray[np.float32]

# Weight of the newest measurement in the smoothed velocity.
_VELOCITY_GAIN = 0.6
# A face rarely keeps its speed for longer, or goes on by more than its own size: extrapolating further throws
# the box out of the picture.
_EXTRAPOLATION_LIMIT_S, _EXTRAPOLATION_LIMIT_SIDES = 0.6, 1.0
# Speed is measured over so long a time where there is as much: boxes tremble by a pixel or two. Frames of
# cameras may be milliseconds apart, which tells nothing.
_MEASURED_OVER_S, _LEAST_S = 0.15, 0.03


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
    # Whether a speed was measured.
    _moved: bool = False

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
        box_xyxy = self.last.detection.box_xyxy
        shift = self._velocity * np.float32(ahead_s)
        most_px = _EXTRAPOLATION_LIMIT_SIDES * float(sides(box_xyxy[None])[0])
        length_px = float(np.linalg.norm(shift))
        if length_px > most_px:
            shift *= np.float32(most_px / length_px)
        predicted: FloatArray = box_xyxy + np.concatenate([shift, shift])
        return predicted

    def add(self, observation: Observation) -> None:
        """Append an observation that is later than the last one."""
        reference = self._reference(observation.media_s)
        gap_s = observation.media_s - reference.media_s
        if observation.media_s > self.last_s and gap_s >= _LEAST_S:
            before, now = reference.detection.box_xyxy, observation.detection.box_xyxy
            step = ((now[:2] + now[2:]) - (before[:2] + before[2:])) / 2 / np.float32(gap_s)
            gain = np.float32(_VELOCITY_GAIN if self._moved else 1.0)
            self._moved = True
            self._velocity = ((1 - gain) * self._velocity + gain * step).astype(np.float32)
        self.observations.append(observation)

    def _reference(self, now_s: float) -> Observation:
        """What the speed is measured from: the newest observation that is old enough, or else the first."""
        old_enough = (
            each for each in reversed(self.observations) if now_s - each.media_s >= _MEASURED_OVER_S
        )
        return next(old_enough, self.observations[0])
