from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.errors import InferenceError
from workers.models.centerface_answer import read_answers

FloatArray = npt.NDArray[np.float32]

CELL_PX = 4
HEIGHT_PX, WIDTH_PX = 64, 96


def nothing(count: int = 1) -> list[FloatArray]:
    shape = HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX
    return [np.zeros((count, columns, *shape), np.float32) for columns in (1, 2, 2, 10)]


@given(
    st.floats(1, WIDTH_PX - 1),
    st.floats(1, HEIGHT_PX - 1),
    st.floats(2, 80),
    st.floats(2, 80),
    st.floats(0.5, 1, width=32),
)
def test_a_face_is_where_its_cell_says(x: float, y: float, width: float, height: float, score: float) -> None:
    outputs = nothing()
    column, row = int(x / CELL_PX), int(y / CELL_PX)
    outputs[0][0, 0, row, column] = score
    outputs[1][0, :, row, column] = np.log(height / CELL_PX), np.log(width / CELL_PX)
    outputs[2][0, :, row, column] = y / CELL_PX - row - 0.5, x / CELL_PX - column - 0.5
    # Down before across, as shares of the box.
    shares = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    outputs[3][0, :, row, column] = shares[:, ::-1].reshape(-1)
    (found,) = read_answers(outputs, (HEIGHT_PX, WIDTH_PX), 0.4, "model")
    corner = np.array([x - width / 2, y - height / 2])
    np.testing.assert_allclose(found.boxes, [[*corner, x + width / 2, y + height / 2]], atol=1e-3)
    np.testing.assert_allclose(found.landmarks[0], corner + shares * [width, height], atol=1e-3)
    assert found.scores.tolist() == pytest.approx([score])


def test_what_scores_less_is_no_face() -> None:
    outputs = nothing()
    outputs[0][0, 0, 3, 4], outputs[0][0, 0, 8, 9] = 0.3, 0.5
    (found,) = read_answers(outputs, (HEIGHT_PX, WIDTH_PX), 0.4, "model")
    assert found.scores.tolist() == pytest.approx([0.5])


def test_each_picture_has_its_own_faces() -> None:
    outputs = nothing(3)
    outputs[0][1, 0, 2, 2] = 0.9
    found = read_answers(outputs, (HEIGHT_PX, WIDTH_PX), 0.4, "model")
    assert [len(answer.scores) for answer in found] == [0, 1, 0]


def test_boxes_that_are_none_are_passed_over() -> None:
    outputs = nothing()
    outputs[0][0, 0, 1, :4] = 0.9
    outputs[1][0, :, 1, 0] = np.nan
    outputs[1][0, :, 1, 1] = 1000
    outputs[1][0, :, 1, 2] = -9
    (found,) = read_answers(outputs, (HEIGHT_PX, WIDTH_PX), 0.4, "model")
    assert len(found.scores) == 1


def test_answers_of_a_cut_out_part_are_placed_in_the_picture() -> None:
    outputs = nothing()
    outputs[0][0, 0, 4, 5] = 0.9
    (found,) = read_answers(outputs, (HEIGHT_PX, WIDTH_PX), 0.4, "model")
    placed = found.placed(2.0, np.array([100, 50], np.float32))
    np.testing.assert_allclose(placed.boxes, found.boxes * 2 + [100, 50, 100, 50])
    np.testing.assert_allclose(placed.landmarks, found.landmarks * 2 + [100, 50])
    assert placed.detection(0).score == pytest.approx(0.9)


@pytest.mark.parametrize("count", [0, 3])
def test_outputs_of_another_network_are_an_error(count: int) -> None:
    with pytest.raises(InferenceError, match=f"other: has {count} outputs"):
        read_answers(nothing()[:count], (HEIGHT_PX, WIDTH_PX), 0.4, "other")
    with pytest.raises(InferenceError, match="other: has 4 outputs"):
        read_answers(nothing(), (HEIGHT_PX * 2, WIDTH_PX), 0.4, "other")
