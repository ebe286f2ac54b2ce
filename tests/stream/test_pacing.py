from hypothesis import given
from hypothesis import strategies as st

from stream.pacing import Pacer


def test_a_burst_is_spread_over_the_time_that_it_covers() -> None:
    pacer, now_s, shown_s = Pacer(), 100.0, []
    for number in range(50):
        now_s += pacer.wait_s(7.0 + number / 25, now_s)
        shown_s.append(now_s)

    assert all(abs(shown - (100 + number / 25)) < 1e-9 for number, shown in enumerate(shown_s))


def test_a_late_picture_is_shown_at_once_and_the_next_ones_keep_their_distance() -> None:
    pacer = Pacer()
    assert pacer.wait_s(0.0, 10.0) == 0
    assert pacer.wait_s(0.04, 13.0) == 0
    assert abs(pacer.wait_s(0.08, 13.0) - 0.04) < 1e-9


@given(
    st.lists(st.tuples(st.none() | st.floats(-1e6, 1e6), st.floats(0, 5)), max_size=50),
)
def test_no_timestamp_makes_a_picture_wait_longer_than_five_seconds(
    pictures: list[tuple[float | None, float]],
) -> None:
    pacer, now_s = Pacer(), 0.0
    for timestamp_s, passed_s in pictures:
        now_s += passed_s
        assert 0 <= pacer.wait_s(timestamp_s, now_s) <= 5


def test_after_a_jump_of_hours_the_pictures_keep_their_distances() -> None:
    pacer = Pacer()
    assert pacer.wait_s(0.0, 0.0) == 0
    for jump_s in (36_000.0, -3600.0):
        assert pacer.wait_s(jump_s, 1.0) == 0
        assert abs(pacer.wait_s(jump_s + 0.1, 1.0) - 0.1) < 1e-9
