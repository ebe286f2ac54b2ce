from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.clock_offset import ClockOffset


def test_the_quickest_frame_shows_it() -> None:
    offset = ClockOffset()
    assert offset.seconds == math.inf
    for now_s, delay_s in ((10.0, 0.5), (11.0, 0.1), (12.0, 0.9)):
        offset.seen(now_s - delay_s - 1000.0, now_s)
    assert offset.seconds == pytest.approx(1000.1)


@pytest.mark.parametrize("jump_s", [-2.0, 2.0, -3600.0])
def test_a_clock_that_is_another_one_by_now_is_known_within_two_minutes(jump_s: float) -> None:
    offset = ClockOffset()
    for second in range(100):
        offset.seen(second - 1000.0, float(second))
    for second in range(100, 221):
        offset.seen(second - 1000.0 + jump_s, float(second))
    assert offset.seconds == pytest.approx(1000.0 - jump_s)


def test_a_clock_that_drifts_is_followed() -> None:
    offset = ClockOffset()
    for second in range(40_000):
        offset.seen(second * (1 - 1e-4), float(second))
    # 100 ppm: it is 4 s behind by then.
    assert offset.seconds == pytest.approx(4.0, abs=0.02)


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 5)), min_size=1, max_size=40))
def test_no_frame_came_before_it_was_captured(steps: list[tuple[float, float]]) -> None:
    offset, now_s = ClockOffset(), 0.0
    for step_s, delay_s in steps:
        now_s += step_s
        captured_s = now_s - delay_s
        offset.seen(captured_s, now_s)
        # By our clock, and within what any frame can have waited.
        assert captured_s + offset.seconds <= now_s + 1e-9
        assert 0 <= offset.seconds <= 5
