from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.timeline import LAST, Timeline


def placed(
    stamps: list[float | None],
    *,
    frame_s: float = 0.04,
    start_s: float | None = None,
    duration_s: float | None = None,
    clock_s: float | None = None,
) -> list[float]:
    timeline = Timeline(frame_s=frame_s, start_s=start_s, duration_s=duration_s, clock_s=clock_s)
    return place_all(timeline, stamps)


def place_all(timeline: Timeline, stamps: list[float | None]) -> list[float]:
    return [
        timeline.place(stamp, lambda behind=behind: behind)  # type: ignore[misc]
        for stamp, behind in pairwise([*stamps, LAST])
    ]


def steady(frames: int) -> list[float | None]:
    return [k * 0.04 for k in range(frames)]


def test_times_start_at_the_announced_start() -> None:
    assert placed([80.0, 80.04, 80.5], start_s=79.96) == pytest.approx([0.04, 0.08, 0.54])


def test_without_announced_start_the_first_frame_is_zero() -> None:
    assert placed([7.0, 7.04]) == pytest.approx([0.0, 0.04])


def test_a_frame_before_the_announced_start_is_zero() -> None:
    assert placed([7.0, 7.04], start_s=9.0) == pytest.approx([0.0, 0.04])


def test_missing_stamps_advance_by_one_frame() -> None:
    assert placed([None, None, None]) == pytest.approx([0.0, 0.04, 0.08])
    assert placed([5.0, None, 5.08], start_s=5.0) == pytest.approx([0.0, 0.04, 0.08])


def test_stamps_that_begin_late_continue_the_estimate() -> None:
    assert placed([None, 900.0, 900.04]) == pytest.approx([0.0, 0.04, 0.08])


def test_disordered_neighbours_are_straightened_without_drift() -> None:
    # What AVI with B-frames really gives.
    stamps: list[float | None] = [i * 0.04 for i in (1, 3, 4, 2, 6, 7, 5, 9, 10, 8, 12)]
    assert placed(stamps, start_s=0.0) == pytest.approx(
        [i * 0.04 for i in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)]
    )


def test_repeated_stamps_advance_until_caught_up() -> None:
    assert placed([0.0, 0.04, 0.04, 0.04, 0.2]) == pytest.approx([0.0, 0.04, 0.08, 0.12, 0.2])


def test_recording_joined_behind_another_keeps_its_own_distances() -> None:
    assert placed([10.0, 10.04, 0.0, 0.1, 0.3]) == pytest.approx([0.0, 0.04, 0.08, 0.18, 0.38])


def test_gap_in_a_recording_is_kept() -> None:
    assert placed([0.0, 3600.0, 3600.04]) == pytest.approx([0.0, 3600.0, 3600.04])


def test_a_clock_that_was_set_back_and_is_taken_for_one_that_ran_over_makes_no_gap() -> None:
    clock_s = 2**33 / 90_000
    stamps = [9000.0, 9000.04, *(5000.0 + clock_s + k / 25 for k in range(3))]
    assert placed(stamps, clock_s=clock_s) == pytest.approx([k / 25 for k in range(5)])
    # Of others a gap of a day is one.
    assert placed(stamps)[2] == pytest.approx(clock_s - 4000)
    assert placed([0.0, 0.04, 40_000.0, 40_000.04], clock_s=clock_s)[-1] == pytest.approx(40_000.04)


def test_damaged_leap_past_the_end_is_ignored_and_the_clock_recovers() -> None:
    stamps: list[float | None] = [0.0, 0.04, 135_000.0, 135_000.04, 4.0, 4.04]
    assert placed(stamps, duration_s=8.0) == pytest.approx([0.0, 0.04, 0.08, 0.12, 4.0, 4.04])


def test_wrongly_short_duration_does_not_bend_a_steady_clock() -> None:
    assert placed([0.0, 5.0, 10.0, 15.0, 20.0], duration_s=1.0) == pytest.approx([0, 5, 10, 15, 20])


@given(
    number=st.integers(1, 198),
    wrong_s=st.floats(-2.0, 12.0) | st.floats(-1e6, 1e6),
    duration_s=st.sampled_from([None, 8.0, 600.0]),
)
def test_one_damaged_stamp_moves_no_other_frame(
    number: int, wrong_s: float, duration_s: float | None
) -> None:
    stamps = steady(200)
    stamps[number] = wrong_s
    timeline = Timeline(frame_s=0.04, start_s=0.0, duration_s=duration_s)
    times = place_all(timeline, stamps)
    # By a few frames one stamp is as good as another.
    assert times == pytest.approx(steady(200), abs=0.201)
    assert timeline.shifted_from_s is None


def test_a_damaged_stamp_in_a_joined_recording_moves_no_other_frame() -> None:
    stamps: list[float | None] = [*steady(100), *steady(100)]
    stamps[150] = 300.0
    assert placed(stamps, duration_s=600.0) == pytest.approx([k * 0.04 for k in range(200)])
    stamps[150] = 135_000.0
    assert placed(stamps, duration_s=600.0) == pytest.approx([k * 0.04 for k in range(200)])


@given(
    steps_s=st.lists(st.floats(0.01, 100), min_size=1, max_size=30),
    longer=st.booleans(),
)
def test_gaps_of_any_length_are_kept_to_the_frame(steps_s: list[float], longer: bool) -> None:
    stamps = [0.0, *accumulate(steps_s)]
    timeline = Timeline(frame_s=0.04, start_s=0.0, duration_s=stamps[-1] + 50 * longer)
    assert place_all(timeline, [*stamps]) == pytest.approx(stamps)
    assert timeline.shifted_from_s is None


def test_a_gap_is_kept_where_nobody_knows_what_comes_next() -> None:
    stamps = [k * 0.04 + 60 * (k >= 10) for k in range(20)]
    timeline = Timeline(frame_s=0.04, start_s=0.0, duration_s=600.0)
    times = [timeline.place(stamp) for stamp in stamps]
    assert times[:10] + times[11:] == pytest.approx(stamps[:10] + stamps[11:])
    # Nor is it lost where every other frame has no timestamp.
    sparse = [stamp if k % 2 else None for k, stamp in enumerate(stamps)]
    assert placed(sparse, start_s=0.0, duration_s=600.0)[13:] == pytest.approx(stamps[13:])


def test_a_last_picture_long_after_the_others_counts_where_the_film_is_as_long() -> None:
    assert placed([0.0, 0.04, 30.0], duration_s=30.0) == pytest.approx([0.0, 0.04, 30.0])
    assert placed([0.0, 0.04, 95_443.7], duration_s=30.0) == pytest.approx([0.0, 0.04, 0.08])
    assert placed([0.0, 0.04, 95_443.7]) == pytest.approx([0.0, 0.04, 0.08])


def test_it_is_known_from_when_on_times_are_moved() -> None:
    timeline = Timeline(frame_s=0.04, start_s=0.0, duration_s=8.0)
    place_all(timeline, [0.0, 0.04, 135_000.0, 135_000.04])
    assert timeline.shifted_from_s == pytest.approx(0.08)
    place_all(timeline, [135_000.08, 4.0, 4.04])
    assert timeline.shifted_from_s is None
    place_all(timeline, [0.0, 0.04])
    assert timeline.shifted_from_s == pytest.approx(4.08)


def test_what_comes_next_is_only_asked_for_where_stamps_jump() -> None:
    timeline = Timeline(frame_s=0.04, start_s=0.0, duration_s=600.0)

    def nobody() -> float:
        raise AssertionError

    for stamp in (0.0, 0.04, 0.2, 0.1, None, 0.3, 0.45):
        timeline.place(stamp, nobody)


@given(
    st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=50),
    st.none() | st.floats(-1e6, 1e6),
    st.none() | st.floats(0.1, 1e4),
)
def test_times_grow_whatever_the_stamps(
    stamps: list[float | None], start_s: float | None, duration_s: float | None
) -> None:
    times = placed(stamps, start_s=start_s, duration_s=duration_s)
    assert times[0] >= 0
    assert all(later > earlier for earlier, later in pairwise(times))
