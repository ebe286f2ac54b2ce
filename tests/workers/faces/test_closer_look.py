from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from workers.faces.closer_look import enlarged, find_again, scale_to
from workers.models.detection import Detection
from workers.models.pack import Pack

Image = npt.NDArray[np.uint8]


def shifted(face: Detection, dx: float) -> Detection:
    return replace(
        face,
        box_xyxy=face.box_xyxy + np.array([dx, 0, dx, 0], np.float32),
        landmarks=face.landmarks + np.array([dx, 0], np.float32),
    )


def test_points_and_boxes_are_where_resizing_puts_them() -> None:
    image = np.zeros((30, 40, 3), np.uint8)
    image[10:20, 12:24] = 255
    scale = scale_to(120, 60, image)
    large = cv2.resize(image, (120, 60), interpolation=cv2.INTER_NEAREST)
    landmarks = np.array([[12, 10], [23, 10], [17, 15], [12, 19], [23, 19]], np.float32)
    face = enlarged(Detection(np.array([12, 10, 24, 20], np.float32), landmarks, 0.9), scale)
    rows, columns = np.nonzero(large[..., 0])
    expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(face.box_xyxy, expected)
    # The middle of a pixel becomes the middle of the pixels that it becomes.
    np.testing.assert_allclose(face.landmarks[0], [12 * 3 + 1, 10 * 2 + 0.5])
    assert face.score == 0.9


@pytest.mark.parametrize("dx", [0, -20, 20])
def test_a_face_that_moved_a_little_is_found_where_it_is(
    mtcnn_pack: Pack, group_image: Image, mtcnn_faces: list[Detection], dx: int
) -> None:
    face, *others = mtcnn_faces
    found = find_again(group_image, shifted(face, dx), others, mtcnn_pack.detector)
    assert found is not None
    assert np.abs(found.landmarks - face.landmarks).max() < 0.06 * 130
    assert np.abs(found.box_xyxy - face.box_xyxy).max() < 0.15 * 130


def test_nobody_is_taken_for_somebody_else(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    face, *others = group_faces
    # The one who should be here went; who is here is known to be another, or too far off.
    assert find_again(group_image, shifted(face, 60), [face, *others], open_pack.detector) is None
    assert find_again(group_image, shifted(face, 110), others, open_pack.detector) is None


def test_nothing_is_found_where_nothing_is(open_pack: Pack, group_faces: list[Detection]) -> None:
    face = group_faces[0]
    for image in (np.zeros((886, 1280, 3), np.uint8), np.zeros((100, 100, 3), np.uint8)):
        assert find_again(image, face, [], open_pack.detector) is None
