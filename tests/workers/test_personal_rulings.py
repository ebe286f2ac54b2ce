"""What was said last of somebody counts, and what is taken back is as if it had not been said."""

from __future__ import annotations

from dataclasses import replace

from told_decisions import decision, merge, undo

from storage.decision_record import Decision, DecisionKind
from workers.personal_rulings import (
    covers_of,
    ignored_after,
    is_taken_back,
    name_after,
    said_ignored,
    said_name,
)


def test_the_latest_face_that_was_chosen_comes_first() -> None:
    covers = [decision(DecisionKind.COVER, f"p1:{track}", number=k) for k, track in enumerate("aba", 1)]
    assert covers_of(covers) == ["a", "b"]
    assert covers_of(covers[:2]) == ["b", "a"]


def names(*told: str) -> list[Decision]:
    """Names of p1 one after the other, as a log."""
    before = ["", *told]
    return [
        decision(DecisionKind.NAME, "p1", name=name, name_before=before[k], number=k + 1)
        for k, name in enumerate(told)
    ]


def test_a_name_that_is_taken_back_gives_way_to_the_one_before() -> None:
    log = names("Ada", "Countess")
    assert name_after(log, log[1]) == "Ada"
    assert name_after(log[:1], log[0]) == ""


def test_a_name_before_a_later_one_changes_nothing_when_it_is_taken_back() -> None:
    log = names("Ada", "Countess")
    assert name_after(log, log[0]) is None
    # Nor does it come back with the later one.
    assert name_after([*log, undo(1, number=3)], log[1]) == ""


def test_what_somebody_is_called_is_the_last_name_that_counts() -> None:
    log = names("Ada", "Countess", "")
    assert said_name(log, "p1") == ""
    log.append(undo(3, number=4))
    assert said_name(log, "p1") == "Countess"
    assert said_name([*log, undo(2, number=5)], "p1") == "Ada"
    assert said_name([*log, undo(2, number=5), undo(1, number=6)], "p1") == ""
    assert said_name(log, "p2") is None


def test_names_of_others_have_no_say() -> None:
    log = [*names("Ada"), decision(DecisionKind.NAME, "p2", name="Charles", number=2)]
    assert name_after(log, log[0]) == ""


def test_a_name_that_a_merge_had_lent_does_not_come_back_without_it() -> None:
    log = [
        decision(DecisionKind.NAME, "p2", name="Ada", number=1),
        replace(merge("p1:a", "p2:b", number=2), name="Ada", names_before=("", "Ada")),
        decision(DecisionKind.NAME, "p1", name="", name_before="Ada", number=3),
    ]
    assert name_after(log, log[2]) == "Ada"
    assert name_after([*log, undo(2, number=4)], log[2]) == ""


def test_a_name_is_taken_back_when_nobody_is_said_to_have_it() -> None:
    log = [*names("Ada"), decision(DecisionKind.NAME, "p2", name="Ada", number=2)]
    assert not is_taken_back([], "Ada")
    assert not is_taken_back([*log, undo(1, number=3)], "Ada")
    assert is_taken_back([*log, undo(1, number=3), undo(2, number=4)], "Ada")


def test_whom_to_ignore_is_what_was_said_last() -> None:
    log = [
        decision(DecisionKind.IGNORE, "p1", number=1),
        decision(DecisionKind.IGNORE, "p2", number=2),
        decision(DecisionKind.IGNORE, "p1", on=False, number=3),
    ]
    assert ignored_after(log, log[2]) is True
    assert ignored_after(log, log[0]) is None
    assert ignored_after(log, log[1]) is False
    assert said_ignored(log, "p1") is False
    assert said_ignored([*log, undo(3, number=4)], "p1") is True
    assert said_ignored([*log, undo(2, number=4)], "p2") is False
    assert said_ignored(log, "p3") is None
