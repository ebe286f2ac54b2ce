from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.drawing.face_map import MOST_PICTURES, placed, with_room

SIZE_IN = np.array([11.0, 8.0])


def overlaps(centres: npt.NDArray[np.float64], side: float) -> int:
    apart = np.abs(centres[:, None] - centres[None])
    return int((apart < side).all(axis=2).sum()) - len(centres)


@settings(max_examples=30)
@given(st.integers(0, 150), st.floats(1e-6, 5.0), st.integers(0, 1000))
def test_squares_never_overlap_nor_leave_the_plane(count: int, spread: float, seed: int) -> None:
    points = np.random.default_rng(seed).normal(SIZE_IN / 2, spread, (count, 2))
    places, side = placed(points, 0.44, SIZE_IN)
    assert overlaps(places, side) == 0
    assert (places >= side / 2 - 1e-9).all()
    assert (places <= SIZE_IN - side / 2 + 1e-9).all()


def test_where_there_is_room_squares_stay() -> None:
    points = np.array([[1.0, 1.0], [3.0, 1.0], [3.0, 5.0]])
    places, side = placed(points, 1.0, SIZE_IN)
    assert places.tolist() == points.tolist()
    assert side == 1.0


def test_a_crowd_becomes_a_block_around_where_it_is() -> None:
    crowd, other = np.full((9, 2), 4.0), np.array([[4.2, 7.0]])
    places, side = placed(np.concatenate([crowd, other]), 0.5, SIZE_IN)
    # Nine squares with their gaps, three by three.
    assert np.abs(places[:9] - 4.0).max() < 1.5 * (side + 0.1)
    assert places[9].tolist() == [4.2, 7.0]


def test_squares_shrink_where_there_is_no_room() -> None:
    places, side = placed(np.full((20, 2), 1.0), 1.0, np.array([2.0, 2.0]))
    assert side < 0.5
    assert overlaps(places, side) == 0


def test_of_many_those_are_chosen_that_do_not_overlap() -> None:
    points = np.random.default_rng(0).uniform(0, 8, (2000, 2))
    chosen = with_room(points, np.zeros(2000, np.intp), 0.4)
    assert 50 < len(chosen) <= MOST_PICTURES
    assert overlaps(points[chosen], 0.4) == 0


def test_no_more_are_chosen_than_can_be_looked_at() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (2000, 2))
    assert len(with_room(points, np.zeros(2000, np.intp), 0.1)) == MOST_PICTURES


def test_every_cluster_is_seen_before_one_is_seen_twice() -> None:
    # A large cluster, three small ones, and many of nobody, all of them far apart.
    labels = np.array([0] * 400 + [1, 2, 3] + [-1] * 300)
    points = np.stack([np.arange(len(labels)) * 1.0, np.zeros(len(labels))], axis=1)
    chosen = labels[with_room(points, labels, 0.5)]
    assert {1, 2, 3} < set(chosen.tolist())
    assert abs(int((chosen == 0).sum()) - int((chosen == -1).sum())) <= 1


@pytest.mark.parametrize("labels", [[0, 0, 0], [-1, -1, -1]])
def test_the_most_central_comes_first(labels: list[int]) -> None:
    points = np.array([[0.0, 0.0], [0.5, 0.0], [0.9, 0.0]])
    assert with_room(points, np.array(labels), 1.0).tolist() == [1]
