"""Large faces of photos as they would look if they were small faces of a video."""

from __future__ import annotations

import cv2
import numpy as np

from workers.faces.alignment import align
from workers.models.detection import BgrImage, Detection
from workers.models.embedder import FaceEmbedder

# Of the face's side: so far off are the landmarks that a detector sees.
_LANDMARK_NOISE = 0.02
_BLUR_PX = 0.5
_JPEG_QUALITY = (40, 80)


def miniature(
    image_bgr: BgrImage,
    face: Detection,
    size_px: float,
    embedder: FaceEmbedder,
    random: np.random.Generator,
) -> BgrImage:
    """The aligned face as it would look if it were so large in a video.

    The photo is scaled down, blurred and compressed a little, and its landmarks are moved as a detector's
    are. A face that is no larger stays as it is.

    Args:
        image_bgr: uint8 (H, W, 3).
        face: Where the face is in it.
        size_px: Geometric mean of the sides of its box afterwards.
        embedder: Says how it is aligned.
        random: Quality of the compression and movement of the landmarks.

    Returns:
        uint8 (S, S, 3), for the embedder.
    """
    width, height = face.box_xyxy[2:] - face.box_xyxy[:2]
    factor = size_px / float(np.sqrt(width * height))
    landmarks = face.landmarks
    if factor < 1:
        size = (max(round(image_bgr.shape[1] * factor), 1), max(round(image_bgr.shape[0] * factor), 1))
        small = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA)
        quality = int(random.integers(*_JPEG_QUALITY))
        _, data = cv2.imencode(
            ".jpg", cv2.GaussianBlur(small, (0, 0), _BLUR_PX), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        image_bgr = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        noise = random.normal(0, _LANDMARK_NOISE * size_px, (5, 2))
        # Pixel centres, not corners, correspond under resizing.
        landmarks = ((landmarks + 0.5) * factor - 0.5 + noise).astype(np.float32)
    return align(image_bgr, landmarks, embedder.template, embedder.input_px)
