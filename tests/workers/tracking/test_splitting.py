from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.tracking.splitting import border_between, split_point, turns


def ratios(people: list[int], *, same: float = 5.0, different: float = -5.0) -> np.ndarray:
    who = np.array(people)
    return np.where(who[:, None] == who[None], same, different).astype(np.float32)


@pytest.mark.parametrize("border", [1, 2, 3])
def test_a_track_of_two_people_is_split_where_the_second_begins(border: int) -> None:
    assert split_point(ratios([0] * border + [1] * (4 - border))) == border


@pytest.mark.parametrize("count", [0, 1])
def test_one_sample_can_not_be_split(count: int) -> None:
    assert split_point(np.full((count, count), -8, np.float32)) is None


def test_a_track_of_one_person_stays_whole() -> None:
    assert split_point(ratios([0, 0, 0, 0])) is None


def test_samples_that_only_lean_to_two_people_stay_together() -> None:
    assert split_point(ratios([0, 0, 1, 1], different=-1.9)) is None
    assert split_point(ratios([0, 0, 1, 1], different=-2.1)) == 2


def test_the_threshold_itself_does_not_split() -> None:
    assert split_point(ratios([0, 1], different=-2.0)) is None
    assert split_point(ratios([0, 1], different=-2.0), threshold=-1.0) == 1


def test_somebody_who_comes_back_is_no_reason_to_split() -> None:
    # A face doesn't change back and forth: one odd sample in the middle is a poor sample.
    assert split_point(ratios([0, 1, 0, 0], same=5, different=-3)) is None


def test_how_alike_a_sample_is_to_itself_does_not_matter() -> None:
    odd = ratios([0, 0, 1, 1])
    np.fill_diagonal(odd, 1000)
    assert split_point(odd) == 2


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_the_border_is_the_one_across_which_samples_are_least_alike(count: int, seed: int) -> None:
    random = np.random.default_rng(seed).normal(-2, 4, (count, count))
    symmetric = ((random + random.T) / 2).astype(np.float32)
    across = {}
    for k in range(1, count):
        pairs = [float(symmetric[i, j]) for i in range(k) for j in range(k, count)]
        across[k] = sum(pairs) / len(pairs)
    at = split_point(symmetric)
    if at is None:
        assert min(across.values()) >= -2 - 1e-5
    else:
        assert across[at] < -2 + 1e-5
        assert across[at] == pytest.approx(min(across.values()), abs=1e-5)


@pytest.mark.parametrize("border", [2, 3, 4, 5])
def test_faces_between_go_to_whom_they_are_like(border: int) -> None:
    people = [0] * border + [1] * (7 - border)
    assert border_between(ratios(people), 2, 5) == border


def test_without_faces_between_the_border_is_known() -> None:
    assert border_between(ratios([0, 0, 1, 1]), 2, 2) == 2


def test_one_odd_face_between_does_not_move_the_border_past_the_others() -> None:
    # The third leans to the second person a little, the two after it to the first a lot.
    leaning = ratios([0, 0, 0, 0, 0, 1, 1])
    leaning[2, :2], leaning[2, 5:] = -1, 1
    assert border_between(leaning, 2, 5) == 5


# Turns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "borders"),
    [
        ([0, 0, 1, 1, 0, 0], [2, 4]),
        ([0, 0, 1, 1, 1, 0, 0, 0], [2, 5]),
        ([0, 0, 1, 1, 2, 2], [2, 4]),
        ([0, 0, 1, 1, 0, 0, 1, 1], [2, 4, 6]),
    ],
)
def test_people_who_take_turns_are_told_apart(people: list[int], borders: list[int]) -> None:
    assert turns(ratios(people)) == borders


@pytest.mark.parametrize(
    "people",
    [
        [],
        [0],
        [0, 1],
        [0, 0, 0, 0, 0],
        # Once and for all.
        [0, 0, 0, 1, 1, 1],
        # One odd face is a poor one.
        [0, 0, 1, 0, 0],
        [1, 0, 0, 0, 2],
    ],
)
def test_nobody_takes_turns_where_no_face_comes_back_for_a_while(people: list[int]) -> None:
    assert turns(ratios(people)) == []


def test_turns_need_faces_that_differ_clearly() -> None:
    assert turns(ratios([0, 0, 1, 1, 0, 0], same=1, different=-3.9)) == []
    assert turns(ratios([0, 0, 1, 1, 0, 0], same=1, different=-4.1)) == [2, 4]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_turns_are_those_of_the_best_of_all_divisions(count: int, seed: int) -> None:
    random = np.random.default_rng(seed).normal(0, 6, (count, count))
    symmetric = ((random + random.T) / 2).astype(np.float32)

    def inside(bounds: tuple[int, ...]) -> float:
        return sum(float(np.triu(symmetric[a:b, a:b], 1).sum()) for a, b in pairwise(bounds))

    divisions = [
        (0, *borders, count)
        for size in range(count)
        for borders in combinations(range(1, count), size)
        if all(b - a >= 2 for a, b in pairwise((0, *borders, count)))
    ]
    found = turns(symmetric)
    assert len(found) != 1
    bounds = (0, *found, count)
    for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False):
        assert symmetric[a:b, b:c].mean() < -4
    if divisions:
        # What was found is the best one, or that without borders that are not clear.
        best = max(divisions, key=inside)
        assert set(found) <= set(best)
        clear = all(
            symmetric[a:b, b:c].mean() < -4 for a, b, c in zip(best, best[1:], best[2:], strict=False)
        )
        assert not clear or len(best) < 4 or list(best[1:-1]) == found
