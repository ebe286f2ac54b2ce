"""Face crops with margin: what people look at, and what another model can be applied to later."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage, Detection

# Side of the crop in sides of the box: hair, chin and a little background.
_MARGIN = 1.9
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """An upright square crop around a face.

    Attributes:
        image_bgr: uint8 (S, S, 3), S at most what was asked for; never enlarged.
        landmarks: float32 (5, 2), px in the crop.
    """

    image_bgr: BgrImage
    landmarks: npt.NDArray[np.float32]

    def jpeg(self) -> bytes:
        """The crop as JPEG."""
        return encode_jpeg(self.image_bgr)


def cut_crop(image_bgr: BgrImage, detection: Detection, max_px: int = 256) -> FaceCrop:
    """Cut a face out with margin; near the edge the square moves inwards, in small pictures it shrinks.

    Args:
        image_bgr: uint8 (H, W, 3).
        detection: The face.
        max_px: Larger crops are scaled down to this side.
    """
    box = detection.box_xyxy
    height, width = image_bgr.shape[:2]
    centre = (box[:2] + box[2:]) / 2
    side = int(np.clip(np.ceil(float((box[2:] - box[:2]).max()) * _MARGIN), 2, min(height, width)))
    x, y = np.clip(np.floor(centre - side / 2), 0, [width - side, height - side]).astype(int)
    part = image_bgr[y : y + side, x : x + side]
    scale = min(1.0, max_px / side)
    landmarks = detection.landmarks - np.array([x, y], np.float32)
    if scale < 1.0:
        part = np.asarray(cv2.resize(part, (max_px, max_px), interpolation=cv2.INTER_AREA), np.uint8)
        # Pixel centres, not corners, correspond under resizing.
        landmarks = (landmarks + 0.5) * np.float32(scale) - 0.5
    return FaceCrop(np.ascontiguousarray(part), landmarks.astype(np.float32))


def encode_jpeg(image_bgr: BgrImage) -> bytes:
    """A picture as JPEG of quality 90."""
    _, data = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
