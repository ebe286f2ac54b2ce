from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.moment_pairing import MomentPairing

WITHIN_S = 0.15
# Times in milliseconds, so that distances are exact.
times_ms = st.lists(st.integers(0, 2000), unique=True, max_size=30).map(sorted)


def nearest(frame_ms: int, pictures_ms: list[int], within_ms: int) -> int | None:
    """The earlier one of two that are equally near."""
    near = min(pictures_ms, key=lambda picture_ms: abs(picture_ms - frame_ms), default=None)
    return near if near is not None and abs(near - frame_ms) <= within_ms else None


@given(times_ms, times_ms, st.integers(0, 400))
def test_each_frame_gets_the_nearest_picture_in_reach_and_all_come_in_order(
    frames_ms: list[int], pictures_ms: list[int], within_ms: int
) -> None:
    pairing: MomentPairing[int, int] = MomentPairing(within_ms)
    settled: list[tuple[int, int | None]] = []
    shown = 0
    # At one moment, the picture first.
    for at_ms, is_frame in sorted([(t, False) for t in pictures_ms] + [(t, True) for t in frames_ms]):
        settled += pairing.frame(at_ms, at_ms, waits=True) if is_frame else pairing.picture(at_ms, at_ms)
        shown += is_frame
        # Nothing waits for longer than a picture can come for it.
        late = [t for t in frames_ms[:shown] if at_ms - t > within_ms]
        assert [frame for frame, _ in settled][: len(late)] == late
    settled += pairing.late(10_000)
    assert settled == [(t, nearest(t, pictures_ms, within_ms)) for t in frames_ms]


@given(times_ms, st.integers(0, 2000))
def test_a_frame_that_does_not_wait_is_settled_at_once_with_those_before_it(
    frames_ms: list[int], picture_ms: int
) -> None:
    pairing: MomentPairing[int, int] = MomentPairing(10_000)
    before = [t for t in frames_ms if t > picture_ms]
    pairing.picture(picture_ms, picture_ms)
    assert [pairing.frame(t, t, waits=True) for t in before] == [[]] * len(before)
    assert pairing.frame(3000, 3000, waits=False) == [(t, picture_ms) for t in [*before, 3000]]


def test_a_picture_that_came_before_a_frame_was_seen_does_not_settle_it() -> None:
    # Two threads: what came first need not be seen first.
    pairing: MomentPairing[str, str] = MomentPairing(WITHIN_S)
    assert pairing.frame("frame", 1.10, waits=True) == []
    assert pairing.picture("before", 1.06) == []
    assert pairing.picture("after", 1.11) == [("frame", "after")]


def test_a_negative_distance_is_refused() -> None:
    with pytest.raises(ValueError, match="within_s is -1"):
        MomentPairing(-1)
