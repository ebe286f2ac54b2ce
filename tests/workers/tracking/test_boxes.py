import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.tracking.boxes import FloatArray, centres, iou_matrix, sides

corners = st.integers(-50, 150)
lengths = st.integers(1, 80)
boxes = st.lists(
    st.builds(lambda x, y, w, h: (x, y, x + w, y + h), corners, corners, lengths, lengths),
    min_size=1,
    max_size=5,
).map(lambda rows: np.array(rows, np.float32))


def painted_iou(a: FloatArray, b: FloatArray) -> float:
    """Overlap by counting pixels: boxes of whole numbers cover whole pixels."""
    masks = np.zeros((2, 300, 300), bool)
    for mask, box in zip(masks, (a, b), strict=True):
        x1, y1, x2, y2 = (int(v) + 60 for v in box)
        mask[y1:y2, x1:x2] = True
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


@settings(max_examples=50, deadline=None)
@given(boxes, boxes)
def test_overlap_is_what_counting_pixels_gives(a: FloatArray, b: FloatArray) -> None:
    found = iou_matrix(a, b)
    expected = [[painted_iou(x, y) for y in b] for x in a]
    assert found.shape == (len(a), len(b))
    assert found == pytest.approx(np.array(expected), abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(boxes)
def test_a_box_overlaps_itself_fully(a: FloatArray) -> None:
    assert np.diag(iou_matrix(a, a)) == pytest.approx(1.0)


def test_boxes_that_touch_do_not_overlap() -> None:
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[10, 0, 20, 10], [0, 10, 10, 20], [30, 30, 40, 40]], np.float32)
    assert iou_matrix(a, b).tolist() == [[0.0, 0.0, 0.0]]


def test_boxes_without_area_overlap_nothing_and_not_even_each_other() -> None:
    empty = np.array([[5, 5, 5, 5]], np.float32)
    around = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], np.float32)
    assert iou_matrix(empty, around).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (3, 0), (0, 0)])
def test_no_boxes_give_an_empty_matrix(rows: int, columns: int) -> None:
    found = iou_matrix(np.zeros((rows, 4), np.float32), np.zeros((columns, 4), np.float32))
    assert found.shape == (rows, columns)


def test_boxes_turned_inside_out_overlap_nothing() -> None:
    turned = np.array([[10, 10, 0, 0], [10, 0, 0, 10]], np.float32)
    assert iou_matrix(turned, np.array([[0, 0, 10, 10]], np.float32)).tolist() == [[0.0], [0.0]]


def test_centres_lie_between_the_corners() -> None:
    assert centres(np.array([[0, 10, 20, 40], [-4, -4, 4, 8]], np.float32)).tolist() == [[10, 25], [0, 2]]


def test_a_side_is_the_geometric_mean_of_width_and_height() -> None:
    found = sides(np.array([[0, 0, 10, 40], [5, 5, 8, 8]], np.float32))
    assert found.tolist() == pytest.approx([20, 3])


def test_boxes_turned_inside_out_have_no_side() -> None:
    turned = np.array([[10, 0, 0, 10], [0, 10, 10, 0], [10, 10, 0, 0]], np.float32)
    assert sides(turned).tolist() == [0, 0, 0]
