"""Detector and embedder beside insightface's own, on true models and pictures."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from like_device import LikeDevice

from workers.faces.alignment import align, umeyama
from workers.models.detection import Detection
from workers.models.detector_parts import GridPart
from workers.models.device import DeviceKind
from workers.models.families import DETECTORS, arcface_template
from workers.models.grid_detector import GridDetector
from workers.models.pack import Pack, load_pack

Image = npt.NDArray[np.uint8]

DATA = Path(os.environ.get("FACESTREAM_TEST_DATA", "/nowhere"))
FOLDER = DATA / "models" / "scrfd_mbf"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="needs FACESTREAM_TEST_DATA"),
]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load_pack(str(FOLDER), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def pictures(group_image: Image) -> list[Image]:
    """A group, frames of a video and photos of one face."""
    with (DATA / "lfw_halves.csv").open(newline="") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["half"] == "calibrate"][:6]
    photos = [cv2.imread(str(next((DATA / "lfw" / name).glob("*.jpg")))) for name in names]
    video = cv2.VideoCapture(str(DATA / "clips" / "sitcom.mp4"))
    frames = [video.read()[1] for _ in range(120)][::24]
    video.release()
    return [group_image, *frames, *(np.asarray(photo, np.uint8) for photo in photos)]


@pytest.fixture(scope="module")
def detector(pack: Pack) -> GridDetector:
    """That of the pack without what insightface doesn't do."""
    part = pack.manifest.detector
    assert isinstance(part, GridPart)
    return GridDetector(FOLDER / part.file, part.model_copy(update={"look_twice": False}))


@pytest.fixture(scope="module")
def faces(detector: GridDetector, pictures: list[Image]) -> list[list[Detection]]:
    """What it finds in each picture."""
    return [list(found) for found in detector.detect(pictures, 0)]


def test_boxes_landmarks_and_scores_are_those_of_scrfd(
    faces: list[list[Detection]], pictures: list[Image]
) -> None:
    from insightface.model_zoo.scrfd import SCRFD

    original = SCRFD(str(FOLDER / "det_2.5g.onnx"))
    original.prepare(-1)
    number = 0
    for image, found in zip(pictures, faces, strict=True):
        boxes, landmarks = original.detect(image)
        number += len(boxes)
        assert len(found) == len(boxes)
        for face, box, points in zip(found, boxes, landmarks, strict=True):
            assert face.box_xyxy == pytest.approx(box[:4], abs=1e-3)
            assert face.landmarks == pytest.approx(points, abs=1e-3)
            assert face.score == pytest.approx(box[4], abs=1e-5)
    assert number >= 15


@pytest.mark.filterwarnings("ignore:.*estimate.* is deprecated:FutureWarning")
def test_vectors_are_those_of_arcface(pack: Pack, pictures: list[Image]) -> None:
    from insightface.model_zoo.arcface_onnx import ArcFaceONNX
    from insightface.utils.face_align import estimate_norm, norm_crop

    original = ArcFaceONNX(str(FOLDER / "rec_mobilefacenet.onnx"))
    original.prepare(-1)
    template = arcface_template(112)
    same = 0
    for image, faces in zip(pictures, pack.detector.detect(pictures, 0), strict=True):
        for face in faces:
            matrix = estimate_norm(face.landmarks)
            assert umeyama(face.landmarks, template) == pytest.approx(matrix, rel=1e-3, abs=1e-2)
            expected = original.get(image, SimpleNamespace(kps=face.landmarks))
            expected /= np.linalg.norm(expected)
            (by_their_chip,) = pack.embedder.embed([norm_crop(image, face.landmarks)])
            assert by_their_chip == pytest.approx(expected, abs=1e-4)
            # Faces that get much smaller are averaged before, which insightface doesn't do.
            if np.hypot(*matrix[:, 0]) >= 0.5:
                (ours,) = pack.embedder.embed([align(image, face.landmarks, template, 112)])
                assert float(ours @ expected) > 0.999
                same += 1
    assert same >= 10


def test_a_folder_of_insightface_models_is_a_pack(pack: Pack) -> None:
    assert pack.manifest.title == "SCRFD + ArcFace"
    assert pack.manifest.model_id == "arcface-108a506c6f34f1f9"
    assert pack.embedder.dimension == 128


def test_several_pictures_in_one_call_give_what_each_gives_alone(pictures: list[Image]) -> None:
    path = FOLDER / "det_2.5g.onnx"
    part = GridPart(file=path.name, look_twice=False, **DETECTORS["scrfd"].facts)
    together, one = GridDetector(path, part, batches=(1, 4)), GridDetector(path, part)
    assert (together.batches, one.batches) == ((1, 4), (1,))
    for several, image in zip(together.detect(pictures[:3], 0), pictures, strict=False):
        alone = one.detect([image], 0)[0]
        assert len(several) == len(alone)
        for face, other in zip(several, alone, strict=True):
            assert face.box_xyxy == pytest.approx(other.box_xyxy, abs=1e-2)
            assert face.landmarks == pytest.approx(other.landmarks, abs=1e-2)
            assert face.score == pytest.approx(other.score, abs=1e-4)


@pytest.mark.parametrize("kind", [DeviceKind.CUDA, DeviceKind.OPENVINO])
def test_pictures_that_a_device_prepares_show_the_same_faces(
    faces: list[list[Detection]], pictures: list[Image], kind: DeviceKind
) -> None:
    path = FOLDER / "det_2.5g.onnx"
    part = GridPart(file=path.name, look_twice=False, **DETECTORS["scrfd"].facts)
    device = GridDetector(path, part, device=LikeDevice(kind))
    for found, expected in zip(device.detect(pictures, 0), faces, strict=True):
        assert len(found) == len(expected)
        for face, other in zip(found, expected, strict=True):
            assert face.box_xyxy == pytest.approx(other.box_xyxy, abs=0.25)
            assert face.landmarks == pytest.approx(other.landmarks, abs=0.25)
            assert face.score == pytest.approx(other.score, abs=0.005)
