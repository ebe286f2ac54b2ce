"""A trouble that lasts: told once, and once more when it is over."""

from __future__ import annotations

import logging

import pytest

from facestream.processes import trouble
from facestream.processes.trouble import Trouble
from workers.errors import WorkerError

log = logging.getLogger("facestream.tests.trouble")


class Clock:
    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(trouble, "time", clock)
    return clock


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, log.name)
    return caplog


def test_what_lasts_is_told_once_and_that_it_is_over_once(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    lasting = Trouble(log, "The door opens")
    for _ in range(50):
        lasting.tell(OSError("Nobody answers."))
        clock.now_s += 1
    for _ in range(20):
        lasting.over()
        clock.now_s += 1

    assert told.messages == ["Nobody answers. It is tried again.", "The door opens again after 50 s."]


def test_another_kind_of_failure_is_told_as_well(clock: Clock, told: pytest.LogCaptureFixture) -> None:
    lasting = Trouble(log, "The door opens", "It is knocked at.")
    for error in (OSError("Nobody answers."), OSError("Nobody answers."), WorkerError("It is a wall.")):
        lasting.tell(error)

    assert told.messages == ["Nobody answers. It is knocked at.", "It is a wall. It is knocked at."]


def test_what_works_for_a_moment_now_and_then_is_one_trouble(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    lasting = Trouble(log, "The door opens")
    for _ in range(10):
        lasting.tell(OSError("Nobody answers."))
        clock.now_s += 1
        lasting.over()
        clock.now_s += 1
        lasting.over()
        clock.now_s += 1

    assert told.messages == ["Nobody answers. It is tried again."]


def test_kinds_that_take_turns_are_told_once_each(clock: Clock, told: pytest.LogCaptureFixture) -> None:
    lasting = Trouble(log, "The door opens")
    for _ in range(10):
        lasting.tell(OSError("Nobody answers."))
        lasting.tell(WorkerError("It is a wall."))
        clock.now_s += 1

    assert len(told.messages) == 2


def test_who_rests_long_after_it_went_well_tells_of_the_next_trouble(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    lasting = Trouble(log, "The door opens")
    lasting.tell(OSError("Nobody answers."))
    clock.now_s += 2
    lasting.over()
    clock.now_s += 36_000
    lasting.tell(OSError("Nobody answers."))

    nobody = "Nobody answers. It is tried again."
    assert told.messages == [nobody, "The door opens again after 2 s.", nobody]


def test_without_trouble_nothing_is_told_and_a_new_one_is(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    door = Trouble(log, "The door opens")
    door.over()
    assert told.messages == []
    for _ in range(2):
        door.tell(OSError("Nobody answers."))
        for _ in range(3):
            clock.now_s += 4
            door.over()

    assert told.messages == ["Nobody answers. It is tried again.", "The door opens again after 4 s."] * 2


def test_what_nobody_thought_of_is_told_with_where_it_was_raised(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(logging.getLogger("test"), "It works")
    try:
        {}["no such key"]
    except KeyError as error:
        trouble.tell(error)
    (record,) = caplog.records
    assert record.getMessage() == "KeyError: 'no such key'. This is a fault of facestream. It is tried again."
    assert "test_trouble.py" in (record.exc_text or logging.Formatter().format(record))
