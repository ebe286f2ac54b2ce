"""Names over merges, and what their undoing leaves of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster_bench import Bench
from decider import Decider
from synthetic import Cast


@pytest.fixture
def three(bench: Bench) -> Iterator[Bench]:
    """Three people, of whom nothing was said, and a worker; what is left of them in the end is consistent."""
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k, k) for k in range(3)), recluster=True)
        yield bench
    bench.assert_consistent()


def test_a_name_goes_over_with_a_merge_and_back_with_its_undo(three: Bench, decide: Decider) -> None:
    three.log.rename("p2", "Ada")
    number = decide.merge("p1", "p2")
    assert three.store.names() == {"p1": "Ada"}
    decide.undo(number)
    assert three.store.names() == {"p2": "Ada"}
    # A name that was given since stays.
    number = decide.merge("p1", "p2")
    three.log.rename("p1", "Countess")
    decide.undo(number)
    assert three.store.names() == {"p1": "Countess", "p2": "Ada"}
    assert [p.name for p in three.store.people()] == ["Countess", "Ada", ""]


@pytest.mark.parametrize("first_is_undone_first", [True, False])
def test_undoing_a_chain_of_merges_leaves_a_name_with_whom_it_was_given_to(
    three: Bench, decide: Decider, first_is_undone_first: bool
) -> None:
    three.log.rename("p2", "Bob")
    numbers = [decide.merge("p1", "p2"), decide.merge("p3", "p1")]
    assert three.store.names() == {"p3": "Bob"}
    for number in numbers if first_is_undone_first else reversed(numbers):
        decide.undo(number)
    assert three.store.names() == {"p2": "Bob"}
    assert [p.name for p in three.store.people()] == ["", "Bob", ""]


@pytest.mark.parametrize(
    ("merges", "between"),
    [
        # Of the two who were given the name, one keeps the other's side.
        ((("p1", "p2"), ("p3", "p1")), {"p2": "Bob", "p3": "Bob"}),
        # Both are with somebody who has it from them alone.
        ((("p1", "p2"), ("p1", "p3")), {"p1": "Bob", "p2": "Bob"}),
    ],
)
def test_two_who_were_given_a_name_have_it_when_both_merges_are_undone(
    three: Bench, decide: Decider, merges: tuple[tuple[str, str], ...], between: dict[str, str]
) -> None:
    three.log.rename("p2", "Bob")
    three.log.rename("p3", "Bob")
    first, second = [decide.merge(*sides) for sides in merges]
    decide.undo(first)
    assert three.store.names() == between
    decide.undo(second)
    assert three.store.names() == {"p2": "Bob", "p3": "Bob"}
