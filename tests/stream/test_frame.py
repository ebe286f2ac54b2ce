import numpy as np
import pytest

from stream.errors import InvalidFrameError
from stream.frame import Frame


def test_array_becomes_read_only() -> None:
    frame = Frame("cam", 3, 0.12, None, np.zeros((4, 6, 3), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        frame.image_bgr[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("image", "expected", "actual"),
    [
        (np.zeros((4, 6, 3), np.float32), "uint8", "float32"),
        (np.zeros((4, 6), np.uint8), r"\(height, width, 3\)", r"\(4, 6\)"),
        (np.zeros((4, 6, 4), np.uint8), r"\(height, width, 3\)", r"\(4, 6, 4\)"),
        (np.zeros((0, 6, 3), np.uint8), "no side 0", r"\(0, 6, 3\)"),
        (np.zeros((4, 6, 3), np.uint8)[:, ::-1], "contiguous", "strides"),
    ],
)
def test_wrong_array_is_refused_with_expected_and_actual(
    image: np.ndarray, expected: str, actual: str
) -> None:
    with pytest.raises(InvalidFrameError, match=expected) as caught:
        Frame("cam", 3, 0.12, None, image)
    assert caught.match(actual)
    assert caught.match("frame 3 of 'cam'")
    assert caught.value.source == "cam"
