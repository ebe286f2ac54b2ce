from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from counted_calls import counted_calls
from grid_models import (
    SIDE_PX,
    write_grid_model,
    write_mixing_scrfd,
    write_retinaface,
    write_scrfd,
    write_yunet,
)
from like_device import LikeDevice

from workers.errors import ModelError
from workers.models.detection import Detection
from workers.models.detector_parts import GridPart
from workers.models.device import CPU, Device, DeviceKind
from workers.models.families import DETECTORS
from workers.models.grid_detector import GridDetector
from workers.models.grid_input import GridInput

Image = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]


def part(kind: str, **changes: Any) -> GridPart:
    facts = {"look_twice": False, **DETECTORS[kind].facts, **changes}
    return GridPart(file="model.onnx", **{"input_px": SIDE_PX, **facts})


def noise(height: int = SIDE_PX, width: int = SIDE_PX, seed: int = 0) -> Image:
    """A picture with patches of all colours."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (max(height // 8, 1), max(width // 8, 1), 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def as_arrays(found: list[Detection]) -> tuple[Float, Float]:
    boxes = np.array([[*face.box_xyxy, face.score] for face in found], np.float32).reshape(-1, 5)
    return boxes, np.array([face.landmarks for face in found], np.float32).reshape(-1, 5, 2)


def assert_same(found: list[list[Detection]], expected: list[list[Detection]]) -> None:
    for here, there in zip(map(as_arrays, found), map(as_arrays, expected), strict=True):
        assert here[0] == pytest.approx(there[0], abs=1e-3)
        assert here[1] == pytest.approx(there[1], abs=1e-3)


@pytest.fixture
def scrfd(tmp_path: Path) -> GridDetector:
    return GridDetector(write_scrfd(tmp_path / "scrfd.onnx"), part("scrfd"), 1)


# Decoding, beside the originals ---------------------------------------------------------------------------


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("shape", [(SIDE_PX, SIDE_PX), (300, 200), (90, 120)])
def test_what_scrfd_answers_is_read_as_insightface_reads_it(
    tmp_path: Path, flat: bool, shape: tuple[int, int]
) -> None:
    from insightface.model_zoo.scrfd import SCRFD

    path = write_scrfd(tmp_path / "scrfd.onnx", flat=flat)
    image = noise(*shape)
    boxes, landmarks = SCRFD(str(path)).detect(image)
    ours = as_arrays(GridDetector(path, part("scrfd"), 1).detect([image], 0)[0])
    assert len(boxes) > 3
    # It cuts sides off to whole pixels, and goes back by one of them both ways: of 300x200, 128x85 was shown.
    height, width = shape
    scale = SIDE_PX / max(shape)
    fitted = int(width * scale), int(height * scale)
    stretch = np.array([fitted[0] / width, fitted[1] / height]) / (fitted[1] / height)
    assert abs(stretch - 1).max() < 1 / SIDE_PX
    assert ours[0] * [*stretch, *stretch, 1] == pytest.approx(boxes, abs=1e-3)
    assert ours[1] * stretch == pytest.approx(landmarks, abs=1e-3)


@pytest.mark.parametrize("shape", [(300, 203), (91, 120), (128, 128)])
def test_faces_are_where_the_network_saw_them_up_to_the_last_column(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    seen = GridInput(part("scrfd"), SIDE_PX, SIDE_PX)
    height, width = shape
    ((given,), (scale,)) = seen.prepared([np.full((*shape, 3), 255, np.uint8)], 1)
    shown = given[0].max(axis=0) > 0
    edge_px = np.array(
        [np.flatnonzero(shown.any(axis=0)).max() + 1, np.flatnonzero(shown.any(axis=1)).max() + 1]
    )
    assert edge_px / scale == pytest.approx([width, height], abs=1e-6)


def test_what_insightfaces_retinaface_answers_is_read_as_insightface_reads_it(tmp_path: Path) -> None:
    from insightface.model_zoo.retinaface import RetinaFace

    path = write_scrfd(tmp_path / "retinaface.onnx", flat=True)
    image = noise()
    boxes, landmarks = RetinaFace(str(path)).detect(image)
    # Of that class, not of the PyTorch implementation.
    as_there = part("retinaface", colours="rgb", mean=(127.5,) * 3, scale=1 / 128)
    ours = as_arrays(GridDetector(path, as_there, 1).detect([image], 0)[0])
    assert len(boxes) > 3
    assert ours[0] == pytest.approx(boxes, abs=1e-3)
    assert ours[1] == pytest.approx(landmarks, abs=1e-3)


def test_grids_of_five_sizes_with_one_anchor_are_read_as_well(tmp_path: Path) -> None:
    from insightface.model_zoo.scrfd import SCRFD

    columns = {"score": 1, "bbox": 4, "kps": 10}
    path = write_grid_model(
        tmp_path / "five.onnx", columns, side_px=256, bias=-1, strides_px=(8, 16, 32, 64, 128)
    )
    image = noise(256, 256)
    boxes, _ = SCRFD(str(path)).detect(image)
    ours, _ = as_arrays(GridDetector(path, part("scrfd", input_px=None), 1).detect([image], 0)[0])
    assert len(boxes) > 3
    assert ours == pytest.approx(boxes, abs=1e-3)


def test_what_yunet_answers_is_read_as_opencv_reads_it(tmp_path: Path) -> None:
    path = write_yunet(tmp_path / "yunet.onnx")
    facts = part("yunet")
    image = noise()
    original = cv2.FaceDetectorYN.create(
        str(path), "", (SIDE_PX, SIDE_PX), facts.threshold, facts.nms_iou, 5000
    )
    _, faces = original.detect(image)
    boxes, landmarks = as_arrays(GridDetector(path, facts, 1).detect([image], 0)[0])
    assert len(faces) > 3
    # OpenCV compares boxes whose corners were rounded: what is kept at the very limit may differ.
    matched = [k for k, face in enumerate(faces) if np.abs(boxes[:, 4] - face[14]).min() < 1e-5]
    assert len(matched) >= 0.8 * max(len(faces), len(boxes))
    for k in matched:
        x, y, width, height = faces[k, :4]
        ours = int(np.abs(boxes[:, 4] - faces[k, 14]).argmin())
        assert boxes[ours, :4] == pytest.approx([x, y, x + width, y + height], abs=1e-2)
        assert landmarks[ours].ravel() == pytest.approx(faces[k, 4:14], abs=1e-2)


def test_retinaface_moves_and_grows_its_prior_boxes(tmp_path: Path) -> None:
    detect = part("retinaface")
    still = GridDetector(write_retinaface(tmp_path / "still.onnx"), detect, 1).detect([noise()], 0)[0]
    by_side = sorted(still, key=lambda face: float(np.ptp(face.box_xyxy[::2])))
    assert [face.box_xyxy.tolist() for face in by_side] == [[-4, -4, 12, 12], [-144, -144, 368, 368]]
    assert by_side[0].landmarks.tolist() == [[4, 4]] * 5
    assert [face.score for face in still] == pytest.approx([0.9, 0.9])

    moves = {"shift": 1.0, "growth": 5 * np.log(2), "landmark": -1.0}
    path = write_retinaface(tmp_path / "moved.onnx", moves)
    moved = GridDetector(path, detect, 1).detect([noise()], 0)[0]
    small = min(moved, key=lambda face: float(np.ptp(face.box_xyxy[::2])))
    # A tenth of the side of 16 to the right and down, and twice as large.
    assert small.box_xyxy == pytest.approx([5.6 - 16, 5.6 - 16, 5.6 + 16, 5.6 + 16], abs=1e-4)
    assert small.landmarks == pytest.approx(np.full((5, 2), 2.4), abs=1e-5)


def test_without_landmarks_they_are_where_they_are_on_average(tmp_path: Path) -> None:
    path = write_scrfd(tmp_path / "boxes.onnx", landmarks=False)
    found = GridDetector(path, part("scrfd"), 1).detect([noise()], 0)[0]
    assert len(found) > 3
    for face in found:
        left, top, right, bottom = face.box_xyxy
        assert (face.landmarks > [left, top]).all()
        assert (face.landmarks < [right, bottom]).all()
        # Eyes above the mouth, left of the picture before right.
        assert face.landmarks[0, 1] < face.landmarks[3, 1]
        assert face.landmarks[0, 0] < face.landmarks[1, 0]


# Pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", ["N", 1, 3])
@pytest.mark.parametrize("batches", [None, (1, 2, 4)])
def test_pictures_of_one_call_are_found_as_if_each_were_alone(
    tmp_path: Path, batch: str | int, batches: tuple[int, ...] | None
) -> None:
    images = [noise(seed=k) for k in range(6)] + [noise(60, 200, seed=9)]
    path = write_scrfd(tmp_path / "scrfd.onnx", batch=batch)
    several = GridDetector(path, part("scrfd"), 1, batches=batches)
    assert several.batches == ((3,) if batch == 3 else batches or (1,))
    one = GridDetector(write_scrfd(tmp_path / "one.onnx"), part("scrfd"), 1)
    assert_same(several.detect(images, 0), [one.detect([image], 0)[0] for image in images])
    assert several.detect([], 0) == []


@pytest.mark.parametrize("kind", ["flat scrfd", "flat scrfd of any batch", "yunet"])
def test_a_file_for_one_picture_is_rewritten_for_several(tmp_path: Path, kind: str) -> None:
    path, cache = tmp_path / "detector.onnx", tmp_path / "cache"
    if kind == "yunet":
        write_yunet(path)
    else:
        write_scrfd(path, flat=True, batch="N" if kind.endswith("any batch") else 1)
    detect = part(kind.split()[-1] if kind == "yunet" else "scrfd")
    images = [noise(seed=k) for k in range(5)]
    several = GridDetector(path, detect, 1, batches=(1, 4), cache=cache)
    assert several.batches == (1, 4)
    one = GridDetector(path, detect, 1)
    assert one.batches == (1,)
    expected = [one.detect([image], 0)[0] for image in images]
    assert sum(map(len, expected)) > 15
    assert_same(several.detect(images, 0), expected)
    # The second time from the cache.
    assert_same(GridDetector(path, detect, 1, batches=(1, 4), cache=cache).detect(images, 0), expected)
    assert len(list(cache.iterdir())) == 1


def test_a_file_that_cannot_be_rewritten_is_given_one_picture_after_the_other(tmp_path: Path) -> None:
    path = write_mixing_scrfd(tmp_path / "mixing.onnx")
    several = GridDetector(path, part("scrfd"), 1, batches=(1, 4))
    assert several.batches == (1,)
    images = [noise(seed=k) for k in range(3)]
    assert_same(several.detect(images, 0), [several.detect([image], 0)[0] for image in images])


def test_a_file_for_one_size_is_used_at_the_size_of_the_manifest(tmp_path: Path) -> None:
    columns, twice = {"score": 1, "bbox": 4, "kps": 10}, part("scrfd", input_px=256)
    small = write_grid_model(tmp_path / "small.onnx", columns, anchors=2)
    large = write_grid_model(tmp_path / "large.onnx", columns, anchors=2, side_px=256)
    images = [noise(300, 200, seed) for seed in range(3)]
    expected = GridDetector(large, twice, 1).detect(images, 0)
    assert all(len(faces) > 3 for faces in expected)
    assert_same(GridDetector(small, twice, 1, cache=tmp_path / "cache").detect(images, 0), expected)
    assert_same(GridDetector(small, twice, 1, batches=(1, 4)).detect(images, 0), expected)


def test_a_file_that_cannot_be_opened_is_used_at_its_size_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, asked = write_retinaface(tmp_path / "r.onnx"), part("retinaface")
    expected = GridDetector(path, asked, 1).detect([noise()], 0)
    assert not caplog.records
    other = GridDetector(path, part("retinaface", input_px=256), 1)
    assert "made for pictures of 128x128 px" in caplog.text
    assert_same(other.detect([noise()], 0), expected)


@pytest.mark.parametrize("device", [CPU, LikeDevice(DeviceKind.CUDA)], ids=str)
def test_half_precision_finds_the_same_faces(tmp_path: Path, device: Device) -> None:
    path = write_scrfd(tmp_path / "scrfd.onnx", flat=True)
    whole, half = (
        GridDetector(path, part("scrfd"), 1, device, batches=(1, 2), half=h) for h in (False, True)
    )
    assert (whole.half, half.half) == (False, True)
    one, other = (as_arrays(detector.detect([noise()], 0)[0])[0] for detector in (whole, half))
    assert len(one) > 3
    best = one[:, 4].argmax()
    assert other[other[:, 4].argmax()] == pytest.approx(one[best], abs=0.5)


@pytest.mark.parametrize("shape", [(1, 1), (2, 1000), (1000, 2), (17, 33)])
def test_pictures_of_any_shape_can_be_looked_at(scrfd: GridDetector, shape: tuple[int, int]) -> None:
    for face in scrfd.detect([noise(*shape)], 0)[0]:
        assert np.isfinite(face.box_xyxy).all()


def test_small_faces_are_left_out(scrfd: GridDetector) -> None:
    image = noise()
    everything = scrfd.detect([image], 0)[0]
    sides = [float((face.box_xyxy[2:] - face.box_xyxy[:2]).max()) for face in everything]
    least = sorted(sides)[len(sides) // 2]
    found = scrfd.detect([image], least)[0]
    assert 0 < len(found) < len(everything)
    assert [face.score for face in found] == [
        face.score for face, side in zip(everything, sides, strict=True) if side >= least
    ]


def test_the_best_face_comes_first_and_none_is_found_twice(scrfd: GridDetector) -> None:
    found = scrfd.detect([noise()], 0)[0]
    scores = [face.score for face in found]
    assert scores == sorted(scores, reverse=True)
    assert len({tuple(face.box_xyxy.tolist()) for face in found}) == len(found)


def test_a_large_face_that_is_doubtful_is_looked_at_again_at_half_the_size(tmp_path: Path) -> None:
    # Of prior boxes, the one that is as large as the picture has a score by itself, the other never.
    path = write_retinaface(tmp_path / "retinaface.onnx", {"score": 0.7})
    image = noise(SIDE_PX * 2, SIDE_PX * 2)
    once = GridDetector(path, part("retinaface", sure_score=0.8), 1).detect([image], 0)[0]
    twice = GridDetector(path, part("retinaface", sure_score=0.8, look_twice=True), 1).detect([image], 0)[0]
    sides = [sorted(float(np.ptp(face.box_xyxy[::2])) for face in found) for found in (once, twice)]
    # In half of the input the same box is one of twice the size; small ones are none of a second look.
    assert sides == [[32, 1024], [32, 1024, 2048]]
    sure = GridDetector(path, part("retinaface", sure_score=0.6, look_twice=True), 1).detect([image], 0)[0]
    assert len(sure) == len(once)


# Devices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DeviceKind.CUDA, DeviceKind.TENSORRT, DeviceKind.OPENVINO])
@pytest.mark.parametrize("decoding", ["scrfd", "yunet", "retinaface"])
def test_a_device_that_prepares_pictures_itself_finds_the_same_faces(
    tmp_path: Path, decoding: str, kind: DeviceKind
) -> None:
    write = {"scrfd": write_scrfd, "yunet": write_yunet, "retinaface": write_retinaface}[decoding]
    path, facts = write(tmp_path / "detector.onnx"), part(decoding, look_twice=True)
    here, there = GridDetector(path, facts, 1), GridDetector(path, facts, 1, LikeDevice(kind))
    # Larger ones, smaller ones, one too large to travel whole, and in one call with others of its size.
    images = [noise(2 * SIDE_PX, 2 * SIDE_PX, k) for k in range(3)]
    images += [noise(SIDE_PX // 2, SIDE_PX), noise(4 * SIDE_PX, 3 * SIDE_PX)]
    expected = [here.detect([image], 0)[0] for image in images]
    assert sum(map(len, expected)) >= 10
    assert_same(there.detect(images, 0), expected)
    for image, faces in zip(images, expected, strict=True):
        assert_same([there.detect([image], 0)[0]], [faces])


@pytest.mark.parametrize("shape", [(300, 200), (70, 90)])
def test_what_is_rounded_otherwise_on_a_device_moves_boxes_little(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    path, image = write_scrfd(tmp_path / "scrfd.onnx"), noise(*shape)
    here, there = (
        as_arrays(GridDetector(path, part("scrfd"), 1, device).detect([image], 0)[0])[0]
        for device in (CPU, LikeDevice(DeviceKind.CUDA))
    )
    assert len(here) > 3
    # With weights by lot, many scores are nearly the same: which box is kept of two hangs on the last digits.
    nearest = np.abs(here[:, None] - there[None]).max(axis=2).min(axis=1)
    assert (nearest < 0.1).mean() > 0.95


# Expected faces -------------------------------------------------------------------------------------------


def test_where_a_face_is_expected_it_is_found_again_and_elsewhere_nothing(scrfd: GridDetector) -> None:
    image = noise()
    faces = scrfd.detect([image], 0)[0]
    nowhere = np.array([[1000, 1000, 1010, 1010]], np.float32)
    boxes = np.concatenate([np.stack([face.box_xyxy for face in faces[:3]]), nowhere])
    *again, none = scrfd.refine(image, boxes)
    assert none is None
    for face, expected in zip(again, faces[:3], strict=True):
        assert face is not None
        assert face.box_xyxy == pytest.approx(expected.box_xyxy, abs=1e-3)
    assert scrfd.refine(image, np.empty((0, 4), np.float32)) == []


def test_less_is_asked_of_a_face_that_is_expected(tmp_path: Path) -> None:
    image, path = noise(), write_scrfd(tmp_path / "scrfd.onnx")
    best = GridDetector(path, part("scrfd", threshold=0.1), 1).detect([image], 0)[0][0]
    strict = GridDetector(path, part("scrfd", threshold=min(best.score * 1.2, 1.0)), 1)
    assert strict.detect([image], 0) == [[]]
    (found,) = strict.refine(image, best.box_xyxy[None])
    assert found is not None
    assert found.score == pytest.approx(best.score)


def test_pictures_shown_together_share_calls_and_can_be_asked_about_in_any_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = GridDetector(write_scrfd(tmp_path / "scrfd.onnx", batch="N"), part("scrfd"), 1, batches=(1, 4))
    images = [noise(300, 200), noise(), noise(90, 120), noise(seed=1), noise(seed=2)]
    found = [detector.detect([image], 20)[0] for image in images]
    boxes = [np.stack([face.box_xyxy for face in faces[:2]]) for faces in found]
    again = [detector.refine(image, some) for image, some in zip(images, boxes, strict=True)]
    calls = counted_calls(monkeypatch)
    assert detector.at_once == 4
    shown = detector.show(images)
    assert calls == [4, 1]
    assert_same([each.detect(20) for each in shown], found)
    near = [each.refine(some) for each, some in zip(shown, boxes, strict=True)]
    assert_same([[face for face in faces if face] for faces in near], [[f for f in a if f] for a in again])
    assert shown[0].refine(np.empty((0, 4), np.float32)) == []
    assert calls == [4, 1]


# What is no such detector ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "other"), [("scrfd", "yunet"), ("yunet", "scrfd"), ("retinaface", "yunet")])
def test_a_model_of_another_kind_is_refused_with_the_key(tmp_path: Path, kind: str, other: str) -> None:
    write = {"yunet": write_yunet, "scrfd": write_scrfd}[other]
    path = write(tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=rf"other\.onnx: is not what detector\.decoding = '{kind}' asks for"):
        GridDetector(path, part(kind), 1)


def test_a_model_that_takes_no_pictures_is_refused(tmp_path: Path) -> None:
    from workers.models.graph import GraphBuilder

    graph = GraphBuilder("sound", {"sound": ["N", 16000]})
    graph.node("Identity", "sound", output="same")
    graph.save(tmp_path / "sound.onnx", {"same": ["N", 16000]})
    with pytest.raises(ModelError, match=r"sound\.onnx: takes input of shape .* a detector takes pictures"):
        GridDetector(tmp_path / "sound.onnx", part("scrfd"), 1)


def test_scores_that_are_none_are_refused(tmp_path: Path) -> None:
    path = write_grid_model(tmp_path / "scores.onnx", {"a": 4, "b": 4, "c": 10, "d": 10}, anchors=2)
    with pytest.raises(ModelError, match=r"scores\.onnx: is not what detector\.decoding"):
        GridDetector(path, part("scrfd"), 1)
