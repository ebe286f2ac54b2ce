"""Face crops with margin: what people look at, and what another model can be applied to later."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from workers.faces.quality import roll_deg
from workers.models.detection import BgrImage, Detection

# Sides of the crop in sides of the box, the first that fits: hair, chin and a little background.
_MARGIN = 1.7
_TIGHTER_MARGINS = (1.7, 1.5, 1.3)
# A head that is held so straight is left as it is: turning a picture costs sharpness.
_STRAIGHT_DEG = 5.0
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """A square crop around a face, with level eyes where the picture reaches far enough.

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
    """Cut a face out with margin, turned so that its eyes are level; it is turned and scaled, never warped.

    Near the edge the square moves inwards and gets tighter. Where a turned square would still reach over the
    edge, the crop is not turned; in small pictures it shrinks.

    Args:
        image_bgr: uint8 (H, W, 3).
        detection: The face.
        max_px: Larger crops are scaled down to this side.
    """
    angle = np.deg2rad(roll_deg(detection.landmarks))
    if abs(angle) > np.deg2rad(_STRAIGHT_DEG):
        turned = _turned(image_bgr, detection, float(angle), max_px)
        if turned is not None:
            return turned
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


def _turned(image_bgr: BgrImage, detection: Detection, angle: float, max_px: int) -> FaceCrop | None:
    """The crop turned by `angle`, or None where no square of the picture holds the whole face that way."""
    box = detection.box_xyxy.astype(np.float64)
    size = np.array(image_bgr.shape[1::-1], np.float64)
    middle, face = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max())
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    for margin in _TIGHTER_MARGINS:
        side = face * margin
        reach = side / 2 * (abs(cos) + abs(sin))
        if (size < 2 * reach + 1).any():
            continue
        centre = np.clip(middle, reach, size - 1 - reach)
        # The face itself must stay inside.
        if np.abs(centre - middle).max() > (side - face) / 2:
            continue
        out = min(int(side), max_px)
        if out < 2:
            return None
        turn = np.array([[cos, sin], [-sin, cos]]) * (out / side)
        landmarks = (detection.landmarks - centre) @ turn.T + (out - 1) / 2
        return FaceCrop(_cut_turned(image_bgr, centre, reach, turn, out), landmarks.astype(np.float32))
    return None


def _cut_turned(
    image_bgr: BgrImage,
    centre: npt.NDArray[np.float64],
    reach: float,
    turn: npt.NDArray[np.float64],
    out: int,
) -> BgrImage:
    """The square around `centre` that `turn`, (2, 2), makes upright; none of it is farther than `reach`."""
    x1, y1 = np.maximum(np.floor(centre - reach), 0).astype(int)
    x2, y2 = (np.ceil(centre + reach) + 1).astype(int)
    part = image_bgr[y1:y2, x1:x2]
    size = np.array(part.shape[1::-1], np.float64)
    scale, factor = float(np.hypot(*turn[0])), np.ones(2)
    if scale < 0.5:
        # Bilinear sampling skips pixels when it shrinks by more than two: average them first.
        width, height = np.maximum(np.round(size * scale), 1).astype(int).tolist()
        part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        factor = np.array([width, height]) / size
    # Pixel centres, not corners, correspond under resizing.
    shift = turn @ (0.5 / factor - 0.5 + np.array([x1, y1]) - centre) + (out - 1) / 2
    matrix = np.column_stack([turn / factor, shift])
    return np.asarray(cv2.warpAffine(part, matrix, (out, out), flags=cv2.INTER_LINEAR), np.uint8)


def shrunk_jpeg(data: bytes, max_px: int, quality: int) -> bytes:
    """A JPEG scaled down to at most `max_px` on its longer side; as it is where it can't be read.

    Args:
        data: The JPEG.
        max_px: Longest side.
        quality: JPEG quality, 1 to 100.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return data
    scale = max_px / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    _, smaller = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return min(smaller.tobytes(), data, key=len)


def encode_jpeg(image_bgr: BgrImage) -> bytes:
    """A picture as JPEG of quality 90."""
    _, data = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
