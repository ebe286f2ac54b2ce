"""Faces by a Haar cascade. OpenCV 5 has none: a stand-in says where it would find faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from workers.errors import ModelError, WeightsError
from workers.models.combination import find_combination, load_combination
from workers.models.detection import Detection
from workers.models.pack import Pack

Image = npt.NDArray[np.uint8]

pytestmark = pytest.mark.usefixtures("cascade_file")


class Cascade:
    """Answers with the same boxes (left, top, width, height) at every size of the picture."""

    shares: npt.NDArray[np.float64] = np.empty((0, 4))

    def __init__(self, path: str) -> None:
        self.path = path

    def empty(self) -> bool:
        return not Path(self.path).read_bytes().startswith(b"<?xml")

    def detectMultiScale(self, grey: Image, *, minSize: tuple[int, int], **_: Any) -> npt.NDArray[np.int32]:  # noqa: N802, N803
        height, width = grey.shape
        boxes = np.rint(self.shares * [width, height, width, height]).astype(np.int32)
        return boxes[boxes[:, 2] >= minSize[0]]


@pytest.fixture
def cascade_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cascade where OpenCV has its own ones."""
    path = tmp_path / "data" / "haarcascade_frontalface_default.xml"
    path.parent.mkdir()
    path.write_text("<?xml version='1.0'?>")
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "__init__.py"))
    monkeypatch.setattr(cv2, "CascadeClassifier", Cascade, raising=False)
    return path


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[[npt.ArrayLike, Image], None]:
    """Say which boxes (left, top, right, bottom), px, the cascade finds in a picture."""

    def say(boxes_xyxy: npt.ArrayLike, image: Image) -> None:
        boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 4).copy()
        boxes[:, 2:] -= boxes[:, :2]
        height, width = image.shape[:2]
        monkeypatch.setattr(Cascade, "shares", boxes / [width, height, width, height])

    return say


def haar(cache: Path) -> Pack:
    return load_combination(find_combination("haar+dlib"), cache, threads=1)


def test_hits_of_the_cascade_get_the_landmarks_of_the_network(
    group_image: Image,
    group_faces: list[Detection],
    model_cache: Path,
    finds: Callable[[npt.ArrayLike, Image], None],
) -> None:
    finds([face.box_xyxy for face in group_faces], group_image)

    found = haar(model_cache).detector.detect([group_image, group_image], 40)

    for faces in found:
        faces = sorted(faces, key=lambda face: float(face.box_xyxy[0]))
        assert len(faces) == len(group_faces)
        for face, known in zip(faces, group_faces, strict=True):
            side = known.box_xyxy[2] - known.box_xyxy[0]
            assert np.abs(face.landmarks - known.landmarks).max() < 0.1 * side


def test_a_hit_without_a_face_and_a_second_one_on_a_face_are_dropped(
    group_image: Image,
    group_faces: list[Detection],
    model_cache: Path,
    finds: Callable[[npt.ArrayLike, Image], None],
) -> None:
    box = group_faces[0].box_xyxy
    finds([box, box + 4, [0, 0, 60, 60]], group_image)

    (faces,) = haar(model_cache).detector.detect([group_image], 40)

    assert len(faces) == 1


def test_smaller_hits_than_asked_for_are_not_looked_at(
    group_image: Image,
    group_faces: list[Detection],
    model_cache: Path,
    finds: Callable[[npt.ArrayLike, Image], None],
) -> None:
    finds([face.box_xyxy for face in group_faces], group_image)
    assert haar(model_cache).detector.detect([group_image], 2000) == [[]]


def test_a_picture_that_is_smaller_than_the_window_holds_no_face(model_cache: Path) -> None:
    assert haar(model_cache).detector.detect([np.zeros((10, 200, 3), np.uint8)], 20) == [[]]


def test_an_opencv_without_cascades_is_an_error_with_its_mend(
    model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(ModelError, match=r"pip install 'opencv-python<5'"):
        haar(model_cache)


def test_a_missing_and_a_broken_cascade_are_errors(model_cache: Path, cascade_file: Path) -> None:
    cascade_file.write_text("no cascade")
    with pytest.raises(WeightsError, match="can't read this cascade"):
        haar(model_cache)
    cascade_file.unlink()
    with pytest.raises(WeightsError, match="missing"):
        haar(model_cache)
