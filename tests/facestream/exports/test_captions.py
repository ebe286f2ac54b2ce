"""WebVTT, read back by the grammar of the W3C."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vtt_reader import read_vtt

from facestream.exports.captions import cues, write_srt, write_vtt


@dataclass(frozen=True)
class Stretch:
    identity: str
    start_s: float
    end_s: float


times = st.floats(0, 400_000, allow_nan=False)
stretches = st.lists(
    st.builds(
        lambda who, start, length: Stretch(who, start, start + length),
        st.sampled_from(["p1", "p2", "p3", ""]),
        st.floats(0, 100) | times,
        st.floats(0, 20),
    ),
    max_size=12,
)


@given(stretches, st.sampled_from([0.0, 0.2]))
def test_cues_are_in_order_never_overlap_and_say_who_is_there(found: list[Stretch], period_s: float) -> None:
    file = io.StringIO()
    count = write_vtt(cues(found, period_s), {"p2": "Bob"}, file)  # type: ignore[arg-type]
    read = read_vtt(file.getvalue())
    assert len(read) == count
    for (_, end, people), (start, _, then) in itertools.pairwise(read):
        assert end <= start
        # One cue for each stretch with the same people.
        assert end < start or people != then
    names = {"p1": "p1", "p2": "Bob", "p3": "p3"}
    for stretch in found:
        middle_ms = (stretch.start_s + stretch.end_s) * 500
        shown = [people for start, end, people in read if start <= middle_ms < end]
        if stretch.identity and stretch.end_s - stretch.start_s > 0.01:
            assert names[stretch.identity] in shown[0]
    if not any(stretch.identity for stretch in found):
        assert not read


@pytest.mark.parametrize("name", ["Ada <b>", "A & B", "--> x", "a\u2028b", "<c.red>"])
def test_names_are_escaped_and_stay_on_one_line(name: str) -> None:
    file = io.StringIO()
    write_vtt(cues([Stretch("p1", 0, 1)], 0), {"p1": name}, file)  # type: ignore[list-item]
    ((_, _, people),) = read_vtt(file.getvalue())
    assert people == [" ".join(name.split())]


def test_at_a_cut_nobody_is_there_with_whom_the_next_shot_shows() -> None:
    # Looked at 0.167 s and 0.24 s after the last look at the shot before.
    for next_s in (1.167, 1.24):
        found = [Stretch("p1", 0, 1), Stretch("p2", next_s, 3), Stretch("p3", 2, 2.5)]
        assert [(cue.start_ms, cue.end_ms, cue.people) for cue in cues(found, 0.2)] == [  # type: ignore[arg-type]
            (0, round(next_s * 1000), ("p1",)),
            (round(next_s * 1000), 2000, ("p2",)),
            (2000, 2700, ("p2", "p3")),
            (2700, 3200, ("p2",)),
        ]


def test_the_last_caption_ends_with_the_video() -> None:
    (cue,) = cues([Stretch("p1", 0, 12)], 0.2, 12.04)  # type: ignore[list-item]
    assert (cue.start_ms, cue.end_ms) == (0, 12_040)


def test_subrip_has_numbers_commas_and_no_tags() -> None:
    file = io.StringIO()
    found = [Stretch("p1", 0, 1), Stretch("p2", 3661.5, 3663)]
    assert write_srt(cues(found, 0), {"p1": "Ada <b> --> x\n", "p2": "Bob"}, file) == 2  # type: ignore[arg-type]
    assert file.getvalue() == (
        "1\n00:00:00,000 --> 00:00:01,000\nAda ‹b› --› x\n\n2\n01:01:01,500 --> 01:01:03,000\nBob\n\n"
    )


def test_a_face_that_is_missed_for_a_moment_makes_no_break_and_days_are_hours() -> None:
    found = [Stretch("p10", 0, 1), Stretch("p10", 1.4, 2), Stretch("p9", 360_000, 360_001)]
    assert [(cue.start_ms, cue.end_ms) for cue in cues(found, 0)] == [(0, 2000), (360_000_000, 360_001_000)]  # type: ignore[arg-type]
    file = io.StringIO()
    write_vtt(cues(found, 0), {}, file)  # type: ignore[arg-type]
    assert "100:00:00.000 --> 100:00:01.000\np9\n" in file.getvalue()
