from __future__ import annotations

import itertools
import time

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kept_constraints import hold_in

from workers.clustering.constraints import NO_CONSTRAINTS, Constraints, yielding

TRACKS = "abcdefgh"
some = st.sets(st.sampled_from(TRACKS), min_size=1, max_size=4)
said = st.tuples(st.lists(some, max_size=4), st.lists(st.tuples(some, some), max_size=3))


def closure(together: list[set[str]]) -> dict[str, set[str]]:
    """Tracks that belong together with each, by the definition."""
    found = {track: {track} for track in TRACKS}
    for _ in TRACKS:
        for group in together:
            joined = set().union(*(found[track] for track in group))
            for track in joined:
                found[track] = joined
    return found


@given(said)
def test_what_belongs_together_is_closed_over_what_was_said(
    said: tuple[list[set[str]], list[tuple[set[str], set[str]]]],
) -> None:
    together, apart = said
    constraints, expected = Constraints.of(together, apart), closure(together)
    named = set().union(*together)
    for track in TRACKS:
        assert constraints.with_(track) == (expected[track] if track in named else set())
    assert sorted(map(sorted, constraints.together)) == sorted(
        map(list, {tuple(sorted(expected[track])) for track in named})
    )
    against = {
        (x, y)
        for first, second in apart
        for a, b in itertools.product(first, second)
        for x, y in itertools.product(expected[a], expected[b])
    }
    against |= {(y, x) for x, y in against}
    for a, b in itertools.product(TRACKS, TRACKS):
        if constraints.consistent:
            assert (b in constraints.against(a)) == ((a, b) in against)
            assert constraints.allow([a], [b]) == ((a, b) not in against)
    assert constraints.consistent == all(b not in expected[a] for a, b in against)


@settings(max_examples=50, deadline=None)
@given(said, st.dictionaries(st.sampled_from(TRACKS), st.sampled_from(["p1", "p2", "p3"])))
def test_whatever_a_grouping_is_like_moves_make_it_hold(
    said: tuple[list[set[str]], list[tuple[set[str], set[str]]]], owners: dict[str, str]
) -> None:
    constraints, there = Constraints.of(*said), set(owners)
    assume(constraints.consistent)
    moves = constraints.moves(owners)
    assert (moves == []) == hold_in(constraints, owners)
    for number, (tracks, heir) in enumerate(moves):
        assert tracks
        # Whoever gets them has some already, and nobody is left with nothing for somebody new.
        assert heir is None or heir in owners.values()
        if heir is None:
            (owner,) = {owners[track] for track in tracks}
            assert len(tracks) < list(owners.values()).count(owner)
        owners |= dict.fromkeys(tracks, heir or f"new {number}")
    assert hold_in(constraints, owners)
    assert set(owners) == there


def test_the_fewer_leave() -> None:
    constraints = Constraints.of([], [("ab", "c"), ("d", "ef")])
    owners = {"a": "p1", "b": "p1", "c": "p1", "d": "p2", "e": "p2", "f": "p2"}
    assert constraints.moves(owners) == [(["c"], None), (["d"], None)]
    assert Constraints.of(["abc"]).moves({"a": "p2", "b": "p1", "c": "p1"}) == [(["a"], "p1")]


def test_where_nobody_said_anything_everything_is_allowed() -> None:
    assert NO_CONSTRAINTS.consistent
    assert NO_CONSTRAINTS.allow("ab", "cd")
    assert hold_in(NO_CONSTRAINTS, {"a": "p1", "b": "p1"})
    assert NO_CONSTRAINTS.with_("a") == NO_CONSTRAINTS.against("a") == frozenset()


def test_a_single_track_may_be_a_group() -> None:
    assert Constraints.of([["a"]]).together == (frozenset("a"),)


@given(said, st.lists(st.lists(st.sampled_from(TRACKS), min_size=1, unique=True), max_size=4))
def test_groups_yield_to_what_is_firm_and_to_those_before_them_and_no_further(
    said: tuple[list[set[str]], list[tuple[set[str], set[str]]]], groups: list[list[str]]
) -> None:
    firm, apart = [sorted(group) for group in said[0]], said[1]
    assume(Constraints.of(firm, apart).consistent)
    parts = yielding(groups, firm, apart)
    assert [sorted(itertools.chain(*torn)) for torn in parts] == [sorted(group) for group in groups]
    together = [*firm]
    for group, torn in zip(groups, parts, strict=True):
        assert (len(torn) == 1) == Constraints.of([*together, group], apart).consistent
        together += torn
        constraints = Constraints.of(together, apart)
        assert constraints.consistent
        # No two parts could be one.
        assert not any(constraints.allow(one, other) for one, other in itertools.combinations(torn, 2))


def test_what_was_said_of_very_many_tracks_is_gathered_soon() -> None:
    tracks = [str(number) for number in range(20_000)]
    began_s = time.process_time()
    constraints = Constraints.of([tracks], [(tracks[1:], ["other"])])
    assert constraints.against("other") == frozenset(tracks)
    # Seconds, where each track had a copy of all.
    assert time.process_time() - began_s < 1.0
    began_s = time.process_time()
    ((first, *others),) = yielding([tracks], [], [(tracks[:1], tracks[1:])])
    assert (first, [len(part) for part in others]) == (["0"], [19_999])
    assert time.process_time() - began_s < 2.0


def test_of_a_torn_group_what_is_free_is_with_the_largest_part() -> None:
    assert yielding([list("gabcd")], [], [("c", "abd")]) == [[["a", "b", "d", "g"], ["c"]]]
    assert yielding([list("gcab")], [], [("c", "ab")]) == [[["c"], ["a", "b", "g"]]]
    assert yielding([["a", "b"], ["b", "c"]], [], [("a", "c")]) == [[["a", "b"]], [["b"], ["c"]]]
