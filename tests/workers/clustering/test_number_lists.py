from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.clustering.number_lists import NumberLists

LISTS = 6
numbers = st.lists(st.integers(0, 1000), max_size=40)
steps = st.one_of(
    st.tuples(st.integers(0, LISTS - 1), numbers),
    st.tuples(st.sets(st.integers(0, LISTS - 1)), st.integers(0, 1000)),
)


def array(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, np.int32)


@given(st.lists(numbers, max_size=LISTS), st.lists(steps, max_size=40))
def test_lists_hold_what_was_put_and_appended_and_nothing_of_each_other(
    first: list[list[int]], then: list[tuple[int, list[int]] | tuple[set[int], int]]
) -> None:
    lists = NumberLists()
    lists.grow(LISTS)
    expected = [*first, *([] for _ in range(LISTS - len(first)))]
    lists.fill(
        array([number for values in first for number in values]),
        np.array([len(values) for values in first], np.intp),
    )
    for step in then:
        if isinstance(step[0], int):
            assert isinstance(step[1], list)
            lists.put(step[0], array(step[1]))
            expected[step[0]] = step[1]
        else:
            assert isinstance(step[1], int)
            lists.append(array(sorted(step[0])), step[1])
            for number in step[0]:
                expected[number] = [*expected[number], step[1]]
        assert [lists[k].tolist() for k in range(len(lists))] == expected


def test_places_that_lists_leave_are_used_by_others() -> None:
    lists = NumberLists()
    lists.grow(64)
    all_of_them = np.arange(64, dtype=np.int32)
    places = list[int]()
    for _ in range(3):
        for number in range(100):
            lists.append(all_of_them, number)
        places.append(lists.pool_numbers)
        for number in range(64):
            lists.put(number, all_of_them[:0])
    assert places == [places[0]] * 3
    assert places[0] <= 5 * 64 * 100
