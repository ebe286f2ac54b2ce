from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from anatomy import assert_anatomical
from face_pictures import GROUP_BOXES, texture

from workers.models.build import built_path
from workers.models.detection import Detection
from workers.models.mtcnn import MtcnnDetector
from workers.models.pack import Pack
from workers.tracking.boxes import iou_matrix

Image = npt.NDArray[np.uint8]


def boxes(detections: Sequence[Detection]) -> npt.NDArray[np.float32]:
    return np.stack([detection.box_xyxy for detection in detections])


def assert_same(found: Sequence[Detection], expected: Sequence[Detection]) -> None:
    """Equal up to what another batch size changes in the last digits of a convolution."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one.box_xyxy - other.box_xyxy).max() < 0.01
        assert np.abs(one.landmarks - other.landmarks).max() < 0.01
        assert abs(one.score - other.score) < 1e-4


def test_the_six_faces_of_a_group_are_found(mtcnn_faces: list[Detection]) -> None:
    assert len(mtcnn_faces) == 6
    assert iou_matrix(boxes(mtcnn_faces), GROUP_BOXES).diagonal().min() > 0.75


def test_a_portrait_has_one_face(mtcnn_pack: Pack, astronaut_image: Image) -> None:
    (face,) = mtcnn_pack.detector.detect([astronaut_image], 40)[0]
    assert iou_matrix(face.box_xyxy[None], np.array([[178, 62, 266, 173]], np.float32)) > 0.8
    assert face.score > 0.95


def test_landmarks_are_in_anatomical_order_inside_the_box(
    mtcnn_pack: Pack, mtcnn_faces: list[Detection], astronaut_image: Image
) -> None:
    assert_anatomical([*mtcnn_faces, *mtcnn_pack.detector.detect([astronaut_image], 40)[0]])


def test_best_score_comes_first(mtcnn_pack: Pack, group_image: Image) -> None:
    scores = [face.score for face in mtcnn_pack.detector.detect([group_image], 40)[0]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0.6


def test_calls_side_by_side_give_the_same_to_the_last_bit(
    mtcnn_pack: Pack, model_cache: Path, group_image: Image
) -> None:
    names = ("pnet.onnx", "rnet.onnx", "onet.onnx")
    folder = built_path(mtcnn_pack.manifest, model_cache)
    # Small faces are looked for: more candidates than one batch of each network takes.
    answers = [
        MtcnnDetector(*(folder / name for name in names), threads=1, lanes=lanes).detect([group_image], 14)[0]
        for lanes in (1, 3)
    ]
    assert len(answers[0]) >= 6
    for one, other in zip(*answers, strict=True):
        assert np.array_equal(one.box_xyxy, other.box_xyxy)
        assert np.array_equal(one.landmarks, other.landmarks)
        assert one.score == other.score


def test_large_pictures_by_halves_show_the_same_faces(
    mtcnn_pack: Pack, model_cache: Path, group_image: Image
) -> None:
    names = ("pnet.onnx", "rnet.onnx", "onet.onnx")
    folder = built_path(mtcnn_pack.manifest, model_cache)
    by_halves, in_one_step = (
        MtcnnDetector(*(folder / name for name in names), halves=halves) for halves in (True, False)
    )
    height, width = group_image.shape[:2]
    # Of odd numbers of pixels.
    large = np.asarray(cv2.resize(group_image, (2 * width + 1, 2 * height + 3)), np.uint8)
    found, expected = (detector.detect([large], 60)[0] for detector in (by_halves, in_one_step))
    # Here and there something that is no face looks a little like one.
    sure = [face for face in expected if face.score > 0.9]
    assert len(sure) >= 5
    for face in sure:
        side = face.box_xyxy[2] - face.box_xyxy[0]
        near = min(found, key=lambda other: float(np.abs(other.box_xyxy - face.box_xyxy).max()))
        assert np.abs(near.box_xyxy - face.box_xyxy).max() < 0.15 * side
        assert np.abs(near.landmarks - face.landmarks).max() < 0.15 * side
    assert any((one.box_xyxy != other.box_xyxy).any() for one, other in zip(found, expected, strict=False))
    # With small ones looked for, nothing is halved.
    small = [detector.detect([group_image], 23)[0] for detector in (by_halves, in_one_step)]
    for one, other in zip(*small, strict=True):
        assert (one.box_xyxy == other.box_xyxy).all()


def test_several_pictures_of_several_sizes_equal_single_calls(
    mtcnn_pack: Pack, group_image: Image, astronaut_image: Image
) -> None:
    flipped = np.ascontiguousarray(astronaut_image[:, ::-1])
    empty = np.full((512, 512, 3), 90, np.uint8)
    pictures = [astronaut_image, group_image[:600], flipped, empty, group_image[:600, ::-1].copy()]
    together = mtcnn_pack.detector.detect(pictures, 40)
    assert [len(found) for found in together] == [1, 6, 1, 0, 6]
    for picture, found in zip(pictures, together, strict=True):
        assert_same(found, mtcnn_pack.detector.detect([picture], 40)[0])


def test_mirrored_picture_has_mirrored_faces(mtcnn_pack: Pack, group_image: Image) -> None:
    width = group_image.shape[1]
    found = boxes(mtcnn_pack.detector.detect([np.ascontiguousarray(group_image[:, ::-1])], 40)[0])
    back = np.stack([width - found[:, 2], found[:, 1], width - found[:, 0], found[:, 3]], axis=1)
    assert iou_matrix(GROUP_BOXES, back).max(axis=1).min() > 0.7


@pytest.mark.parametrize("name", ["brick.png", "grass.png", "gravel.png", "coffee.png"])
def test_textures_and_things_have_no_face(mtcnn_pack: Pack, name: str) -> None:
    assert mtcnn_pack.detector.detect([texture(name)], 40) == [[]]


@pytest.mark.parametrize("blur", [0, 2, 8])
def test_noise_has_no_face(mtcnn_pack: Pack, blur: int) -> None:
    noise = np.random.default_rng(blur).integers(0, 256, (160, 240, 3)).astype(np.uint8)
    if blur:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), blur), np.uint8)
    assert mtcnn_pack.detector.detect([noise], 20) == [[]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (11, 300), (12, 12), (13, 12)])
def test_pictures_smaller_than_a_face_are_empty(mtcnn_pack: Pack, shape: tuple[int, int]) -> None:
    assert mtcnn_pack.detector.detect([np.full((*shape, 3), 127, np.uint8)], 12) == [[]]


def test_no_picture_gives_no_answer(mtcnn_pack: Pack) -> None:
    assert mtcnn_pack.detector.detect([], 40) == []


def test_only_faces_of_the_least_size_are_found(mtcnn_pack: Pack, group_image: Image) -> None:
    picture = np.zeros_like(group_image)
    # Large faces (about 120 px) in the upper half, the same at a quarter of the size below.
    picture[:443] = group_image[50:493]
    small = np.asarray(
        cv2.resize(group_image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.uint8
    )
    picture[500 : 500 + small.shape[0], 100 : 100 + small.shape[1]] = small
    coarse = boxes(mtcnn_pack.detector.detect([picture], 80)[0])
    fine = boxes(mtcnn_pack.detector.detect([picture], 20)[0])
    assert (coarse[:, 1] < 443).all()
    assert len(coarse) >= 5
    assert (fine[:, 1] > 500).sum() >= 5


def test_a_face_at_the_edge_reaches_over_it(mtcnn_pack: Pack, astronaut_image: Image) -> None:
    cut = np.ascontiguousarray(astronaut_image[:, 190:])
    (face,) = mtcnn_pack.detector.detect([cut], 40)[0]
    assert face.box_xyxy[0] < 0
    assert face.box_xyxy[2] == pytest.approx(266 - 190, abs=12)


@pytest.mark.parametrize("shift", [(0, 0), (18, 0), (-18, 0), (0, 18), (0, -18), (12, 12)])
def test_refine_finds_the_face_near_a_shifted_box(
    mtcnn_pack: Pack, group_image: Image, shift: tuple[int, int]
) -> None:
    moved = GROUP_BOXES + np.array([*shift, *shift], np.float32)
    found = mtcnn_pack.detector.refine(group_image, moved)
    assert len(found) == 6
    assert all(face is not None for face in found)
    overlap = iou_matrix(boxes([face for face in found if face]), GROUP_BOXES).diagonal()
    assert overlap.min() > 0.6


def test_refine_sees_no_face_on_background_and_keeps_the_order(mtcnn_pack: Pack, group_image: Image) -> None:
    background = np.array([600, 700, 700, 800], np.float32)
    outside = np.array([-500, -500, -400, -400], np.float32)
    found = mtcnn_pack.detector.refine(
        group_image, np.stack([background, GROUP_BOXES[3], outside, GROUP_BOXES[0]])
    )
    assert [face is None for face in found] == [True, False, True, False]
    assert found[1] is not None
    assert iou_matrix(found[1].box_xyxy[None], GROUP_BOXES).argmax() == 3


def test_refine_of_no_box_is_empty(mtcnn_pack: Pack, group_image: Image) -> None:
    assert mtcnn_pack.detector.refine(group_image, np.empty((0, 4), np.float32)) == []


def test_refine_takes_more_boxes_than_fit_one_batch(mtcnn_pack: Pack, group_image: Image) -> None:
    many = np.tile(GROUP_BOXES, (50, 1))
    found = mtcnn_pack.detector.refine(group_image, many)
    assert len(found) == 300
    assert_same([face for face in found[-6:] if face], [face for face in found[:6] if face])
    assert all(face is not None for face in found)
