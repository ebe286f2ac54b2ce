"""K-medoids: against all possible choices where they can be counted, and against its own beginning."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.distances import cosine_distances
from workers.clustering.kmedoids import first_medoids, medoids, nearest_medoids

Distances = npt.NDArray[np.float64]
Places = list[tuple[int, int]]


def between(places: npt.ArrayLike) -> Distances:
    """Distances of places on a line."""
    found: Distances = np.abs(np.subtract.outer(np.asarray(places, float), np.asarray(places, float)))
    return found


def cost(distances: Distances, chosen: npt.ArrayLike) -> float:
    return float(distances[:, np.asarray(chosen, np.intp)].min(axis=1).sum())


# Whole numbers, so that many distances are alike, and places in a plane.
points = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=24)


def in_plane(places: npt.ArrayLike) -> Distances:
    where = np.asarray(places, float)
    found: Distances = np.linalg.norm(where[:, None] - where[None], axis=2)
    return found


def test_the_middle_of_each_heap_is_chosen() -> None:
    distances = between([0, 1, 2, 100, 101, 102, 103, 104])
    assert sorted(medoids(distances, 2)) == [1, 5]
    assert nearest_medoids(distances, np.array([5, 1])).tolist() == [1, 1, 1, 0, 0, 0, 0, 0]


@given(points, st.data())
def test_no_swap_of_one_medoid_brings_items_nearer(
    places: list[tuple[int, int]], data: st.DataObject
) -> None:
    distances = in_plane(places)
    k = data.draw(st.integers(1, len(places)))
    chosen = medoids(distances, k).tolist()
    reached = cost(distances, chosen)
    assert len(set(chosen)) == k
    for medoid in chosen:
        for other in set(range(len(places))) - set(chosen):
            swapped = [other if item == medoid else item for item in chosen]
            assert cost(distances, swapped) >= reached - 1e-9


@given(points, st.data())
def test_swapping_is_never_worse_than_the_beginning(
    places: list[tuple[int, int]], data: st.DataObject
) -> None:
    distances = in_plane(places)
    k = data.draw(st.integers(1, len(places)))
    assert cost(distances, medoids(distances, k)) <= cost(distances, first_medoids(distances, k)) + 1e-9


@given(points, st.data())
def test_each_choice_of_the_beginning_is_the_best_next_one(places: Places, data: st.DataObject) -> None:
    distances = in_plane(places)
    chosen = first_medoids(distances, data.draw(st.integers(1, len(places)))).tolist()
    for k in range(len(chosen)):
        left = set(range(len(places))) - set(chosen[:k])
        best = min(cost(distances, [*chosen[:k], item]) for item in left)
        assert cost(distances, chosen[: k + 1]) == pytest.approx(best, abs=1e-9)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=9), st.booleans())
def test_it_is_the_best_choice_where_one_swap_leads_from_any_to_any(places: Places, one: bool) -> None:
    # With one medoid, and with all items but one.
    distances, k = in_plane(places), 1 if one else len(places) - 1
    best = min(cost(distances, chosen) for chosen in combinations(range(len(places)), k))
    assert cost(distances, medoids(distances, k)) == pytest.approx(best, abs=1e-9)


def test_heaps_far_apart_are_found_as_by_trying_all() -> None:
    random = np.random.default_rng(3)
    places = np.concatenate([random.normal(centre, 1, 5) for centre in (0, 50, 120)])
    distances = between(random.permutation(places))
    best = min(cost(distances, chosen) for chosen in combinations(range(15), 3))
    assert cost(distances, medoids(distances, 3)) == pytest.approx(best)


def test_swapping_betters_a_beginning_that_was_greedy() -> None:
    # The first, in the middle of all, is of no use once both heaps have theirs.
    distances = between([-11, -10, -9, 0, 9, 10, 11])
    assert first_medoids(distances, 2).tolist() == [3, 1]
    assert cost(distances, [3, 1]) == 2 + 9 + 10 + 11
    # One heap has its middle, the other one and the item between share a medoid.
    assert cost(distances, medoids(distances, 2)) == 2 + 9 + 1 + 2


def test_many_items_are_swapped_in_blocks() -> None:
    random = np.random.default_rng(0)
    distances = cosine_distances(random.normal(size=(1200, 8)))
    chosen = medoids(distances, 40)
    labels = nearest_medoids(distances, chosen)
    assert (distances[np.arange(1200), chosen[labels]] == distances[:, chosen].min(axis=1)).all()
    assert cost(distances, chosen) < cost(distances, first_medoids(distances, 40))


def test_doubles_have_medoids_of_their_own() -> None:
    distances = between([5, 5, 5, 9])
    for k in range(1, 5):
        chosen = medoids(distances, k)
        labels = nearest_medoids(distances, chosen)
        assert sorted(set(labels.tolist())) == list(range(k))
        assert labels[chosen].tolist() == list(range(k))


@pytest.mark.parametrize("k", [0, -1, 4])
def test_more_clusters_than_items_are_refused(k: int) -> None:
    with pytest.raises(ValueError, match=f"k is {k}, and there are 3 items"):
        medoids(between([1, 2, 3]), k)


def test_what_is_no_distance_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        medoids([[0, np.nan], [np.nan, 0]], 1)
    with pytest.raises(ValueError, match="not square"):
        medoids([[0.0, 1.0]], 1)
