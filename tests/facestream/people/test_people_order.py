from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from facestream.people.people_filter import SORTS, sorted_people
from facestream.people.people_order import PeopleOrder
from facestream.people.person import Person
from facestream.people.sighting import Sighting


def person(number: int, name: str, seconds: float, starts_s: list[float]) -> Person:
    seen = tuple(Sighting("v-1", "/a.mp4", s, s + 1, None, 1.0) for s in sorted(starts_s))
    return Person(f"p{number}", name, seconds, 3, 1, seen, ())


# Few values, so that many are equal.
people = st.builds(
    person,
    st.integers(1, 12),
    st.sampled_from(["", "Ada", "ada", "Bob"]),
    st.sampled_from([1.0, 2.0]),
    st.lists(st.sampled_from([0.0, 5.0]), min_size=1, max_size=2),
)


@given(
    st.lists(people, unique_by=lambda p: p.id),
    st.lists(st.one_of(people, st.integers(1, 12)), max_size=12),
    st.sampled_from(SORTS),
    st.booleans(),
)
def test_it_stays_the_order_of_a_list_whatever_comes_and_goes(
    first: list[Person], changes: list[Person | int], by: str, reverse: bool
) -> None:
    order = PeopleOrder(first, by, reverse=reverse)
    there = {one.id: one for one in first}
    for change in changes:
        if isinstance(change, Person):
            there[change.id] = change
            order.put(change)
        else:
            there.pop(f"p{change}", None)
            order.remove(f"p{change}")
        expected = [one.id for one in sorted_people(there.values(), by, reverse=reverse)]
        found = order.ids()
        assert (list(found), len(found)) == (expected, len(expected))
        assert [found[1:3], found[2:], found[5:2]] == [expected[1:3], expected[2:], []]
        assert not expected or found[0] == expected[0]


@given(st.sets(st.integers(1, 200), max_size=60), st.booleans())
def test_some_people_have_the_order_of_all(numbers: set[int], reverse: bool) -> None:
    everybody = [person(n, "", float(n % 7), [0.0]) for n in range(1, 150)]
    order = PeopleOrder(everybody, "seconds", reverse=reverse)
    some = {f"p{n}" for n in numbers}
    assert list(order.of_some(some)) == [i for i in order.ids() if i in some]
