"""What holds for the landmarks of every upright face, whoever found it."""

from __future__ import annotations

from collections.abc import Iterable

from workers.models.detection import Detection


def assert_anatomical(faces: Iterable[Detection]) -> None:
    """Landmarks are in their order, inside the box."""
    for face in faces:
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
        assert (face.landmarks > face.box_xyxy[:2]).all()
        assert (face.landmarks < face.box_xyxy[2:]).all()
