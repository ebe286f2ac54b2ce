import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.arrival_sampling import ArrivalSampler

RATES = st.floats(0.1, 25)


def _taken(sampler: ArrivalSampler, times_s: list[float]) -> list[float]:
    return [time_s for time_s in times_s if sampler.wants(time_s)]


@given(RATES, st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_never_more_than_asked_for(fps: float, steps: list[float]) -> None:
    times_s = list(itertools.accumulate(steps))
    taken = _taken(ArrivalSampler(fps), times_s)

    assert taken[0] == times_s[0]
    assert len(taken) <= (times_s[-1] - times_s[0]) * fps + 2


@given(st.floats(1, 25), st.lists(st.floats(-0.12, 0.12), min_size=50, max_size=50))
def test_an_uneven_camera_of_the_same_rate_loses_nothing(fps: float, unevenness: list[float]) -> None:
    times_s = [(number + share) / fps for number, share in enumerate(unevenness)]

    assert _taken(ArrivalSampler(fps), times_s) == times_s


@given(st.integers(1, 25))
def test_a_faster_camera_is_thinned_out_to_the_rate(fps: int) -> None:
    taken = _taken(ArrivalSampler(fps), [number / 30 for number in range(30 * 20)])

    assert 20 * fps - 1 <= len(taken) <= 20 * fps + 1


def test_a_gap_is_not_made_up_for() -> None:
    sampler = ArrivalSampler(5)
    assert sampler.wants(0.0)
    assert sampler.wants(100.0)
    assert not sampler.wants(100.04)


def test_a_changed_rate_counts_from_the_last_picture() -> None:
    sampler = ArrivalSampler(0.1)
    assert sampler.wants(0.0)
    assert not sampler.wants(1.0)
    sampler.set_fps(5)
    assert sampler.wants(1.04)
    sampler.set_fps(1)
    assert not sampler.wants(1.4)


@pytest.mark.parametrize("fps", [0, -1, 25.1, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="more than 0 and at most 25"):
        ArrivalSampler(fps)
