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
    """Cut a face out with margin; where the picture ends, its last pixels are repeated.

    Args:
        image_bgr: uint8 (H, W, 3).
        detection: The face.
        max_px: Larger crops are scaled down to this side.
    """
    box = detection.box_xyxy
    centre = (box[:2] + box[2:]) / 2
    side = max(int(np.ceil(float((box[2:] - box[:2]).max()) * _MARGIN)), 2)
    corner = np.floor(centre - side / 2).astype(int)
    height, width = image_bgr.shape[:2]
    x1, y1 = np.clip(corner, 0, [width - 1, height - 1])
    x2, y2 = np.clip(corner + side, [x1 + 1, y1 + 1], [width, height])
    part = image_bgr[y1:y2, x1:x2]
    scale = min(1.0, max_px / side)
    if scale < 1.0:
        size = (max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale)))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    left, top = round((x1 - corner[0]) * scale), round((y1 - corner[1]) * scale)
    target = round(side * scale)
    right, bottom = max(target - left - part.shape[1], 0), max(target - top - part.shape[0], 0)
    padded = cv2.copyMakeBorder(part, top, bottom, left, right, cv2.BORDER_REPLICATE)
    factor = np.array([part.shape[1] / (x2 - x1), part.shape[0] / (y2 - y1)], np.float32)
    landmarks = (detection.landmarks - np.array([x1, y1], np.float32) + 0.5) * factor - 0.5
    landmarks += np.array([left, top], np.float32)
    return FaceCrop(np.asarray(padded, np.uint8), landmarks.astype(np.float32))


def encode_jpeg(image_bgr: BgrImage) -> bytes:
    """A picture as JPEG of quality 90."""
    _, data = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
