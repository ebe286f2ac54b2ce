from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.neighbour_lists import NeighbourLists


def slots(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(numbers, np.int32)


def test_neighbours_are_mutual() -> None:
    lists = NeighbourLists()
    first = lists.add(slots())
    second = lists.add(slots(first))
    assert lists.of(first).tolist() == [second]
    assert lists.of(second).tolist() == [first]
    assert lists.remove(first).tolist() == [second]
    assert lists.of(second).tolist() == []
    assert lists.degrees[second] == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1_000_000)), max_size=150))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_and_goes_each_names_its_neighbours(steps: list[tuple[int, int]]) -> None:
    lists, expected = NeighbourLists(), dict[int, set[int]]()
    for kind, seed in [(1, k) for k in range(20)] + steps:
        random = np.random.default_rng(seed)
        if kind == 0 and expected:
            slot = int(random.choice(sorted(expected)))
            near = expected.pop(slot)
            assert set(lists.remove(slot).tolist()) == near
            for other in near:
                expected[other].remove(slot)
        else:
            near = {slot for slot in expected if random.random() < kind / 2}
            slot = lists.add(slots(*near))
            assert slot not in expected
            for other in near:
                expected[other].add(slot)
            expected[slot] = near
        for slot, near in expected.items():
            assert set(lists.of(slot).tolist()) == near
            assert lists.degrees[slot] == len(near)


def test_slots_of_those_who_are_gone_are_used_again() -> None:
    """A list that never changes may keep a few of them, but not ever more."""
    lists = NeighbourLists()
    there = [lists.add(slots(*range(k))) for k in range(10)]
    for k in range(2000):
        lists.remove(there.pop(k % 10))
        there.append(lists.add(np.array(there, np.int32)))
    assert lists.capacity <= 256
