"""The faces of one photo, to search with or to compare: nothing of them is stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.frame import Frame
from workers.candidate import Candidate, FaceJudge
from workers.face_worker import FaceWorkerSettings
from workers.faces.crop import cut_crop
from workers.models.pack import Pack

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PhotoFace:
    """A face of a photo.

    Attributes:
        box_xyxy: float32 (4,), px, within the photo.
        score: Detector's score, [0, 1].
        size_px: Geometric mean of the box's sides.
        effective_px: Size of a frontal face that would tell as much.
        vector: float32 (D,), L2-normalised embedding.
        picture: JPEG of the face with margin, where it was asked for.
    """

    box_xyxy: FloatArray
    score: float
    size_px: float
    effective_px: float
    vector: FloatArray
    picture: bytes | None = None


def photo_faces(
    frame: Frame, pack: Pack, min_face_px: float | None = None, *, with_pictures: bool = False
) -> list[PhotoFace]:
    """Find and embed the faces of a photo.

    Args:
        frame: The photo.
        pack: The models.
        min_face_px: Smallest face looked for, px, or None for a share of the picture.
        with_pictures: Whether each face is cut out as well.

    Returns:
        The faces, the largest first: those that are surely faces, or all that may be one where none is sure.
    """
    height, width = frame.image_bgr.shape[:2]
    least_px = FaceWorkerSettings(min_face_px=min_face_px).min_face(height, width)
    detections = pack.detector.detect([frame.image_bgr], least_px)[0]
    sure = [d for d in detections if d.score >= pack.manifest.detector.sure_score]
    judge = FaceJudge(pack)
    judged = [judge.judge(frame, detection) for detection in sure or detections]
    candidates = [candidate for candidate in judged if candidate is not None]
    judge.embed([candidate.look for candidate in candidates])
    faces = [_face(candidate, frame, with_pictures) for candidate in candidates]
    return sorted(faces, key=lambda face: -face.size_px)


def _face(candidate: Candidate, frame: Frame, with_picture: bool) -> PhotoFace:
    height, width = frame.image_bgr.shape[:2]
    assert candidate.look.vector is not None
    return PhotoFace(
        box_xyxy=np.clip(candidate.detection.box_xyxy, 0, [width, height, width, height]).astype(np.float32),
        score=candidate.detection.score,
        size_px=candidate.quality.size_px,
        effective_px=candidate.quality.effective_px,
        vector=candidate.look.vector,
        picture=cut_crop(frame.image_bgr, candidate.detection).jpeg() if with_picture else None,
    )
