import numpy as np
import pytest

from stream.orientation import Orientation

IMAGE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ONE = 65536


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], np.int32).tobytes()


@pytest.mark.parametrize(
    ("abcd", "clockwise_deg"),
    [((ONE, 0, 0, ONE), 0), ((0, ONE, -ONE, 0), 90), ((-ONE, 0, 0, -ONE), 180), ((0, -ONE, ONE, 0), 270)],
)
def test_quarter_turns(abcd: tuple[int, int, int, int], clockwise_deg: int) -> None:
    orientation = Orientation.from_display_matrix(matrix(*abcd))
    assert orientation.rotation_deg == clockwise_deg
    np.testing.assert_array_equal(orientation.apply(IMAGE), np.rot90(IMAGE, -clockwise_deg // 90))
    assert Orientation.from_rotation(-clockwise_deg) == orientation


@pytest.mark.parametrize(
    ("abcd", "clockwise_deg"),
    [((-ONE, 0, 0, ONE), 0), ((0, -ONE, -ONE, 0), 90), ((ONE, 0, 0, -ONE), 180), ((0, ONE, ONE, 0), 270)],
)
def test_mirrored_turns_swap_left_and_right_first(
    abcd: tuple[int, int, int, int], clockwise_deg: int
) -> None:
    orientation = Orientation.from_display_matrix(matrix(*abcd))
    assert orientation.rotation_deg == clockwise_deg
    np.testing.assert_array_equal(orientation.apply(IMAGE), np.rot90(IMAGE[:, ::-1], -clockwise_deg // 90))


def test_slight_tilt_and_short_matrix_count_as_upright() -> None:
    assert Orientation.from_display_matrix(matrix(65000, 8000, -8000, 65000)) == Orientation()
    assert Orientation.from_display_matrix(b"\0" * 12) == Orientation()


def test_result_is_contiguous() -> None:
    assert Orientation(transpose=True, flip_x=True).apply(IMAGE).flags.c_contiguous
