from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from facestream.people.gathered import Gathered


@given(st.lists(st.text(max_size=2)), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=5))
def test_it_is_a_list_however_it_is_looked_at(items: list[str], looks: list[tuple[int, int]]) -> None:
    gathered = Gathered(iter(items), len(items))
    assert len(gathered) == len(items)
    for start, stop in looks:
        assert gathered[start:stop] == items[start:stop]
    assert list(gathered) == items


def test_no_more_is_gathered_than_somebody_looks_at() -> None:
    source = iter("abcdef")
    gathered = Gathered(source, 6)
    assert (gathered[1:3], gathered[0]) == (["b", "c"], "a")
    assert next(source) == "d"
