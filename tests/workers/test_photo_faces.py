from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from face_pictures import GROUP_BOXES, texture

from stream.frame import Frame
from workers.models.pack import Pack
from workers.photo_faces import PhotoFace, photo_faces
from workers.tracking.boxes import iou_matrix

Image = npt.NDArray[np.uint8]


def photo(image_bgr: Image) -> Frame:
    return Frame("photo", 0, 0.0, None, image_bgr)


def boxes(faces: list[PhotoFace]) -> npt.NDArray[np.float32]:
    return np.stack([face.box_xyxy for face in faces])


@pytest.fixture(scope="module")
def six(open_pack: Pack, group_image: Image) -> list[PhotoFace]:
    return photo_faces(photo(group_image), open_pack)


@pytest.fixture(scope="module")
def astronaut_faces(open_pack: Pack, astronaut_image: Image) -> list[PhotoFace]:
    return photo_faces(photo(astronaut_image), open_pack)


def test_the_faces_of_a_group_are_found_the_largest_first(six: list[PhotoFace]) -> None:
    assert len(six) == len(GROUP_BOXES)
    sizes = [face.size_px for face in six]
    assert sizes == sorted(sizes, reverse=True)
    # Each box of the photo once.
    assert sorted(iou_matrix(boxes(six), GROUP_BOXES).argmax(axis=1).tolist()) == list(range(6))
    assert iou_matrix(boxes(six), GROUP_BOXES).max(axis=1).min() > 0.6


def test_a_face_says_what_a_search_needs(
    six: list[PhotoFace], astronaut_faces: list[PhotoFace], open_pack: Pack
) -> None:
    (astronaut,) = astronaut_faces
    for face in (*six, astronaut):
        assert face.vector.shape == open_pack.calibration.mean.shape[1:]
        assert np.linalg.norm(face.vector) == pytest.approx(1, abs=1e-5)
        assert face.score >= open_pack.manifest.detector.sure_score
        x1, y1, x2, y2 = face.box_xyxy
        assert face.size_px == pytest.approx(np.sqrt((x2 - x1) * (y2 - y1)), rel=1e-4)
        assert 0.4 * face.size_px < face.effective_px <= face.size_px + 1e-3


def test_a_smaller_copy_of_a_photo_shows_the_same_person(
    open_pack: Pack, astronaut_image: Image, astronaut_faces: list[PhotoFace], six: list[PhotoFace]
) -> None:
    half = cv2.resize(astronaut_image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    (again,) = photo_faces(photo(np.asarray(half, np.uint8)), open_pack)
    (first,) = astronaut_faces
    likeness = float(again.vector @ first.vector)
    assert likeness > 0.9
    assert likeness > 0.05 + max(float(again.vector @ other.vector) for other in six)


def test_boxes_lie_within_the_photo(open_pack: Pack, group_image: Image) -> None:
    # The edges of this part cut through the second and the third face.
    part = np.ascontiguousarray(group_image[160:400, 290:520])
    faces = photo_faces(photo(part), open_pack)
    assert faces
    height, width = part.shape[:2]
    for face in faces:
        x1, y1, x2, y2 = face.box_xyxy.tolist()
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
    assert face.box_xyxy.dtype == np.float32


@pytest.mark.parametrize("shape", [(480, 640, 3), (20, 30, 3), (1, 1, 3)])
def test_in_a_black_picture_there_is_nobody(open_pack: Pack, shape: tuple[int, int, int]) -> None:
    assert photo_faces(photo(np.zeros(shape, np.uint8)), open_pack) == []


def test_smaller_faces_than_asked_for_are_not_looked_for(
    open_pack: Pack, group_image: Image, six: list[PhotoFace]
) -> None:
    faces = photo_faces(photo(group_image), open_pack, min_face_px=300)
    assert len(faces) < len(six)


def test_beside_a_sure_face_nothing_counts_that_only_may_be_one(
    mtcnn_pack: Pack, astronaut_image: Image
) -> None:
    # A badge on her suit looks a little like a face.
    found = mtcnn_pack.detector.detect([astronaut_image], 15)[0]
    assert len(found) == 2
    (face,) = photo_faces(photo(astronaut_image), mtcnn_pack, min_face_px=15)
    assert face.score == max(detection.score for detection in found)


def test_where_no_face_is_sure_all_that_may_be_one_are_shown(mtcnn_pack: Pack) -> None:
    # Round parts of machines look a little like faces.
    garage = np.vstack([texture("motorcycle_left.png"), texture("motorcycle_right.png")])
    faces = photo_faces(photo(garage), mtcnn_pack, min_face_px=19)
    assert len(faces) >= 2
    assert all(face.score < mtcnn_pack.manifest.detector.sure_score for face in faces)
    assert [face.size_px for face in faces] == sorted((face.size_px for face in faces), reverse=True)
