"""How much a face can tell about who it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage, Detection

# From this turn of the head on (see `yaw`) a face says little; at 0.7 one eye hides behind the nose.
_PROFILE_YAW = 0.7
# Laplacian deviation of a chip that looks sharp to the eye; more adds nothing.
_SHARP = 6.0
# Deviation of a chip's brightness, of 255, below which nobody sees a face; in dim light it is 15 or more.
_LEAST_CONTRAST = 8.0
# Eyes, nose and corners of the mouth of a face that is held straight, in half distances of the eyes.
_STRAIGHT = ((-1.0, 0.0), (1.0, 0.0), (0.0, 1.15), (-0.8, 2.2), (0.8, 2.2))


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """Measurements of one face.

    Attributes:
        size_px: Geometric mean of the box's sides.
        effective_px: The size of a frontal face that would tell as much; smaller for turned heads.
        yaw: Turn of the head from the landmarks, signed; 0 is frontal, +-0.7 about a profile. Positive:
            the nose points to the right of the picture.
        visible: Share of the box inside the picture, [0, 1].
        score: The detector's score, [0, 1].
    """

    size_px: float
    effective_px: float
    yaw: float
    visible: float
    score: float

    @property
    def value(self) -> float:
        """One figure in (0, 1] to rank the faces of a track by."""
        size = min(max((self.effective_px - 10.0) / 50.0, 0.02), 1.0)
        sure = min(max((self.score - 0.5) / 0.5, 0.1), 1.0)
        return size * sure * max(self.visible, 0.1) ** 2


def measure(detection: Detection, height_px: int, width_px: int) -> FaceQuality:
    """Judge a detection by its geometry.

    Args:
        detection: The face.
        height_px: Height of the picture.
        width_px: Width of the picture.
    """
    box = detection.box_xyxy
    size = float(np.sqrt(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)))
    yaw = yaw_of(detection.landmarks)
    frontal = min(max(1.0 - abs(yaw) / _PROFILE_YAW, 0.0), 1.0)
    inside_w = max(min(box[2], width_px) - max(box[0], 0.0), 0.0)
    inside_h = max(min(box[3], height_px) - max(box[1], 0.0), 0.0)
    visible = float(inside_w * inside_h / (size * size)) if size > 0 else 0.0
    return FaceQuality(
        size_px=size,
        effective_px=size * float(np.sqrt(0.2 + 0.8 * frontal)),
        yaw=yaw,
        visible=min(visible, 1.0),
        score=detection.score,
    )


def is_faint(chip_bgr: BgrImage) -> bool:
    """Whether a face is lost in the dark, in fog or in glare, so that nobody could see who it is.

    Args:
        chip_bgr: uint8 (S, S, 3), aligned.
    """
    _, deviation = cv2.meanStdDev(cv2.cvtColor(chip_bgr, cv2.COLOR_BGR2GRAY))
    return bool(deviation[0, 0] < _LEAST_CONTRAST)


def yaw_of(landmarks: npt.ArrayLike) -> float:
    """Turn of the head: how far the nose lies off the middle of the eyes, in distances between the eyes.

    Args:
        landmarks: (5, 2), px.

    Returns:
        0 for a frontal face, positive where the nose points to the right of the picture; limited to +-2.
    """
    points = np.asarray(landmarks, np.float64)
    across = points[1] - points[0]
    distance = float(np.hypot(*across))
    if distance < 1e-6:
        return 2.0
    offset = float((points[2] - (points[0] + points[1]) / 2) @ across) / distance**2
    return min(max(offset, -2.0), 2.0)


def roll_deg(landmarks: npt.ArrayLike) -> float:
    """How far the head is tilted to a side: the angle that the best similarity to a straight face turns by.

    Args:
        landmarks: (5, 2), px.

    Returns:
        Degrees in (-180, 180], positive where the eyes fall towards the right of the picture; 0 for landmarks
        that are no face's.
    """
    points = np.asarray(landmarks, np.float64)
    if not np.isfinite(points).all():
        return 0.0
    centred = points - points.mean(axis=0)
    # The variance of equal points is not exactly zero when their mean is rounded.
    if (centred**2).sum() <= 1e-20 * (points**2).sum():
        return 0.0
    straight = np.array(_STRAIGHT)
    # In two dimensions the rotation of Umeyama 1991 (see `alignment`) is the direction of this sum.
    along = (straight * centred).sum()
    across = (straight[:, 0] * centred[:, 1] - straight[:, 1] * centred[:, 0]).sum()
    return float(np.degrees(np.arctan2(across, along)))


def sharpness(chip_bgr: BgrImage) -> float:
    """Sharpness of an aligned chip in [0, 1]: deviation of the Laplacian, 1 for what looks sharp to the eye.

    Args:
        chip_bgr: uint8 (S, S, 3), aligned.
    """
    grey = cv2.cvtColor(chip_bgr, cv2.COLOR_BGR2GRAY)
    deviation = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))[1][0, 0])
    return min(deviation / _SHARP, 1.0)
