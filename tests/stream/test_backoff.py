from hypothesis import given
from hypothesis import strategies as st

from stream.backoff import Backoff

DRAWS = st.floats(0, 1, exclude_max=True)


@given(DRAWS, st.lists(st.floats(0, 599), max_size=20))
def test_a_short_outage_never_waits_longer_than_six_seconds(draw: float, outages: list[float]) -> None:
    backoff = Backoff(draw=lambda: draw)

    assert all(0 <= backoff.wait_s(outage_s) <= 6 for outage_s in outages)


@given(DRAWS, st.lists(st.floats(0, 1e6), max_size=20))
def test_no_wait_is_longer_than_the_longest(draw: float, outages: list[float]) -> None:
    backoff = Backoff(draw=lambda: draw)

    assert all(0 <= backoff.wait_s(outage_s) <= 30 for outage_s in outages)
    assert 15 <= backoff.hopeless_s() <= 30


def test_the_ceiling_doubles_and_a_return_makes_it_begin_anew() -> None:
    backoff = Backoff(draw=lambda: 1.0)

    assert [backoff.wait_s(1) for _ in range(5)] == [1, 2, 4, 6, 6]
    assert backoff.wait_s(3600) == 30
    backoff.reset()
    assert [backoff.wait_s(1) for _ in range(2)] == [1, 2]


def test_a_day_of_failures_is_a_few_thousand_attempts_at_most() -> None:
    backoff = Backoff(draw=lambda: 0.5)
    gone_s, attempts = 0.0, 0
    while gone_s < 86_400:
        gone_s += backoff.wait_s(gone_s)
        attempts += 1

    assert 86_400 / 30 < attempts < 7_000


def test_cameras_lost_together_do_not_come_back_together() -> None:
    waits = [Backoff(first_s=5).wait_s(0) for _ in range(50)]

    assert max(waits) - min(waits) > 1
