"""What was decided, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from facestream.decisions.decision import decisions_of
from storage.decision_record import Decision, DecisionKind, Side


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Decision(DecisionKind.NAME, (Side("p1"),), name="Ada"), "p1 is called Ada"),
        (Decision(DecisionKind.NAME, (Side("p1"),), name_before="Ada"), "p1 has no name"),
        (Decision(DecisionKind.MERGE, (Side("p2"), Side("p1"))), "p2 and p1 are one person, p2"),
        (Decision(DecisionKind.MERGE, tuple(map(Side, "abc"))), "a, b and c are one person, a"),
        (
            Decision(DecisionKind.MERGE, tuple(map(Side, "abcd")), names_before=("Ada", "Bob", "Ada", "Cy")),
            "a, b, c and d are one person, a, called Ada and not Bob or Cy",
        ),
        (
            Decision(DecisionKind.MERGE, tuple(map(Side, "abc")), name="Bob", names_before=("", "Bob", "Cy")),
            "a, b and c are one person, a, called Bob and not Cy",
        ),
        (
            Decision(DecisionKind.MERGE, tuple(map(Side, "ab")), name="Bob", names_before=("", "Bob")),
            "a and b are one person, a",
        ),
        (
            Decision(DecisionKind.SPLIT, (Side("p1", ("a",)), Side("p9", ("b",)))),
            "1 track of p1 is somebody else, p9",
        ),
        (
            Decision(DecisionKind.SPLIT, (Side("p1", ("a",)), Side("p9", ("b", "c")))),
            "2 tracks of p1 are somebody else, p9",
        ),
        (Decision(DecisionKind.DIFFERS, (Side("p1"), Side("p2"))), "p1 and p2 are two people"),
        (Decision(DecisionKind.IGNORE, (Side("p1"),)), "p1 is ignored"),
        (Decision(DecisionKind.IGNORE, (Side("p1"),), on=False), "p1 is no longer ignored"),
        (Decision(DecisionKind.COVER, (Side("p1", ("v-1.0.0",)),)), "p1 is shown by track v-1.0.0"),
        (Decision(DecisionKind.UNDO, undoes=3), "decision 3 is taken back"),
        (Decision(DecisionKind.MERGE, redacted=True), "merge: about somebody who was forgotten"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_decision_can_be_put_in_words(record: Decision, words: str) -> None:
    (decision,) = decisions_of([record])
    assert str(decision) == words


def test_who_took_a_decision_back_is_told_with_it() -> None:
    log = [
        Decision(DecisionKind.SPLIT, (Side("p1", ("a",)), Side("p9", ("b",))), made_at_s=86_400.0, number=1),
        Decision(DecisionKind.UNDO, undoes=1, number=2),
    ]
    split, undo = decisions_of(log)
    assert (split.number, split.undone_by, split.undoes) == (1, 2, None)
    assert (undo.number, undo.undone_by, undo.undoes) == (2, None, 1)
    assert split.made_at == datetime(1970, 1, 2, tzinfo=UTC)
    assert (split.people, split.tracks) == (("p1", "p9"), ("b",))
