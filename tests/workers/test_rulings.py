"""A log of accepted decisions is never contradictory, and what is taken back is as if it had not been."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_decisions import differs, merge, split, undo

from storage.decision_record import Decision, DecisionKind, Side
from workers.clustering.constraints import Constraints
from workers.rulings import constraints_of, contradicted, in_force, own_tracks

TRACKS = "abcdefgh"


def facts(constraints: Constraints) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    return (
        {track: constraints.with_(track) for track in TRACKS},
        {track: constraints.against(track) for track in TRACKS},
    )


@st.composite
def attempts(draw: st.DrawFn) -> Decision:
    """A decision about two to three groups of tracks that have none in common, or an undo."""
    if draw(st.integers(0, 4)) == 0:
        return undo(draw(st.integers(1, 6)))
    tracks = draw(st.permutations(TRACKS))
    kind = draw(st.sampled_from([DecisionKind.MERGE, DecisionKind.SPLIT, DecisionKind.DIFFERS]))
    count = draw(st.integers(2, 3)) if kind is DecisionKind.MERGE else 2
    ends = sorted(draw(st.lists(st.integers(1, 7), min_size=count, max_size=count, unique=True)))
    sides = [tracks[start:end] for start, end in itertools.pairwise([0, *ends])]
    return Decision(kind, tuple(Side(f"p{k}", tuple(side)) for k, side in enumerate(sides)))


def accepted(tries: list[Decision]) -> list[Decision]:
    """The log of those that can be made one after the other."""
    log: list[Decision] = []
    for attempt in tries:
        if attempt.kind is DecisionKind.UNDO:
            fine = attempt.undoes in {d.number for d in in_force(log)}
        else:
            fine = contradicted(log, attempt) is None
        if fine:
            log.append(replace(attempt, number=len(log) + 1))
    return log


@given(st.lists(attempts(), max_size=10))
def test_no_two_tracks_of_an_accepted_log_belong_together_and_apart(tries: list[Decision]) -> None:
    log = accepted(tries)
    for end in range(len(log) + 1):
        constraints = constraints_of(log[:end])
        assert constraints.consistent
        for track in TRACKS:
            assert constraints.with_(track).isdisjoint(constraints.against(track))


@given(st.lists(attempts(), max_size=8), attempts())
def test_taking_the_last_decision_back_brings_what_was_before(tries: list[Decision], last: Decision) -> None:
    log = accepted(tries)
    longer = accepted([*log, last])
    if len(longer) == len(log) or last.kind is DecisionKind.UNDO:
        return
    after = accepted([*longer, undo(len(longer))])
    assert len(after) == len(longer) + 1
    assert in_force(after) == in_force(log)
    assert facts(constraints_of(after)) == facts(constraints_of(log))


@given(st.lists(attempts(), max_size=10), attempts())
def test_a_refusal_names_a_decision_in_the_way_and_undoing_what_is_named_helps(
    tries: list[Decision], new: Decision
) -> None:
    if new.kind is DecisionKind.UNDO:
        return
    log = accepted(tries)
    for _ in range(len(log) + 1):
        earlier = contradicted(log, new)
        if earlier is None:
            break
        assert earlier in in_force(log)
        log = [*log, undo(earlier.number, number=len(log) + 1)]
    assert contradicted(log, new) is None


@pytest.mark.parametrize(
    ("earlier", "new"),
    [
        (differs("p1:ab", "p2:c"), merge("p1:ab", "p2:cd")),
        (split("p1:ab", "p9:c"), merge("p1:abx", "p9:c")),
        (merge("p1:ab", "p2:c"), split("p1:ab", "p9:c")),
        (merge("p1:ab", "p2:c"), split("p1:c", "p9:ab")),
        (merge("p1:ab", "p2:c", "p3:de"), split("p1:abe", "p9:cd")),
        (split("p1:ab", "p9:cd"), split("p9:c", "p10:d")),
        (merge("p1:a", "p2:b"), differs("p3:a", "p4:b")),
    ],
    ids=[
        "differ",
        "split off",
        "merged",
        "merged before",
        "one of many",
        "split off together",
        "merged and torn",
    ],
)
def test_what_contradicts_is_told_with_what_it_contradicts(earlier: Decision, new: Decision) -> None:
    log = [differs("p7:x", "p8:y", number=1), replace(earlier, number=2), merge("p5:v", "p6:w", number=3)]
    assert contradicted(log, new) == log[1]
    assert contradicted([*log, undo(2, number=4)], new) is None
    assert contradicted([log[0], replace(log[1], redacted=True), log[2]], new) is None


def test_by_way_of_others_it_contradicts_as_well() -> None:
    log = [
        merge("p1:a", "p2:b", number=1),
        merge("p1:ab", "p3:c", number=2),
        differs("p3:c", "p4:d", number=3),
    ]
    assert contradicted(log, merge("p2:a", "p4:d")) == log[2]
    assert contradicted(log[1:], differs("p1:b", "p3:c")) == log[1]


def test_decisions_that_say_the_same_twice_are_fine() -> None:
    log = [differs("p1:a", "p2:b", number=1), merge("p3:c", "p4:d", number=2)]
    assert contradicted(log, differs("p2:b", "p1:a")) is None
    assert contradicted(log, merge("p3:c", "p4:d")) is None


def test_tracks_that_a_merge_brought_are_free_when_it_is_taken_back() -> None:
    log = [merge("p1:a", "p2:b", number=1)]
    (own,) = own_tracks(log, ["abx"])
    assert own == ("a", "x")
    log.append(Decision(DecisionKind.MERGE, (Side("p1", own), Side("p3", ("c",))), number=2))
    assert constraints_of(log).with_("c") == frozenset("abxc")
    log.append(undo(1, number=3))
    assert constraints_of(log).with_("c") == frozenset("axc")
    assert constraints_of(log).with_("b") == frozenset()
    # Of somebody who has nothing else, all tracks count.
    assert own_tracks(log[:1], ["b"]) == [("b",)]
