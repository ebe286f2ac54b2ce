"""The face that the label of a photo is about: the one nearest to its centre."""

from __future__ import annotations

import numpy as np

from workers.models.detection import BgrImage, Detection
from workers.models.pack import Pack

# Labelled faces are large; looking for small ones only takes time.
_LEAST_PX = 40.0
# Where there is no large one.
_SMALL_PX = 16.0


def central_face(pack: Pack, image_bgr: BgrImage) -> Detection | None:
    """The detection nearest to the centre of a photo.

    Args:
        pack: Its detector looks.
        image_bgr: uint8 (H, W, 3).

    Returns:
        The face, or None where there is none.
    """
    height, width = image_bgr.shape[:2]
    middle = np.array([width, height]) / 2
    found = pack.detector.detect([image_bgr], _LEAST_PX)[0] or pack.detector.detect([image_bgr], _SMALL_PX)[0]
    return min(
        found,
        key=lambda d: float(np.linalg.norm((d.box_xyxy[:2] + d.box_xyxy[2:]) / 2 - middle)),
        default=None,
    )
