"""A split narrows the merges before it: they are one person, except for these tracks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_constraints import hold_in
from told_decisions import differs, merge, split, undo

from storage.decision_record import Decision, DecisionKind, Side
from workers.rulings import (
    constraints_of,
    contradicted,
    in_force,
    origins,
    own_tracks,
    sides_left,
)

TRACKS = "abcdefgh"
Step = tuple[str, int, int, int]


def bound(log: list[Decision], track: str) -> str:
    return "".join(sorted(constraints_of(log).with_(track)))


def apart(log: list[Decision], track: str) -> str:
    return "".join(sorted(constraints_of(log).against(track)))


# One merge, and what is split off


@pytest.mark.parametrize("moving", ["a", "b", "c", "d", "ac", "bcx"])
def test_some_of_each_side_of_a_merge_can_be_split_off_again(moving: str) -> None:
    log = [merge("p1:ab", "p2:cde", number=1)]
    rest = "".join(t for t in "abcdex" if t not in moving)
    new = split(f"p1:{rest}", f"p9:{moving}", number=2)
    assert contradicted(log, new) is None
    log.append(new)
    left = rest.replace("x", "")
    assert {bound(log, track) for track in left} == {left}
    assert {bound(log, track) for track in moving} == {moving}
    assert {apart(log, track) for track in moving} == {rest}
    log.append(undo(2, number=3))
    assert {bound(log, track) for track in "abcde"} == {"abcde"}
    assert apart(log, "a") == ""


@pytest.mark.parametrize("moving", ["ab", "cde", "abc", "acde"])
def test_who_would_leave_nothing_of_a_side_is_told_of_the_merge(moving: str) -> None:
    log = [merge("p1:ab", "p2:cde", number=1)]
    rest = "".join(t for t in "abcdex" if t not in moving)
    assert contradicted(log, split(f"p1:{rest}", f"p9:{moving}")) == log[0]


def test_one_split_after_the_other_leaves_something_of_each_side() -> None:
    log = [merge("p1:ab", "p2:cd", number=1), split("p1:abd", "p8:c", number=2)]
    assert contradicted(log, split("p1:ab", "p9:d")) == log[0]
    log.append(split("p1:bd", "p9:a", number=3))
    assert contradicted(log[:2], log[2]) is None
    assert (bound(log, "b"), bound(log, "a"), bound(log, "c")) == ("bd", "a", "c")


def test_a_whole_merge_can_be_split_off() -> None:
    log = [merge("p1:ab", "p2:c", number=1)]
    new = split("p1:xy", "p9:abc", number=2)
    assert contradicted(log, new) is None
    assert bound([*log, new], "a") == "abc"


def test_tracks_that_are_gone_stay_with_those_they_were_merged_with() -> None:
    # What is left of the person are tracks that came later.
    log = [merge("p1:ab", "p2:c", number=1)]
    new = split("p1:x", "p9:c", number=2)
    assert contradicted(log, new) is None
    assert bound([*log, new], "c") == "abc"
    # Those that are neither here nor there stay with the rest.
    log.append(split("p1:bx", "p9:c", number=2))
    assert bound(log, "a") == "ab"


def test_tracks_that_were_split_off_together_stay_so() -> None:
    log = [merge("p1:ab", "p2:cd", number=1), split("p1:bd", "p9:ac", number=2)]
    assert contradicted(log, split("p9:a", "p10:c")) == log[1]


def test_whoever_was_split_off_cannot_be_merged_again_while_that_counts() -> None:
    log = [merge("p1:ab", "p2:cd", number=1), split("p1:abd", "p9:c", number=2)]
    again = merge("p1:ab", "p9:c")
    assert contradicted(log, again) == log[1]
    assert contradicted([*log, undo(2, number=3)], again) is None


def test_tracks_that_left_a_merge_are_their_persons_own() -> None:
    log = [merge("p1:ab", "p2:cd", number=1), split("p1:abd", "p9:c", number=2)]
    assert own_tracks(log, ["cx", "abd"]) == [("c", "x"), ("a", "b")]


# What is taken back


def test_without_the_merge_what_was_split_off_stays_apart() -> None:
    log = [merge("p1:ab", "p2:cd", number=1), split("p1:abd", "p9:c", number=2), undo(1, number=3)]
    assert (bound(log, "a"), bound(log, "d"), apart(log, "c")) == ("", "", "abd")
    # Of the two sides, what was split off is no part any more.
    assert sides_left(log, log[0]) == (Side("p1", ("a", "b")), Side("p2", ("d",)))
    # When that is taken back as well, it is whose it was.
    assert origins(log, log[1]) == [Side("p2", ("c",))]
    assert origins(log[:2], log[1]) == []


def test_what_a_merge_had_brought_before_is_whose_it_was_when_it_was_split_off() -> None:
    log = [merge("p1:ab", "p2:cd", number=1), undo(1, number=2), split("p1:ab", "p9:c", number=3)]
    assert origins(log, log[2]) == []
    log = [split("p1:ab", "p9:c", number=1), merge("p5:e", "p9:c", number=2), undo(2, number=3)]
    assert origins(log, log[0]) == []


def test_a_merge_yields_to_what_was_said_since_of_those_who_were_split_off() -> None:
    log = [
        merge("p1:ab", "p2:cd", number=1),
        split("p1:abd", "p9:c", number=2),
        differs("p9:c", "p1:abd", number=3),
        undo(2, number=4),
    ]
    assert (bound(log, "a"), bound(log, "c"), apart(log, "c")) == ("abd", "c", "abd")
    log.append(undo(3, number=5))
    assert bound(log, "c") == "abcd"


def test_a_merge_yields_to_what_was_said_by_way_of_others() -> None:
    log = [
        differs("p5:e", "p6:f", number=1),
        merge("p1:ab", "p2:cd", number=2),
        split("p1:abd", "p9:c", number=3),
        merge("p9:c", "p5:e", number=4),
        merge("p1:ab", "p6:f", number=5),
        undo(3, number=6),
    ]
    assert (bound(log, "c"), bound(log, "d")) == ("ce", "abdf")


def test_a_split_that_is_taken_back_pulls_nobody_after_whom_was_merged_further() -> None:
    log = [
        merge("p1:ab", "p2:cd", number=1),
        split("p1:abd", "p9:c", number=2),
        merge("p5:e", "p9:c", number=3),
        undo(2, number=4),
    ]
    assert (bound(log, "e"), bound(log, "a"), apart(log, "c")) == ("ce", "abd", "")
    log.append(undo(3, number=5))
    assert (bound(log, "e"), bound(log, "c")) == ("", "abcd")


def test_a_split_narrows_no_merge_that_came_after_it() -> None:
    log = [
        split("p1:ab", "p9:c", number=1),
        merge("p5:e", "p9:c", number=2),
        undo(1, number=3),
        merge("p1:ab", "p5:c", number=4),
    ]
    assert bound(log, "c") == "abce"


# Any sequence


@dataclass
class World:
    """Who has which track, while people decide about it as the commands let them."""

    owners: dict[str, str] = field(default_factory=lambda: {t: f"p{k // 2}" for k, t in enumerate(TRACKS)})
    log: list[Decision] = field(default_factory=list)

    def members(self, who: str) -> str:
        return "".join(track for track in TRACKS if self.owners[track] == who)

    def wanted(self, step: Step) -> Decision | None:
        """The decision that a step stands for; None where there is none to make."""
        what, first, second, some = step
        people = sorted(set(self.owners.values()))
        who, other = people[first % len(people)], people[second % len(people)]
        number = len(self.log) + 1
        if what == "undo":
            counting = in_force(self.log)
            return undo(counting[first % len(counting)].number, number) if counting else None
        if what == "split":
            mine = self.members(who)
            moving = "".join(track for k, track in enumerate(mine) if some >> k & 1)
            rest = "".join(track for track in mine if track not in moving)
            return split(f"{who}:{rest}", f"q{number}:{moving}", number=number) if moving and rest else None
        if who == other:
            return None
        if what == "differs":
            return differs(f"{who}:{self.members(who)}", f"{other}:{self.members(other)}", number=number)
        sides = map(Side, (who, other), own_tracks(self.log, map(self.members, (who, other))))
        return Decision(DecisionKind.MERGE, tuple(sides), number=number)

    def make(self, new: Decision) -> None:
        self.log.append(new)
        if new.kind is DecisionKind.MERGE:
            keep, other = new.identity_ids
            self.owners |= dict.fromkeys(self.members(other), keep)
        elif new.kind is DecisionKind.SPLIT:
            self.owners |= dict.fromkeys(new.sides[1].track_ids, new.identity_ids[1])
        elif new.kind is DecisionKind.UNDO:
            # Whatever a re-cluster makes of it.
            for tracks, heir in constraints_of(self.log).moves(self.owners):
                self.owners |= dict.fromkeys(tracks, heir or f"q{new.number}-{tracks[0]}")


def steps(*kinds: str) -> st.SearchStrategy[list[Step]]:
    numbers = st.integers(0, 255)
    return st.lists(st.tuples(st.sampled_from(kinds), numbers, numbers, numbers), max_size=12)


@given(steps("merge", "split", "split", "differs", "undo"))
def test_what_is_said_never_contradicts_itself_and_who_was_split_off_is_apart(tries: list[Step]) -> None:
    world = World()
    for step in tries:
        new = world.wanted(step)
        if new is None or (step[0] != "undo" and contradicted(world.log, new) is not None):
            continue
        world.make(new)
        constraints = constraints_of(world.log)
        assert constraints.consistent
        # What can be decided is so at once: nobody else has to move.
        assert hold_in(constraints, world.owners)
        for told in in_force(world.log):
            if told.kind is DecisionKind.SPLIT:
                rest, off = (side.track_ids for side in told.sides)
                assert all(constraints.against(track).issuperset(rest) for track in off)
                assert all(constraints.with_(track).issuperset(off) for track in off)
    for told in in_force(world.log):
        world.log.append(undo(told.number, len(world.log) + 1))
    assert (constraints_of(world.log).together, constraints_of(world.log).apart) == ((), ())


@given(steps("merge", "split"))
def test_a_merge_holds_for_all_that_no_split_parted_and_a_split_is_refused_for_a_reason(
    tries: list[Step],
) -> None:
    world = World()
    for step in tries:
        new = world.wanted(step)
        if new is None:
            continue
        earlier = contradicted(world.log, new)
        if new.kind is DecisionKind.SPLIT:
            rest, off = (set(side.track_ids) for side in new.sides)
            reasons = [d for d in world.log if _is_in_the_way(d, rest, off)]
            assert (earlier is None) == (not reasons)
            assert earlier is None or earlier in reasons
        if earlier is None:
            world.make(new)
    constraints = constraints_of(world.log)
    for told in world.log:
        if told.kind is not DecisionKind.MERGE:
            continue
        since = [set(d.sides[1].track_ids) for d in world.log[told.number :] if d.kind is DecisionKind.SPLIT]
        for one, other in itertools.combinations([t for side in told.sides for t in side.track_ids], 2):
            if all((one in off) == (other in off) for off in since):
                assert other in constraints.with_(one)


def _is_in_the_way(told: Decision, rest: set[str], off: set[str]) -> bool:
    there = [set(side.track_ids) & (rest | off) for side in told.sides]
    if told.kind is DecisionKind.SPLIT:
        return bool(there[1] & rest and there[1] & off)
    return any(there_of & off for there_of in there) and any(
        side <= off and side and any(other & rest for other in there) for side in there
    )


@given(steps("merge", "split", "split", "differs", "undo"), st.integers(0, 255))
def test_what_is_taken_back_at_once_is_as_if_it_had_not_been(tries: list[Step], last: int) -> None:
    world = World()
    for step in tries:
        new = world.wanted(step)
        if new is not None and (step[0] == "undo" or contradicted(world.log, new) is None):
            world.make(new)
    for what in ("merge", "split", "differs"):
        new = world.wanted((what, last, last // 7, last))
        if new is None or contradicted(world.log, new) is not None:
            continue
        longer = [*world.log, new, undo(new.number, new.number + 1)]
        for track in TRACKS:
            assert (bound(longer, track), apart(longer, track)) == (
                bound(world.log, track),
                apart(world.log, track),
            )


@given(steps("merge", "split", "split", "differs", "undo"), st.sets(st.sampled_from(TRACKS), max_size=3))
def test_it_never_contradicts_itself_without_those_who_are_forgotten(
    tries: list[Step], gone: set[str]
) -> None:
    world = World()
    for step in tries:
        new = world.wanted(step)
        if new is not None and (step[0] == "undo" or contradicted(world.log, new) is None):
            world.make(new)
    left = [replace(told.without((), gone), number=told.number) for told in world.log]
    assert constraints_of(left).consistent
