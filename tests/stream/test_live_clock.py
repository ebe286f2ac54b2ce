import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.live_clock import Arrival, LiveClock

EPOCH_S = 1.7e9


class _Clocks:
    """A wall clock and a monotonic one, set by hand."""

    def __init__(self, wall_s: float) -> None:
        self.wall_s, self.monotonic_s = wall_s, 1000.0

    def go(self, clock: LiveClock, seconds: float, step_s: float = 0.5) -> list[Arrival]:
        """Frames that come for so long."""
        arrivals = []
        for _ in range(round(seconds / step_s)):
            self.wall_s += step_s
            self.monotonic_s += step_s
            arrivals.append(clock.arrival(self.monotonic_s))
        return arrivals

    def clock(self, last_media_s: float = 0.0, last_index: int | None = None) -> LiveClock:
        return LiveClock(
            EPOCH_S,
            last_media_s,
            last_index,
            wall_s=lambda: self.wall_s,
            monotonic_s=lambda: self.monotonic_s,
        )


@given(
    st.floats(-1e5, 1e5),
    st.floats(0, 1e5),
    st.lists(st.tuples(st.floats(-5, 5), st.floats(-1e5, 1e5)), min_size=1, max_size=30),
)
def test_arrivals_only_grow_whatever_the_clocks_do(
    offset_s: float, last_media_s: float, steps: list[tuple[float, float]]
) -> None:
    clocks = _Clocks(EPOCH_S + offset_s)
    clock = clocks.clock(last_media_s)
    arrivals = []
    for step_s, jump_s in steps:
        clocks.wall_s += jump_s
        clocks.monotonic_s += step_s
        arrivals.append(clock.arrival(clocks.monotonic_s))

    assert arrivals[0].media_s > last_media_s
    for before, after in itertools.pairwise(arrivals):
        assert after.captured_at_s > before.captured_at_s
        assert after.media_s > before.media_s
        assert after.index > before.index
    assert all(a.media_s == a.captured_at_s - EPOCH_S for a in arrivals)


@given(st.lists(st.floats(0.001, 2), min_size=2, max_size=60))
def test_a_second_run_repeats_no_index_of_the_first(steps: list[float]) -> None:
    clocks = _Clocks(EPOCH_S + 50)
    first = clocks.clock()
    spaced = [max(step_s, 1 / 90) for step_s in steps]
    arrivals = [first.arrival(clocks.monotonic_s + sum(spaced[:n])) for n in range(len(spaced))]
    clocks.wall_s -= 3600

    second = clocks.clock(arrivals[-1].media_s).arrival(clocks.monotonic_s)

    assert second.index > arrivals[-1].index
    assert second.media_s > arrivals[-1].media_s


def test_nor_does_it_where_time_went_slower_for_long() -> None:
    clocks = _Clocks(EPOCH_S + 7200)
    first = clocks.clock()
    # The clock was an hour ahead, and is put right.
    clocks.wall_s -= 3600
    arrival = first.arrival(clocks.monotonic_s)
    for _ in range(60 * 300):
        clocks.wall_s += 1 / 60
        clocks.monotonic_s += 1 / 60
        arrival = first.arrival(clocks.monotonic_s)
    assert arrival.media_s < 7200 + 290

    second = clocks.clock(arrival.media_s).arrival(clocks.monotonic_s)
    assert second.index > arrival.index


def test_time_goes_at_its_own_pace_after_the_system_clock_was_set_back() -> None:
    clocks = _Clocks(EPOCH_S + 100)
    clock = clocks.clock(last_media_s=3700.0)
    clocks.monotonic_s += 60

    arrival = clock.arrival(clocks.monotonic_s)

    assert abs(arrival.media_s - 3760) < 0.01
    assert abs(clock.now_s() - (EPOCH_S + 3760)) < 0.01


def test_a_first_run_begins_at_the_wall_clock() -> None:
    clocks = _Clocks(EPOCH_S + 2)
    arrival = clocks.clock().arrival(clocks.monotonic_s + 1)

    assert abs(arrival.captured_at_s - (EPOCH_S + 3)) < 1e-3
    assert arrival.index == 300


def test_time_steps_forward_once_the_clock_of_the_machine_was_put_right() -> None:
    # A board without a clock begins in 1970.
    clocks = _Clocks(100.0)
    clock = LiveClock(100.0, wall_s=lambda: clocks.wall_s, monotonic_s=lambda: clocks.monotonic_s)
    before = clock.arrival(clocks.monotonic_s)
    clocks.wall_s = EPOCH_S
    arrivals = []
    for _ in range(60):
        clocks.wall_s += 0.5
        clocks.monotonic_s += 0.5
        arrivals.append(clock.arrival(clocks.monotonic_s))

    assert before.captured_at_s < 101
    assert abs(arrivals[-1].captured_at_s - clocks.wall_s) < 0.01
    assert abs(clock.now_s() - clocks.wall_s) < 0.01
    steps = [b.captured_at_s - a.captured_at_s for a, b in itertools.pairwise(arrivals)]
    assert [step_s for step_s in steps if abs(step_s - 0.5) > 0.01] == [max(steps)]
    assert all(a.index < b.index for a, b in itertools.pairwise(arrivals))


def test_a_machine_that_slept_goes_on_at_the_present() -> None:
    clocks = _Clocks(EPOCH_S)
    clock = clocks.clock()
    clocks.wall_s += 8 * 3600
    for _ in range(30):
        clocks.wall_s += 0.5
        clocks.monotonic_s += 0.5
        arrival = clock.arrival(clocks.monotonic_s)
    assert abs(arrival.captured_at_s - clocks.wall_s) < 0.01


def test_neither_a_clock_that_drifts_nor_one_that_is_put_back_at_once_moves_time() -> None:
    clocks = _Clocks(EPOCH_S)
    clock = clocks.clock()
    for k in range(100):
        ahead_s = 3600.0 if 20 <= k < 30 else 4.0
        clocks.monotonic_s += 0.5
        clocks.wall_s = EPOCH_S + (k + 1) / 2 + ahead_s
        arrival = clock.arrival(clocks.monotonic_s)
        assert abs(arrival.media_s - (k + 1) / 2) < 0.01


def test_time_that_followed_a_wrong_clock_goes_slower_until_it_is_right_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clocks = _Clocks(EPOCH_S)
    clock = clocks.clock()
    clocks.wall_s += 600
    clocks.go(clock, 15)
    # It was a bad answer of a time server, and is mended.
    clocks.wall_s -= 600
    caplog.clear()
    slow = clocks.go(clock, 600)
    assert 500 < slow[-1].captured_at_s - clocks.wall_s < 550

    # Also over a restart, which goes on where the last frame was.
    clock = clocks.clock(slow[-1].media_s)
    later = clocks.go(clock, 6000)
    arrivals = [*slow, *later]
    assert abs(later[-1].captured_at_s - clocks.wall_s) < 0.01
    steps = [b.captured_at_s - a.captured_at_s for a, b in itertools.pairwise(arrivals)]
    assert all(0.44 < step_s < 0.51 for step_s in steps)
    assert all(a.index < b.index for a, b in itertools.pairwise(arrivals))
    # Each run says so once.
    assert [("a tenth" in record.message) for record in caplog.records] == [True, True]


def test_a_clock_that_is_behind_for_a_moment_slows_nothing() -> None:
    clocks = _Clocks(EPOCH_S)
    clock = clocks.clock()
    clocks.wall_s -= 60
    clocks.go(clock, 8)
    clocks.wall_s += 60
    assert abs(clocks.go(clock, 20)[-1].media_s - 28) < 0.01


def test_a_long_silence_is_not_made_up_for_at_once() -> None:
    clocks = _Clocks(EPOCH_S)
    clock = clocks.clock(last_media_s=7200.0)
    before = clocks.go(clock, 20)[-1]
    clocks.go(clock, 3600, step_s=3600)
    after = clocks.go(clock, 0.5)[-1]
    # Nor does what was measured in it lie in the future.
    assert 3598 < after.captured_at_s - before.captured_at_s < 3600.5
