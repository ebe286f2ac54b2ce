from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.coverage import Coverage, Stretch

STRETCHES = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda two: (two[0], two[0] + two[1]))


def union_us(stretches: list[Stretch]) -> int:
    return len({moment for start_us, end_us in stretches for moment in range(start_us, end_us)})


@given(st.lists(st.tuples(st.lists(STRETCHES, max_size=4), st.integers(0, 4)), max_size=20))
def test_what_is_kept_from_change_to_change_is_the_length_of_the_union(
    changes: list[tuple[list[Stretch], int]],
) -> None:
    coverage, there = Coverage(), list[Stretch]()
    for come, going in changes:
        gone, there = there[:going], there[going:] + come
        coverage.change(gone, come)
        assert coverage.total_us == union_us(there)
    coverage.change(there, [])
    assert coverage.total_us == 0


def test_a_stretch_without_a_length_covers_nothing() -> None:
    coverage = Coverage()
    coverage.change([], [(3, 3)])
    assert coverage.total_us == 0
