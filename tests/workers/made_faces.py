"""Detections of made-up faces: where they are is chosen, who they are is written into their landmarks."""

from __future__ import annotations

import numpy as np

from workers.models.detection import Detection


def face(
    x: float, y: float = 100.0, *, side: float = 100.0, person: int = 0, score: float = 0.99
) -> Detection:
    """A face of `person` around a centre, px."""
    half = side / 2
    box = np.array([x - half, y - half, x + half, y + half], np.float32)
    return Detection(box, np.full((5, 2), person, np.float32), score)


def person_of(detection: Detection) -> int:
    """Who a made-up face is of."""
    return int(detection.landmarks[0, 0])


def centre_x(detection: Detection) -> float:
    """Where it is, px from the left."""
    return float(detection.box_xyxy[0] + detection.box_xyxy[2]) / 2
