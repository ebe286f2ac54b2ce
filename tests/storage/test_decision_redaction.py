"""What is left of decisions when people are forgotten."""

from __future__ import annotations

from storage.decision_record import Decision, DecisionKind, Side
from storage.decision_redaction import redacted


def rows(*log: Decision) -> dict[bytes, bytes]:
    return {str(number).encode(): decision.encode() for number, decision in enumerate(log, 1)}


def side(name: str) -> Side:
    return Side(name, (f"{name}.1",))


def test_names_that_merges_brought_from_the_forgotten_go_from_decisions_about_others() -> None:
    log = rows(
        Decision(DecisionKind.NAME, (side("p2"),), name="Bob"),
        Decision(DecisionKind.MERGE, (side("p1"), side("p2")), name="Bob", names_before=("", "Bob")),
        Decision(DecisionKind.MERGE, (side("p3"), side("p1")), name="Bob", names_before=("", "Bob")),
        Decision(DecisionKind.UNDO, undoes=3),
        Decision(DecisionKind.NAME, (side("p1"),), name="Bobby", name_before="Bob"),
        Decision(DecisionKind.UNDO, undoes=2),
    )
    found = redacted(log, {"p2"}, {"p2.1"})
    assert set(found) == {"1", "2", "3", "5"}
    left = {number: Decision.decode(number.encode(), row) for number, row in found.items()}
    assert left["1"].redacted
    assert left["2"].redacted
    assert (left["3"].name, left["3"].names_before, left["3"].sides[0]) == ("", (), side("p3"))
    assert (left["5"].name, left["5"].name_before) == ("Bobby", "")
    assert not any(b'"Bob"' in row for row in found.values())


def test_the_same_name_of_somebody_else_stays() -> None:
    log = rows(
        Decision(DecisionKind.NAME, (side("p2"),), name="Bob"),
        Decision(DecisionKind.NAME, (side("p4"),), name="Bob"),
        Decision(DecisionKind.NAME, (side("p4"),), name="Robert", name_before="Bob"),
        Decision(DecisionKind.MERGE, (side("p5"), side("p4")), name="Robert", names_before=("", "Robert")),
        Decision(DecisionKind.MERGE, (side("p1"), side("p2")), name="Bob", names_before=("", "Bob")),
    )
    assert set(redacted(log, {"p2"}, {"p2.1"})) == {"1", "5"}


def test_what_can_not_be_read_is_left() -> None:
    log = {b"x": b"{", **rows(Decision(DecisionKind.NAME, (side("p2"),), name="Bob"))}
    assert set(redacted(log, {"p2"}, ())) == {"1"}
