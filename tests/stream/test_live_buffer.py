import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.frame import Frame
from stream.live_buffer import LiveBuffer


def _frame(index: int) -> Frame:
    return Frame("c-gate", index, index / 5, 1e9 + index / 5, np.zeros((2, 2, 3), np.uint8))


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=40))
def test_the_newest_frames_are_kept_in_order_and_each_loss_is_told(capacity: int, steps: list[bool]) -> None:
    buffer = LiveBuffer(capacity, span_s=math.inf)
    expected: list[int] = []
    for index, put in enumerate(steps):
        if put:
            assert buffer.put(_frame(index)) == (len(expected) == capacity)
            expected = [*expected, index][-capacity:]
        else:
            oldest = buffer.oldest
            assert (None if oldest is None else oldest.index) == (expected[0] if expected else None)
            taken = buffer.take()
            assert (None if taken is None else taken.index) == (expected.pop(0) if expected else None)
        assert len(buffer) == len(expected) <= capacity


def test_frames_that_are_long_past_when_the_next_one_comes_are_dropped() -> None:
    buffer = LiveBuffer(4, span_s=1.0)
    assert [buffer.put(_frame(index)) for index in (0, 2, 6, 12)] == [0, 0, 1, 2]
    newest = buffer.take()
    assert newest is not None
    assert newest.index == 12
    assert buffer.take() is None


def test_every_frame_is_taken_or_dropped_once_though_threads_race() -> None:
    buffer, taken, done = LiveBuffer(3), [], threading.Event()

    def consume() -> None:
        while not done.is_set() or len(buffer):
            frame = buffer.take()
            if frame is not None:
                taken.append(frame.index)

    consumer = threading.Thread(target=consume)
    consumer.start()
    dropped = sum(buffer.put(_frame(index)) for index in range(2000))
    done.set()
    consumer.join()

    assert taken == sorted(set(taken))
    assert len(taken) + dropped == 2000


def test_a_buffer_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity is 0"):
        LiveBuffer(0)
