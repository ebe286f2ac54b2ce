import numpy as np
import pytest

from workers.models.detection import Detection, read_only

BOX = np.array([1, 2, 3, 4], np.float32)
POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)


def test_arrays_are_copied_and_read_only() -> None:
    box = BOX.copy()
    detection = Detection(box, POINTS, 0.5)
    box[0] = 99
    assert detection.box_xyxy.tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="read-only"):
        detection.box_xyxy[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        detection.landmarks[0, 0] = 0


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_arrays_become_float32(dtype: type) -> None:
    detection = Detection(BOX.astype(dtype), POINTS.astype(dtype), 0.5)
    assert detection.box_xyxy.dtype == detection.landmarks.dtype == np.float32


@pytest.mark.parametrize(
    ("box", "points", "expected", "actual"),
    [
        (BOX[:3], POINTS, r"\(4,\)", r"box_xyxy has shape \(3,\)"),
        (BOX, POINTS[:4], r"\(5, 2\)", r"landmarks has shape \(4, 2\)"),
        (BOX, POINTS.T, r"\(5, 2\)", r"landmarks has shape \(2, 5\)"),
    ],
)
def test_wrong_shape_is_refused_with_expected_and_actual(
    box: np.ndarray, points: np.ndarray, expected: str, actual: str
) -> None:
    with pytest.raises(ValueError, match=expected) as caught:
        Detection(box, points, 0.5)
    assert caught.match(actual)


def test_read_only_leaves_its_argument_writable() -> None:
    box = BOX.copy()
    read_only(box, np.float32, (4,), "box")
    box[0] = 5
    assert box[0] == 5
