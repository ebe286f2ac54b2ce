from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.models.boxes import sane, suppress
from workers.tracking.boxes import iou_matrix

corner = st.integers(0, 30)
box = st.tuples(corner, corner, st.integers(1, 20), st.integers(1, 20))


@given(
    st.lists(st.tuples(box, st.integers(0, 100)), min_size=1, max_size=20), st.sampled_from([0.2, 0.4, 0.7])
)
def test_kept_are_boxes_that_overlap_no_better_one_that_is_kept(
    drawn: list[tuple[tuple[int, int, int, int], int]], overlap: float
) -> None:
    boxes = np.array([[x, y, x + w, y + h] for (x, y, w, h), _ in drawn], np.float32)
    scores = np.array([score for _, score in drawn], np.float32)
    kept = suppress(boxes, scores, overlap, 0.0)
    iou = iou_matrix(boxes, boxes)
    assert (np.diff(scores[kept]) <= 0).all()
    for k, i in enumerate(kept):
        assert (iou[i, kept[:k]] <= overlap).all()
    for i in set(range(len(boxes))) - set(kept.tolist()):
        better = [k for k in kept if scores[k] >= scores[i]]
        assert iou[i, better].max() > overlap


def test_the_last_pixel_counts_where_it_is_told_to() -> None:
    boxes = np.array([[0, 0, 1, 1], [1, 0, 2, 1]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(boxes, scores, 0.3, 0.0).tolist() == [0, 1]
    # Of 2x2 pixels each they share 2 of 6.
    assert suppress(boxes, scores, 0.3, 1.0).tolist() == [0]


def test_of_nothing_nothing_is_kept() -> None:
    assert suppress(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.4, 1.0).size == 0


@pytest.mark.parametrize(
    "wrong", [[0, 0, 0, 5], [5, 0, 0, 5], [0, 0, np.inf, 5], [np.nan, 0, 5, 5], [0, 0, 0.5, 5]]
)
def test_what_is_no_box_is_told(wrong: list[float]) -> None:
    boxes = np.array([[0, 0, 5, 5], wrong], np.float32)
    landmarks = np.zeros((2, 5, 2), np.float32)
    assert sane(boxes, landmarks).tolist() == [True, False]
    landmarks[0, 3, 1] = np.nan
    assert sane(boxes, landmarks).tolist() == [False, False]
