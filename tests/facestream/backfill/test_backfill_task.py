"""What processes of a backfill are told, and where videos are cut."""

from __future__ import annotations

import json
import math
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from facestream.backfill.backfill_task import Outcome, Photos, Stretch, Task, segments
from stream.seek_points import SeekPoint


def test_a_task_is_read_back() -> None:
    stretch = Stretch("/a \udcff\n.mp4", "v-1", None, 0.0, math.inf, True, 1.8e9, SeekPoint(7, 3))
    for task in (
        Task(1, stretch),
        Task(2, Stretch("/b.mp4", "v-2", 5.0, 300.0, 600.0, False)),
        Task(3, Photos((("/c.jpg", None), ("/d.jpg", 1.5)))),
    ):
        line = task.encode()
        assert "\n" not in line
        assert Task.decode(line) == task


def test_an_outcome_is_read_back() -> None:
    outcome = Outcome(4, True, 10, 20, ["i-1"], 1, ["i-1"], [("/a", "no")], [("/b", "a bit")])
    assert Outcome.decode(json.loads(outcome.encode())["outcome"]) == outcome


@example(start_s=151.0, long_s=451.0, length_s=300.0, open_end=False)
@given(
    start_s=st.floats(0, 5_000),
    long_s=st.floats(0.1, 20_000),
    length_s=st.sampled_from([1.0, 20.0, 300.0]),
    open_end=st.booleans(),
)
def test_parts_cover_a_stretch_and_are_of_the_length(
    start_s: float, long_s: float, length_s: float, open_end: bool
) -> None:
    duration_s = start_s + long_s
    end_s = math.inf if open_end else duration_s
    borders = segments(start_s, end_s, duration_s, length_s)
    assert (borders[0], borders[-1]) == (start_s, end_s)
    assert borders == sorted(borders)
    assert all(border % length_s == 0 for border in borders[1:-1])
    parts = [min(b, duration_s) - a for a, b in pairwise(borders)]
    if len(parts) > 1:
        assert all(part <= 1.5 * length_s + 1e-6 for part in parts)
    else:
        # Not cut, since no multiple of the length has half of one on both of its sides.
        inside = range(math.floor(start_s / length_s) + 1, math.ceil(duration_s / length_s))
        ends = [(k * length_s - start_s, duration_s - k * length_s) for k in inside]
        assert all(min(before, after) <= length_s / 2 + 1e-6 for before, after in ends)
    assert len(parts) == 1 or all(part >= length_s / 2 - 1e-6 for part in parts)


def test_what_has_no_known_length_is_not_cut() -> None:
    assert segments(0.0, math.inf, None, 1.0) == [0.0, math.inf]
