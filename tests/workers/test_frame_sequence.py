from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.remote_frame import RemoteFrame
from workers.frame_sequence import FrameSequence


def _frame(sequence: int, reading: str = "a", media_s: float | None = None) -> RemoteFrame:
    at_s = float(sequence) if media_s is None else media_s
    return RemoteFrame("c-door", sequence, at_s, 1.8e9 + at_s, reading, sequence)


def test_before_the_first_frame_there_is_none() -> None:
    frames = FrameSequence()
    assert (frames.last, frames.media_s, frames.dropped) == (None, -math.inf, 0)
    assert not frames.add(_frame(7))
    # What came before somebody looked is nobody's loss.
    assert frames.dropped == 0


@given(st.sets(st.integers(0, 60), min_size=1))
def test_what_is_missing_is_counted_and_what_comes_after_does_not_follow(sent: set[int]) -> None:
    frames = FrameSequence()
    numbers = sorted(sent)
    follows = [frames.add(_frame(number)) for number in numbers]
    assert frames.dropped == numbers[-1] - numbers[0] + 1 - len(numbers)
    assert follows == [number - 1 in sent for number in numbers]


def test_of_a_camera_that_was_opened_anew_the_numbers_begin_anew() -> None:
    frames = FrameSequence()
    frames.add(_frame(5))
    assert not frames.add(_frame(2, "b", 6.0))
    assert frames.dropped == 2


def test_what_came_and_can_not_be_read_is_not_missing_but_nothing_follows_upon_it() -> None:
    frames = FrameSequence()
    frames.add(_frame(0))
    frames.unreadable()
    assert not frames.add(_frame(3))
    assert frames.dropped == 1


def test_a_frame_of_the_past_is_refused_and_changes_nothing() -> None:
    frames = FrameSequence()
    frames.add(_frame(4))
    with pytest.raises(ValueError, match="after a later one"):
        frames.add(_frame(9, "b", 3.0))
    assert (frames.media_s, frames.dropped) == (4.0, 0)
    assert frames.add(_frame(5))


def test_what_is_sent_twice_is_known_by_its_number() -> None:
    frames = FrameSequence()
    assert not frames.repeats(_frame(0))
    frames.add(_frame(4))
    assert frames.repeats(_frame(4))
    assert frames.repeats(_frame(2))
    assert not frames.repeats(_frame(5))
    assert not frames.repeats(_frame(2, "b"))
