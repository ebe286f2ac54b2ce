"""Tracks are split off a person whom people had made of several, and all else of that stays."""

from __future__ import annotations

import contextlib
import random

import pytest
from cluster_bench import Bench
from decider import Decider, held, owner, tracks_of
from synthetic import Cast

from storage.decision_record import DecisionKind, Side
from workers.rulings import in_force


def three_people(bench: Bench, each: int = 4) -> dict[str, set[str]]:
    """p1, p2 and p3, who have so many tracks each and look like nobody else."""
    cast = Cast()
    bench.take_in(*(cast.track(k % 3, k) for k in range(3 * each)), recluster=True)
    return bench.people()


def narrowed(bench: Bench, decide: Decider) -> tuple[dict[str, set[str]], int, int, str]:
    """Three people before p1 and p2 were merged, that merge, the split of v-1.1.1 off it, and who that is."""
    before = three_people(bench)
    merge = decide.merge("p1", "p2")
    return (before, merge, *decide.split("p1", "v-1.1.1"))


def test_one_face_leaves_a_merge_and_stays_out_of_it(bench: Bench, decide: Decider) -> None:
    with bench.running():
        before = three_people(bench)
        everybody = before["p1"] | before["p2"]
        decide.merge("p1", "p2")
        split, new = decide.split("p1", "v-1.1.1")
        apart = {"p1": everybody - {"v-1.1.1"}, "p3": before["p3"], new: {"v-1.1.1"}}
        assert bench.people() == apart
        for _ in range(3):
            bench.take_in(recluster=True)
    with bench.running():
        bench.take_in(recluster=True)
        assert bench.people() == apart
        assert held(bench)
        decide.undo(split)
        assert bench.people() == {"p1": everybody, "p3": before["p3"]}
        bench.take_in(recluster=True)
        assert bench.people() == {"p1": everybody, "p3": before["p3"]}
    bench.assert_consistent()


@pytest.mark.parametrize("first", ["merge", "split"])
def test_a_merge_and_the_split_that_narrows_it_are_taken_back_in_any_order(
    bench: Bench, decide: Decider, first: str
) -> None:
    with bench.running():
        before = three_people(bench)
        merge = decide.merge("p1", "p2")
        # Of both sides.
        split, new = decide.split("p1", "v-1.0.0", "v-1.1.1")
        if first == "merge":
            decide.undo(merge)
            assert bench.people() == {
                "p1": before["p1"] - {"v-1.0.0"},
                "p2": before["p2"] - {"v-1.1.1"},
                "p3": before["p3"],
                new: {"v-1.0.0", "v-1.1.1"},
            }
            bench.take_in(recluster=True)
            assert bench.members(new) == {"v-1.0.0", "v-1.1.1"}
            decide.undo(split)
        else:
            decide.undo(split)
            decide.undo(merge)
        assert bench.people() == before
        assert held(bench)
    bench.assert_consistent()


def test_who_was_split_off_and_merged_further_stays_there(bench: Bench, decide: Decider) -> None:
    with bench.running():
        before, merge, split, new = narrowed(bench, decide)
        further = decide.merge("p3", new)
        apart = bench.people()
        assert apart == {"p1": before["p1"] | before["p2"] - {"v-1.1.1"}, "p3": before["p3"] | {"v-1.1.1"}}
        decide.undo(split)
        assert bench.people() == apart
        bench.take_in(recluster=True)
        assert bench.people() == apart
        # Not to whom the merge had brought it, for that one counts no more.
        decide.undo(merge)
        assert bench.people() == {**before, "p2": before["p2"] - {"v-1.1.1"}, "p3": apart["p3"]}
        decide.undo(further)
        assert bench.people() == before
    bench.assert_consistent()


def test_whoever_is_back_from_further_on_is_the_merges_again(bench: Bench, decide: Decider) -> None:
    with bench.running():
        before, _, split, new = narrowed(bench, decide)
        further = decide.merge("p3", new)
        decide.undo(split)
        decide.undo(further)
        assert bench.people() == {"p1": before["p1"] | before["p2"], "p3": before["p3"]}
        assert held(bench)
    bench.assert_consistent()


def test_what_was_split_off_goes_back_to_those_it_must_be_with(bench: Bench, decide: Decider) -> None:
    with bench.running():
        before = three_people(bench)
        decide.merge("p1", "p2")
        over = decide.merge("p3", "p1")
        split, new = decide.split("p3", "v-1.1.1")
        decide.undo(over)
        assert bench.people() == {
            "p1": before["p1"] | before["p2"] - {"v-1.1.1"},
            "p3": before["p3"],
            new: {"v-1.1.1"},
        }
        decide.undo(split)
        assert bench.people() == {"p1": before["p1"] | before["p2"], "p3": before["p3"]}
        assert bench.store.person(new).merged_into == "p1"  # type: ignore[union-attr]
    bench.assert_consistent()


def test_what_was_split_off_takes_along_whom_it_was_merged_with(bench: Bench, decide: Decider) -> None:
    with bench.running():
        before, merge, split, new = narrowed(bench, decide)
        decide.merge(new, "p3")
        decide.undo(merge)
        decide.undo(split)
        assert bench.people() == {"p1": before["p1"], "p2": before["p2"] | before["p3"]}
        assert held(bench)
    bench.assert_consistent()


def test_what_was_split_off_goes_not_to_those_who_were_said_to_differ(bench: Bench, decide: Decider) -> None:
    with bench.running():
        before, merge, split, new = narrowed(bench, decide)
        decide.undo(merge)
        decide.differs("p2", new)
        decide.undo(split)
        assert bench.people() == {
            "p1": before["p1"] | {"v-1.1.1"},
            "p2": before["p2"] - {"v-1.1.1"},
            "p3": before["p3"],
        }
        assert held(bench)
    bench.assert_consistent()


def test_who_was_said_to_differ_since_stays_out_of_the_merge(bench: Bench, decide: Decider) -> None:
    with bench.running():
        _, merge, split, new = narrowed(bench, decide)
        differ = decide.make(
            DecisionKind.DIFFERS, Side(new, ("v-1.1.1",)), Side("p1", tracks_of(bench, "p1"))
        )
        decide.undo(split)
        bench.take_in(recluster=True)
        assert bench.members(new) == {"v-1.1.1"}
        assert held(bench)
        decide.undo(merge)
        assert bench.members(new) == {"v-1.1.1"}
        assert held(bench)
        decide.undo(differ)
        bench.take_in(recluster=True)
        assert owner(bench, "v-1.1.1") == "p2"
    bench.assert_consistent()


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in one step"])
def test_a_split_of_a_merge_that_is_not_carried_out_yet_is_the_same(bench: Bench, at_once: bool) -> None:
    with bench.running():
        before = three_people(bench)
    decide = Decider(bench, wait=False)
    with contextlib.ExitStack() as stack:
        if not at_once:
            stack.enter_context(bench.running())
            decide.wait = True
        decide.make(DecisionKind.MERGE, *(Side(i, tuple(sorted(before[i]))) for i in ("p1", "p2")))
        # Whoever splits sees people as they were before that, or after it.
        rest = before["p1"] | (set() if at_once else before["p2"])
        sides = Side("p1", tuple(sorted(rest - {"v-1.0.0"}))), Side("p9", ("v-1.0.0",))
        last = decide.make(DecisionKind.SPLIT, *sides)
        if at_once:
            stack.enter_context(bench.running())
        decide.settle(last)
    assert bench.people() == {
        "p1": (before["p1"] | before["p2"]) - {"v-1.0.0"},
        "p3": before["p3"],
        "p9": {"v-1.0.0"},
    }
    assert owner(bench, "v-1.1.1") == "p1"
    assert held(bench)
    bench.assert_consistent()


def test_a_stranger_keeps_no_name_of_whoever_was_split_off_and_merged_further(
    bench: Bench, decide: Decider
) -> None:
    with bench.running():
        before = three_people(bench)
        bench.log.rename("p1", "Ann")
        decide.merge("p1", "p2")
        split, new = decide.split("p1", "v-1.0.0")
        bench.log.rename(new, "Cy")
        further = decide.merge("p3", new)
        assert bench.store.names()["p3"] == "Cy"
        decide.undo(split)
        decide.undo(further)
        assert bench.people() == {"p1": before["p1"] | before["p2"], "p3": before["p3"]}
        assert bench.store.names() == {"p1": "Ann"}
    bench.assert_consistent()


def test_a_name_that_came_by_way_of_somebody_who_was_put_back_goes_with_whose_it_is(
    bench: Bench, decide: Decider
) -> None:
    with bench.running():
        before = three_people(bench)
        bench.log.rename("p2", "Bea")
        split, new = decide.split("p3", "v-1.2.2")
        merge = decide.merge(new, "p2")
        decide.undo(split)
        assert bench.store.names() == {"p3": "Bea"}
        decide.undo(merge)
        assert bench.people() == before
        assert bench.store.names() == {"p2": "Bea"}
    bench.assert_consistent()


def test_who_was_split_off_and_put_back_into_whoever_had_taken_the_person_over_goes_back_with_them(
    bench: Bench, decide: Decider
) -> None:
    with bench.running():
        before = three_people(bench)
        split, _ = decide.split("p1", "v-1.0.0")
        merge = decide.merge("p2", "p1")
        decide.undo(split)
        decide.undo(merge)
        assert bench.people() == before
    bench.assert_consistent()


def test_whom_another_merge_kept_from_coming_back_comes_when_that_is_taken_back(
    bench: Bench, decide: Decider
) -> None:
    with bench.running():
        cast = Cast()
        bench.take_in(*(cast.track(k % 4, k) for k in range(16)), recluster=True)
        before = bench.people()
        bench.log.rename("p2", "Bea")
        first = decide.merge("p1", "p2")
        split, new = decide.split("p1", "v-1.0.0", "v-1.1.1")
        second = decide.merge(new, "p4")
        for number in (split, first, second):
            decide.undo(number)
        assert bench.people() == before
        assert bench.store.names() == {"p2": "Bea"}
    bench.assert_consistent()


@pytest.mark.parametrize("seed", range(6))
def test_any_merges_and_splits_hold_and_taken_back_in_any_order_leave_everybody_as_they_were(
    bench: Bench, decide: Decider, seed: int
) -> None:
    chance = random.Random(seed)
    cast = Cast()
    with bench.running():
        bench.take_in(*(cast.track(k % 4, k) for k in range(16)), recluster=True)
        before = bench.people()
        for _ in range(14):
            people = sorted(bench.people())
            who = chance.choice(people)
            mine = tracks_of(bench, who)
            moving = chance.sample(mine, chance.randrange(1, min(len(mine), 4))) if len(mine) > 1 else []
            new = ""
            # Some contradict what was decided before.
            with contextlib.suppress(AssertionError):
                if chance.random() < 0.5 and len(people) > 1:
                    decide.merge(who, chance.choice([i for i in people if i != who]))
                elif moving:
                    _, new = decide.split(who, *moving)
            assert not new or bench.members(new) == set(moving)
            assert held(bench)
        bench.take_in(recluster=True)
        assert held(bench)
        numbers = [d.number for d in in_force(bench.log.read()[0])]
        for number in chance.sample(numbers, len(numbers)):
            decide.undo(number)
            assert held(bench)
        bench.take_in(recluster=True)
        assert sorted(map(sorted, bench.people().values())) == sorted(map(sorted, before.values()))
    bench.assert_consistent()
