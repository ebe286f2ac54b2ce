from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workers.rate_governor import GovernorSettings, RateChange, RateGovernor

SETTINGS = GovernorSettings()


def feed(
    governor: RateGovernor,
    start_s: int,
    seconds: int,
    dropped: float,
    age_s: float = 0.0,
    busy: float = 0.5,
    highest_fps: float = 5.0,
) -> int:
    """Report the same load every second; returns when the next report is due."""
    for now_s in range(start_s, start_s + seconds):
        governor.update(now_s, dropped, age_s, busy, highest_fps)
    return start_s + seconds


def test_nothing_changes_while_all_goes_well() -> None:
    told: list[RateChange] = []
    feed(RateGovernor(on_change=told.append), 0, 300, 0.0)
    assert told == []


def test_a_moment_of_load_is_no_reason() -> None:
    governor = RateGovernor()
    feed(governor, 0, 2, 0.5)
    feed(governor, 2, 2, 0.0)
    feed(governor, 4, 2, 0.5)
    assert governor.factor == 1.0


def test_load_lowers_all_rates_by_one_factor_and_says_so_once_each_time() -> None:
    told: list[RateChange] = []
    governor = RateGovernor(on_change=told.append)
    feed(governor, 0, 5, 0.4, 0.7)
    assert governor.factor == SETTINGS.lower_by
    assert [governor.fps(asked) for asked in (4.0, 8.0)] == [3.0, 6.0]
    (change,) = told
    assert "40% of frames dropped" in str(change)
    assert "at 75% of their rates" in str(change)


def test_frames_that_wait_long_are_load_as_well() -> None:
    governor = RateGovernor()
    feed(governor, 0, 5, 0.0, 1.5)
    assert governor.factor < 1.0


def test_between_high_and_low_load_nothing_changes() -> None:
    governor = RateGovernor()
    now_s = feed(governor, 0, 5, 0.5)
    factor = governor.factor
    feed(governor, now_s, 500, 0.05, 0.6)
    assert governor.factor == factor


def test_rates_recover_slowly_when_the_rush_is_over() -> None:
    told: list[RateChange] = []
    governor = RateGovernor(on_change=told.append)
    now_s = feed(governor, 0, 13, 0.5)
    lowered = governor.factor
    now_s = feed(governor, now_s, 9, 0.0)
    assert governor.factor == lowered
    feed(governor, now_s, 120, 0.0)
    assert governor.factor == 1.0
    assert "more often again, at 100%" in str(told[-1])
    raised = [change for change in told if change.factor > change.before]
    assert len(raised) >= 5


def test_a_burst_now_and_then_does_not_keep_rates_low() -> None:
    governor = RateGovernor()
    now_s = feed(governor, 0, 20, 0.5)
    assert governor.factor < 0.5
    while now_s < 400:
        now_s = feed(governor, now_s, 1, 0.3, 0.9)
        now_s = feed(governor, now_s, 6, 0.0)
    assert governor.factor == 1.0


def test_a_worker_without_time_to_spare_is_given_no_more_to_do() -> None:
    governor = RateGovernor()
    now_s = feed(governor, 0, 5, 0.5)
    factor = governor.factor
    feed(governor, now_s, 300, 0.0, busy=0.9)
    assert governor.factor == factor


def test_what_had_to_be_taken_back_is_tried_again_later_and_later() -> None:
    governor = RateGovernor()
    now_s = feed(governor, 0, 5, 0.5)
    carried = governor.factor
    raised_at: list[int] = []
    while now_s < 600:
        before = governor.factor
        # The machine carries just this much.
        governor.update(now_s, 0.0 if governor.factor <= carried else 0.3, 0.0, 0.5, 5.0)
        if governor.factor > before:
            raised_at.append(now_s)
        now_s += 1
    apart = [later - earlier for earlier, later in pairwise(raised_at)]
    assert apart == sorted(apart)
    assert apart[0] < 60 < apart[-1]


def test_no_camera_falls_below_the_floor_unless_it_was_asked_to_be() -> None:
    governor = RateGovernor()
    feed(governor, 0, 300, 1.0, highest_fps=25.0)
    assert governor.fps(5.0) == 0.5
    assert governor.fps(25.0) == 0.5
    assert governor.fps(0.2) == 0.2


def test_the_factor_falls_no_further_than_rates_do() -> None:
    told: list[RateChange] = []
    governor = RateGovernor(on_change=told.append)
    now_s = feed(governor, 0, 300, 1.0)
    assert governor.factor == 0.1
    assert len({change.factor for change in told}) == len(told)
    # The camera that was asked for most has gone: nothing is raised for that.
    feed(governor, now_s, 10, 1.0, highest_fps=0.3)
    assert governor.factor == 0.1


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10), st.floats(0, 1)), max_size=200), st.floats(0.1, 25)
)
def test_rates_stay_between_the_floor_and_what_was_asked(
    loads: list[tuple[float, float, float]], asked: float
) -> None:
    told: list[RateChange] = []
    governor = RateGovernor(on_change=told.append)
    factors = [1.0]
    for now_s, (dropped, age_s, busy) in enumerate(loads):
        changed = governor.update(float(now_s), dropped, age_s, busy, asked)
        assert changed == (governor.factor != factors[-1])
        if changed:
            factors.append(governor.factor)
        assert min(asked, SETTINGS.least_fps) <= governor.fps(asked) <= asked
    assert [change.factor for change in told] == factors[1:]
