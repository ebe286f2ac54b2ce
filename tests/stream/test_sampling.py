import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.sampling import TimeSampler

RATES = st.sampled_from([0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 29.97])
TIMES = st.lists(st.floats(0, 60), min_size=1, max_size=300).map(sorted)


def sampled(times: list[float], fps: float | None) -> list[float]:
    sampler = TimeSampler(fps)
    return [time for time in times if sampler.wants(time)]


def cell(time: float, fps: float) -> int:
    return math.floor(time * fps + min(1.001e-3 * fps, 0.1))


def test_25_fps_at_5_gives_every_fifth_frame() -> None:
    sampler = TimeSampler(5.0)
    assert [i for i in range(5000) if sampler.wants(i / 25)] == list(range(0, 5000, 5))


def test_ntsc_at_its_own_rate_gives_every_frame() -> None:
    sampler = TimeSampler(30000 / 1001)
    assert all(sampler.wants(i * 1001 / 30000) for i in range(20_000))


def test_millisecond_timestamps_do_not_shift_the_choice() -> None:
    sampler = TimeSampler(3.0)
    assert [i for i in range(3000) if sampler.wants(round(i / 30, 3))] == list(range(0, 3000, 10))


def test_none_wants_every_frame_even_repeated_ones() -> None:
    assert sampled([0.0, 0.0, 0.1, 0.05], None) == [0.0, 0.0, 0.1, 0.05]


def test_repeated_and_backward_times_are_not_taken_twice() -> None:
    assert sampled([0.0, 0.0, 0.2, 0.1, 0.2, 0.0, 0.4], 5.0) == [0.0, 0.2, 0.4]


def test_frames_sparser_than_the_grid_are_all_taken() -> None:
    assert sampled([0.0, 1.0, 3.5, 9.9], 5.0) == [0.0, 1.0, 3.5, 9.9]


@pytest.mark.parametrize("fps", [0.0, -1.0, math.nan, math.inf])
def test_rate_that_is_no_positive_number_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="expected a positive number"):
        TimeSampler(fps)


@given(TIMES, RATES)
def test_no_cell_gets_two_frames(times: list[float], fps: float) -> None:
    cells = [cell(time, fps) for time in sampled(times, fps)]
    assert len(cells) == len(set(cells))


@given(TIMES, RATES)
def test_every_cell_with_a_frame_gets_its_first_one(times: list[float], fps: float) -> None:
    first = {cell(time, fps): time for time in reversed(times)}
    assert sampled(times, fps) == sorted(first.values())


@given(st.floats(0.001, 0.09), st.integers(100, 400))
def test_dense_input_leaves_no_cell_empty(step_s: float, count: int) -> None:
    fps = 10.0
    times = [i * step_s for i in range(count)]
    assert [cell(time, fps) for time in sampled(times, fps)] == list(range(cell(times[-1], fps) + 1))


@given(TIMES, RATES, st.floats(0, 60))
def test_later_start_takes_the_same_frames_from_its_first_tick_on(
    times: list[float], fps: float, start_s: float
) -> None:
    whole = sampled(times, fps)
    late = sampled([time for time in times if time >= start_s], fps)
    partial = cell(start_s, fps)
    assert [t for t in late if cell(t, fps) > partial] == [t for t in whole if cell(t, fps) > partial]
