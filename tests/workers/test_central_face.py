from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from face_pictures import GROUP_BOXES

from workers.central_face import central_face
from workers.models.pack import Pack
from workers.tracking.boxes import iou_matrix

Image = npt.NDArray[np.uint8]


def test_of_several_faces_the_one_in_the_middle_is_meant(open_pack: Pack, group_image: Image) -> None:
    for box in GROUP_BOXES[[1, 4]]:
        centre = ((box[:2] + box[2:]) / 2).astype(int)
        # Neighbours stay in the picture.
        left, right = max(centre[0] - 270, 0), centre[0] + 270
        part = group_image[:, left:right][max(centre[1] - 120, 0) : centre[1] + 120]
        face = central_face(open_pack, part)
        assert face is not None
        shifted = box - np.tile([left, max(centre[1] - 120, 0)], 2)
        assert iou_matrix(face.box_xyxy[None], shifted[None].astype(np.float32))[0, 0] > 0.4


def test_a_small_face_is_found_where_there_is_no_large_one(open_pack: Pack, astronaut_image: Image) -> None:
    small = np.asarray(cv2.resize(astronaut_image, (150, 150), interpolation=cv2.INTER_AREA), np.uint8)
    face = central_face(open_pack, small)
    assert face is not None
    assert face.box_xyxy[2] - face.box_xyxy[0] < 40


def test_a_picture_without_anybody_has_no_face(open_pack: Pack) -> None:
    assert central_face(open_pack, np.full((120, 120, 3), 90, np.uint8)) is None
