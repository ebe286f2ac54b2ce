from __future__ import annotations

from dataclasses import replace

import pytest

from facestream.cameras.camera_gaps import CameraGap, gap_lines
from facestream.cameras.camera_gaps import gaps_of as gaps_at
from storage.source_record import SHORT_GAP_S, SegmentDone, SourceRecord

BEGAN_S = 1.8e9
NOW_S = BEGAN_S + 1e7
DOOR = SourceRecord("c-door", "camera", "rtsp://x/1", 64, 48, recorded_at_s=BEGAN_S)


def gaps_of(source: SourceRecord | None, *, streams: bool = True) -> list[CameraGap]:
    return gaps_at(source, added_s=0.0, streams=streams, now_s=NOW_S)


def test_gaps_lie_between_the_stretches_that_are_done_the_latest_first() -> None:
    source = replace(DOOR, ranges=((5.0, 60.0), (300.0, 400.0), (403.0, 500.0), (510.0, 600.0)))
    assert gaps_of(source) == [
        CameraGap(BEGAN_S + 500, BEGAN_S + 510),
        CameraGap(BEGAN_S + 60, BEGAN_S + 300),
    ]
    assert gaps_of(source)[1].json == {
        "start_at": "2027-01-15T08:01:00.000Z",
        "end_at": "2027-01-15T08:05:00.000Z",
        "seconds": 240.0,
    }


@pytest.mark.parametrize("source", [None, DOOR, replace(DOOR, recorded_at_s=None, ranges=((0, 1), (9, 99)))])
def test_a_camera_of_which_nothing_is_known_has_none(source: SourceRecord | None) -> None:
    assert gaps_of(source) == []
    assert gap_lines([]) == []


def test_segments_that_follow_each_other_and_stalls_leave_none_and_an_outage_leaves_one() -> None:
    source = DOOR
    for start_s, end_s in ((0.0, 60.0), (60.0, 120.0), (123.0, 180.0), (180.0 + SHORT_GAP_S, 250.0)):
        source = source.with_segment(SegmentDone("c-door", start_s, end_s))
    (gap,) = gaps_of(source)
    assert gap == CameraGap(BEGAN_S + 180, BEGAN_S + 180 + SHORT_GAP_S)


def test_the_latest_are_shown_and_the_others_counted() -> None:
    lines = gap_lines([CameraGap(BEGAN_S - 100 * k - 30, BEGAN_S - 100 * k) for k in range(8)])
    assert [what for what, _ in lines] == ["nothing seen", "", "", "", "", ""]
    assert lines[0][1].endswith("(30 s)")
    assert lines[-1][1] == "and 3 gaps before"


def test_a_camera_that_stalls_all_the_time_does_not_push_an_outage_out() -> None:
    source, at_s = DOOR, 0.0
    for k in range(1500):
        source = source.with_segment(SegmentDone("c-door", at_s, at_s + 297.0))
        at_s += 7500.0 if k == 100 else 300.0
    assert len(source.ranges) <= 256
    assert [gap.seconds for gap in gaps_of(source)] == [7500.0 - 297.0]


def test_of_a_camera_that_delivers_nothing_the_latest_goes_on() -> None:
    source = replace(DOOR, ranges=((5.0, 60.0), (300.0, 400.0)))
    (now, before) = gaps_of(source, streams=False)
    assert (now.start_s, now.end_s, now.json["end_at"]) == (BEGAN_S + 400, NOW_S, None)
    assert before == CameraGap(BEGAN_S + 60, BEGAN_S + 300)
    assert "until now (" in gap_lines([now])[0][1]
    assert gaps_of(DOOR, streams=False) == []


@pytest.mark.parametrize("source", [None, DOOR], ids=["never reached", "nothing done yet"])
def test_of_a_camera_by_which_nothing_was_ever_seen_it_begins_when_it_was_added(
    source: SourceRecord | None,
) -> None:
    (gap,) = gaps_at(source, added_s=NOW_S - 3600, streams=False, now_s=NOW_S)
    assert gap == CameraGap(NOW_S - 3600, NOW_S, goes_on=True)
    assert gaps_at(source, added_s=NOW_S - 3600, streams=True, now_s=NOW_S) == []
    assert gaps_at(source, added_s=NOW_S - 5, streams=False, now_s=NOW_S) == []
