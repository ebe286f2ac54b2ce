"""What an undo must leave alone, and what it brings back: decisions over each other in every order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cluster_bench import Bench
from decider import Decider, owner
from synthetic import Cast

Fill = Callable[[int, int], Cast]


@pytest.fixture
def fill(bench: Bench) -> Iterator[Fill]:
    """Takes in people with so many tracks in turn, by a worker; what is left in the end is consistent."""
    with bench.running():

        def take_in(people: int, tracks: int) -> Cast:
            cast = Cast()
            bench.take_in(*(cast.track(k % people, k) for k in range(tracks)), recluster=True)
            return cast

        yield take_in
    bench.assert_consistent()


def test_who_was_merged_anew_is_not_torn_from_there_by_the_undo_of_another_merge(
    bench: Bench, decide: Decider, fill: Fill
) -> None:
    cast = fill(5, 10)
    decide.undo(decide.merge("p1", "p2"))
    decide.merge("p3", "p2")
    bench.take_in(cast.track(2, 100), recluster=True)
    before = bench.people()
    assert set(before) == {"p1", "p3", "p4", "p5"}
    decide.undo(decide.merge("p4", "p5"))
    assert bench.people() == before


def test_who_was_put_back_does_not_come_again_by_the_undo_of_another_merge(
    bench: Bench, decide: Decider, fill: Fill
) -> None:
    fill(5, 10)
    before = bench.people()
    number, new = decide.split("p2", "v-1.6.1")
    decide.undo(decide.merge("p3", new))
    decide.undo(number)
    assert bench.people() == before
    decide.undo(decide.merge("p4", "p5"))
    assert bench.people() == before


def test_who_was_put_back_does_not_come_again_by_the_undo_of_an_older_merge(
    bench: Bench, decide: Decider, fill: Fill
) -> None:
    fill(3, 12)
    before = bench.people()
    older = decide.merge("p2", "p1")
    number, new = decide.split("p2", "v-1.1.1", "v-1.0.0")
    newer = decide.merge("p3", new)
    for each in (number, newer, older):
        decide.undo(each)
    assert new not in bench.people()
    assert bench.people() == before


def test_the_undo_of_a_merge_takes_nothing_from_who_was_not_in_it(
    bench: Bench, decide: Decider, fill: Fill
) -> None:
    fill(4, 12)
    first = decide.merge("p1", "p2")
    number, _ = decide.split("p1", "v-1.1.1", "v-1.0.0")
    decide.undo(first)
    second = decide.merge("p3", "p1")
    decide.undo(number)
    before = bench.people()["p2"]
    decide.undo(second)
    assert bench.people()["p2"] == before


def test_who_was_merged_is_back_also_where_a_track_of_theirs_can_not_be(
    bench: Bench, decide: Decider, fill: Fill
) -> None:
    fill(3, 9)
    bench.log.rename("p1", "Ada")
    bench.log.rename("p3", "Cy")
    number, new = decide.split("p1", "v-1.0.0")
    decide.differs(new, "p3")
    merge = decide.merge("p3", "p1")
    # It has to stay apart from p3, and so from p1 for now.
    decide.undo(number)
    decide.undo(merge)
    assert {owner(bench, track_id) for track_id in ("v-1.3.0", "v-1.6.0")} == {"p1"}
    assert bench.store.names() == {"p1": "Ada", "p3": "Cy"}


def test_all_that_was_taken_back_is_as_if_it_had_not_been_said(
    bench: Bench, decide: Decider, fill: Fill
) -> None:
    fill(3, 9)
    before = bench.people()
    first, _ = decide.split("p2", "v-1.1.1")
    merge = decide.merge("p3", "p2")
    decide.undo(first)
    second, _ = decide.split("p3", "v-1.1.1", "v-1.4.1")
    decide.undo(merge)
    decide.undo(second)
    bench.take_in(recluster=True)
    assert bench.people() == before
