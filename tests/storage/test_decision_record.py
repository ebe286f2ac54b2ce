"""What people decided, as it is stored, and what is left of it when somebody is forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import ids, texts, times_s

from storage.decision_record import Decision, DecisionKind, Side
from storage.errors import RecordError

side = st.builds(Side, ids, st.lists(ids, max_size=4).map(tuple))
two = st.tuples(side, side)
told: dict[DecisionKind, st.SearchStrategy[tuple[Side, ...]]] = {
    DecisionKind.NAME: st.tuples(side),
    DecisionKind.MERGE: st.lists(side, min_size=2, max_size=4).map(tuple),
    DecisionKind.SPLIT: two,
    DecisionKind.DIFFERS: two,
    DecisionKind.IGNORE: st.tuples(side),
    DecisionKind.COVER: st.tuples(st.builds(Side, ids, st.tuples(ids))),
    DecisionKind.UNDO: st.just(()),
}


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    kind = draw(st.sampled_from(DecisionKind))
    redacted = draw(st.booleans())
    return Decision(
        kind,
        () if redacted else draw(told[kind]),
        name=draw(texts),
        name_before=draw(texts),
        names_before=() if redacted else tuple(draw(st.lists(texts, max_size=3))),
        on=draw(st.booleans()),
        undoes=draw(st.integers(1, 2**40)) if kind is DecisionKind.UNDO else 0,
        made_at_s=round(draw(times_s), 3),
        redacted=redacted,
        token="" if redacted else draw(texts),
        number=draw(st.integers(1, 2**40)),
    )


@given(decisions())
def test_a_decision_comes_back_as_it_went(decision: Decision) -> None:
    assert Decision.decode(str(decision.number).encode(), decision.encode()) == decision


@pytest.mark.parametrize(
    ("number", "row", "said"),
    [
        (b"one", b'{"kind":"undo","made_at_s":1}', "'one' is no number of a decision"),
        (b"0", b'{"kind":"undo","made_at_s":1}', "'0' is no number of a decision"),
        (b"3", b"{", "'3' is malformed"),
        (b"3", b'{"kind":"na\xa2', "'3' is malformed"),
        (b"3", b'{"kind":"marry","made_at_s":1}', "'3' is malformed"),
        (b"3", b'{"kind":"merge"}', "made_at_s"),
        (b"3", b'{"kind":"merge","made_at_s":1,"sides":[["p1"]]}', "does not say whom"),
        (b"3", b'{"kind":"split","made_at_s":1,"sides":[["p1"],["p2"],["p3"]]}', "does not say whom"),
        (b"3", b'{"kind":"cover","made_at_s":1,"sides":[["p1"]]}', "does not say whom or what"),
        (b"3", b'{"kind":"name","made_at_s":1}', "does not say whom"),
        (b"3", b'{"kind":"undo","made_at_s":1}', "does not say whom or what"),
        (b"3", b'{"kind":"ignore","made_at_s":1,"sides":[["p1"]]}', None),
        (b"3", b'{"kind":"merge","made_at_s":1,"sides":["p1"]}', "'3' is malformed"),
    ],
)
def test_a_damaged_entry_is_named(number: bytes, row: bytes, said: str | None) -> None:
    if said is None:
        # Tracks may be missing, as fields may.
        assert Decision.decode(number, row).sides == (Side("p1"),)
        return
    with pytest.raises(RecordError, match=said):
        Decision.decode(number, row)


MERGE = Decision(
    DecisionKind.MERGE,
    (Side("p1", ("a", "b")), Side("p2", ("c",))),
    name="Ada",
    names_before=("", "Ada"),
    made_at_s=7.0,
    number=4,
)


@pytest.mark.parametrize(
    ("people", "tracks"), [({"p2"}, {"c"}), ({"p1", "p9"}, {"a", "b"}), ({"p9"}, {"c"}), ({"p2"}, set())]
)
def test_of_a_decision_about_the_forgotten_kind_and_time_are_left(people: set[str], tracks: set[str]) -> None:
    left = MERGE.without(people, tracks)
    assert left == Decision(DecisionKind.MERGE, made_at_s=7.0, redacted=True, number=4)


def test_tracks_of_the_forgotten_go_from_decisions_about_others() -> None:
    left = MERGE.without({"p9"}, {"b", "x"})
    assert left.sides == (Side("p1", ("a",)), Side("p2", ("c",)))
    assert (left.name, left.names_before, left.redacted) == ("Ada", ("", "Ada"), False)
    assert MERGE.without({"p9"}, {"x"}) == MERGE


def test_a_name_of_others_stays() -> None:
    named = Decision(DecisionKind.NAME, (Side("p1"),), name="Ada", name_before="A.")
    assert named.without({"p2"}, {"a"}) == named
