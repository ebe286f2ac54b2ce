"""Distances of all with all, and what is wrong with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from workers.clustering.distances import (
    checked_distances,
    cosine_distances,
    neighbour_distances,
    share_within,
    unit_vectors,
)

LINE = np.abs(np.subtract.outer(np.array([0.0, 1, 3, 7]), np.array([0.0, 1, 3, 7])))


def random_vectors(count: int, dimension: int = 16) -> npt.NDArray[np.float64]:
    return np.random.default_rng(count).normal(size=(count, dimension))


def test_distances_of_directions() -> None:
    found = cosine_distances([[1, 0], [5, 0], [0, 2], [-3, 0]])
    assert found == pytest.approx(np.array([[0, 0, 1, 2], [0, 0, 1, 2], [1, 1, 0, 1], [2, 2, 1, 0]]))


@pytest.mark.parametrize("count", [1, 2, 300, 1025, 2100])
def test_distances_are_symmetric_to_the_last_bit(count: int) -> None:
    vectors = random_vectors(count)
    found = cosine_distances(vectors.astype(np.float32))
    assert (found == found.T).all()
    assert not found.diagonal().any()
    assert found is checked_distances(found)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.allclose(found, 1 - units @ units.T, atol=1e-6)


def test_copies_are_never_less_than_nothing_apart() -> None:
    vectors = np.repeat(random_vectors(3, 128), 20, axis=0)
    found = cosine_distances(vectors)
    assert found.min() == 0
    assert found[:20, :20].max() < 1e-12


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ([], r"shape \(0,\)"),
        (np.zeros((0, 4)), r"shape \(0, 4\)"),
        ([1.0, 2.0], r"shape \(2,\)"),
        ([[1, 0], [0, 0]], "vector 1 is all zeros"),
        ([[1, 0], [0, 1], [np.nan, 1]], "vector 2 holds a value that is not finite"),
        ([[np.inf, 0]], "vector 0 holds a value that is not finite"),
    ],
)
def test_vectors_without_a_direction_are_named(vectors: npt.ArrayLike, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        unit_vectors(vectors)
    with pytest.raises(ValueError, match=said):
        cosine_distances(vectors)


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        ((1, 2), np.nan, "from item 1 to item 2 is not finite: nan"),
        ((3, 0), np.inf, "from item 3 to item 0 is not finite: inf"),
        ((0, 3), -1.0, "from item 0 to item 3 is negative: -1"),
        ((2, 3), 9.0, "from item 2 to item 3 differs from the way back: 9"),
        ((2, 2), 0.5, "from item 2 to itself is 0.5, not 0"),
    ],
)
def test_what_is_no_distance_is_named(at: tuple[int, int], value: float, said: str) -> None:
    wrong = LINE.copy()
    wrong[at] = value
    with pytest.raises(ValueError, match=said):
        checked_distances(wrong)


def test_a_wrong_distance_is_named_far_down_as_well() -> None:
    wrong = np.zeros((1500, 1500))
    wrong[1400, 7] = 1
    with pytest.raises(ValueError, match="from item 7 to item 1400 differs from the way back: 0"):
        checked_distances(wrong)


@pytest.mark.parametrize("shape", [(2, 3), (4,), (2, 2, 2)])
def test_what_is_not_square_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="are not square"):
        checked_distances(np.zeros(shape))


def test_no_item_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        checked_distances(np.zeros((0, 0)))


def test_share_of_near_pairs_by_hand() -> None:
    # Pairs: 1, 3, 7, 2, 6, 4.
    assert share_within(LINE, 0.5) == 0
    assert share_within(LINE, 3) == 3 / 6
    assert share_within(LINE, 7) == 1
    assert share_within(np.zeros((1, 1)), 1) == 0


def test_neighbours_are_counted_from_the_item_itself() -> None:
    assert neighbour_distances(LINE, 1).tolist() == [0, 0, 0, 0]
    assert neighbour_distances(LINE, 2).tolist() == [1, 1, 2, 4]
    assert neighbour_distances(LINE, 4).tolist() == [7, 6, 4, 7]
    with pytest.raises(ValueError, match="neighbour 5 is asked for, and there are 4 items"):
        neighbour_distances(LINE, 5)
