"""A face of one picture, found again in a larger picture of the same moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage, Detection, FaceDetector
from workers.tracking.boxes import iou_matrix

FloatArray = npt.NDArray[np.float32]

# In sides of the box: what moved between the two pictures is still in the part that is looked at.
_MARGIN = 1.0
# Less overlap with where it should be, and it may be somebody else.
_LEAST_IOU = 0.3


def scale_to(width_px: int, height_px: int, image_bgr: BgrImage) -> FloatArray:
    """How much larger than `image_bgr` a picture of this size is, float32 (2,): across and down."""
    height, width = image_bgr.shape[:2]
    return np.array([width_px / width, height_px / height], np.float32)


def enlarged(detection: Detection, scale: FloatArray) -> Detection:
    """Where a face should be in a larger picture of the same.

    Args:
        detection: The face.
        scale: As of `scale_to`.
    """
    return Detection(
        detection.box_xyxy * np.tile(scale, 2),
        # Pixel centres, not corners, correspond under resizing.
        (detection.landmarks + 0.5) * scale - 0.5,
        detection.score,
    )


def find_again(
    detail_bgr: BgrImage, expected: Detection, others: Sequence[Detection], detector: FaceDetector
) -> Detection | None:
    """Find a face near the place where it should be; None if it is not there, or might be somebody else.

    Args:
        detail_bgr: uint8 (H, W, 3).
        expected: Where the face should be in it.
        others: Where the other faces of the moment should be.
        detector: Looks again.
    """
    box = expected.box_xyxy
    height, width = detail_bgr.shape[:2]
    margin = _MARGIN * (box[2:] - box[:2])
    x1, y1 = np.clip(np.floor(box[:2] - margin), 0, [width, height]).astype(int)
    x2, y2 = np.clip(np.ceil(box[2:] + margin), 0, [width, height]).astype(int)
    if x2 - x1 < 2 or y2 - y1 < 2:
        return None
    # Detectors that look at the whole of a picture are shown no more of it than needed.
    part = np.ascontiguousarray(detail_bgr[y1:y2, x1:x2])
    corner = np.array([x1, y1], np.float32)
    found = detector.refine(part, (box - np.tile(corner, 2))[None])[0]
    if found is None:
        return None
    face = Detection(found.box_xyxy + np.tile(corner, 2), found.landmarks + corner, found.score)
    rivals = np.stack([box, *(other.box_xyxy for other in others)])
    overlap = iou_matrix(face.box_xyxy[None], rivals)[0]
    return face if overlap[0] >= _LEAST_IOU and overlap.argmax() == 0 else None
