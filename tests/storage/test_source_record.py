import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_source, as_stored, counts, texts, times_s

from storage.errors import RecordError
from storage.source_record import (
    MAX_RANGES,
    SHORT_GAP_S,
    Range,
    SegmentDone,
    SourceRecord,
    bounded,
    covers,
    missing,
    united,
)

# Tenths of a second: far apart compared with the tolerance of a microsecond.
ranges_s = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 60)).map(lambda r: (r[0] / 10, (r[0] + r[1]) / 10)),
    max_size=8,
)
windows_s = st.tuples(st.integers(0, 250), st.integers(1, 100)).map(lambda r: (r[0] / 10, (r[0] + r[1]) / 10))


EXACT = (
    "source_id", "kind", "path", "width_px", "height_px", "ranges", "complete", "sampled", "forgotten",
    "provider",
)  # fmt: skip


def sources() -> st.SearchStrategy[SourceRecord]:
    return st.builds(
        SourceRecord,
        source_id=texts,
        kind=st.sampled_from(["video", "photo", "camera"]),
        path=texts,
        width_px=counts,
        height_px=counts,
        duration_s=st.none() | times_s,
        recorded_at_s=st.none() | times_s,
        fps=st.none() | st.floats(0.1, 240),
        ranges=ranges_s.map(united),
        complete=st.booleans(),
        sampled=counts,
        forgotten=counts,
        provider=texts,
    )


@given(sources())
def test_a_source_comes_back_as_it_went(source: SourceRecord) -> None:
    back = SourceRecord.decode(as_stored({**source.encode(), **source.progress_fields()}))
    for name in EXACT:
        assert getattr(back, name) == getattr(source, name), name
    for name, tolerance in (
        ("duration_s", {"abs": 1e-3}),
        ("recorded_at_s", {"abs": 1e-3}),
        ("fps", {"rel": 1e-5}),
    ):
        given_value, value = getattr(source, name), getattr(back, name)
        assert value == (None if given_value is None else pytest.approx(given_value, **tolerance)), name


def test_a_source_that_was_only_registered_has_no_progress() -> None:
    known = a_source(ranges=((0, 1),), complete=True, sampled=5, forgotten=2)
    back = SourceRecord.decode(as_stored(known.encode()))
    assert (back.ranges, back.complete, back.sampled, back.forgotten) == ((), False, 0, 0)


@given(st.builds(SegmentDone, texts, times_s, times_s, counts, st.booleans()))
def test_a_segment_comes_back_as_it_went(segment: SegmentDone) -> None:
    assert SegmentDone.decode(as_stored(segment.encode())) == segment


@pytest.mark.parametrize("name", ["source_id", "kind", "path", "width_px", "height_px", "fps"])
def test_names_the_field_of_a_source_that_is_missing(name: str) -> None:
    raw = as_stored(a_source().encode())
    del raw[name.encode()]
    with pytest.raises(RecordError, match=name) as caught:
        SourceRecord.decode(raw)
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source_id", b"\xff"),
        ("kind", b"\xff"),
        ("path", b"\xff"),
        ("width_px", b"wide"),
        ("height_px", b"-1"),
        ("duration_s", b"long"),
        ("recorded_at_s", b"inf"),
        ("fps", b"fast"),
        ("complete", b"maybe"),
        ("sampled", b"0.5"),
        ("forgotten", b"-1"),
        ("ranges", b"\xff"),
        ("ranges", b"[[0, 1]"),
        ("ranges", b"[[0, 1, 2]]"),
        ("ranges", b"[0, 1]"),
        ("ranges", b"7"),
        ("ranges", b"[[0, null]]"),
        ("ranges", b"[[0, Infinity]]"),
        ("ranges", b"[[NaN, 1]]"),
        ("ranges", b"[[2, 1]]"),
        ("ranges", b"[[5, 6], [1, 2]]"),
        ("ranges", b"[[0, 1" + b"0" * 400 + b"]]"),
        ("ranges", b"[[0, 1" + b"0" * 5000 + b"]]"),
        ("ranges", b"[" * 100_000),
    ],
)
def test_names_the_field_of_a_source_that_is_malformed(name: str, value: bytes) -> None:
    with pytest.raises(RecordError, match=name) as caught:
        SourceRecord.decode({**as_stored(a_source().encode()), name.encode(): value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source_id", b"\xff"),
        ("start_s", b""),
        ("end_s", b"inf"),
        ("sampled", b"-3"),
        ("complete", b"true"),
    ],
)
def test_names_the_field_of_a_segment_that_is_malformed(name: str, value: bytes) -> None:
    raw = as_stored(SegmentDone("v-1", 0.0, 1.0).encode())
    with pytest.raises(RecordError, match=name) as caught:
        SegmentDone.decode({**raw, name.encode(): value})
    assert caught.value.field == name


@given(
    st.sampled_from(["source_id", "width_px", "duration_s", "fps", "ranges", "complete", "sampled"]),
    st.binary(max_size=40),
)
def test_random_bytes_in_a_source_raise_nothing_else(name: str, value: bytes) -> None:
    try:
        back = SourceRecord.decode({**as_stored(a_source().encode()), name.encode(): value})
    except RecordError as error:
        assert error.field == name  # noqa: PT017 - many values are fine
    else:
        assert back.path == a_source().path


def covered(ranges: tuple[Range, ...] | list[Range], at_s: float) -> bool:
    return any(start <= at_s < end for start, end in ranges)


# Middles of the grid that the ranges lie on.
MOMENTS_S = [k / 10 + 0.05 for k in range(360)]


@given(ranges_s)
def test_united_ranges_hold_the_same_moments_in_order_and_apart(ranges: list[Range]) -> None:
    result = united(ranges)
    assert [covered(result, t) for t in MOMENTS_S] == [covered(ranges, t) for t in MOMENTS_S]
    for (_, end), (start, _) in itertools.pairwise(result):
        assert end < start


@given(ranges_s, windows_s)
def test_ranges_and_what_is_missing_tile_the_interval(ranges: list[Range], window: Range) -> None:
    known = united(ranges)
    gaps = missing(known, *window)
    for t in MOMENTS_S:
        inside = window[0] <= t < window[1]
        assert covered(gaps, t) == (inside and not covered(known, t))
    pieces = sorted([*gaps, *known])
    for (_, end), (start, _) in itertools.pairwise(pieces):
        assert end <= start + 1e-6
    assert all(window[0] <= start < end <= window[1] for start, end in gaps)


@given(ranges_s, windows_s)
def test_an_interval_is_covered_when_nothing_of_it_is_missing(ranges: list[Range], window: Range) -> None:
    known = united(ranges)
    assert covers(known, *window) == (missing(known, *window) == ())


@given(ranges_s, windows_s)
def test_nothing_is_missing_after_the_gaps_were_filled(ranges: list[Range], window: Range) -> None:
    known = united(ranges)
    assert missing(united([*known, *missing(known, *window)]), *window) == ()


def test_what_is_missing_of_an_endless_interval_ends_nowhere() -> None:
    assert missing(((0, 5), (8, 9)), 2, math.inf) == ((5, 8), (9, math.inf))


def test_stretches_that_touch_become_one() -> None:
    assert united([(1.0, 2.0), (0.0, 1.0 - 1e-9)]) == ((0.0, 2.0),)


def test_a_segment_that_is_known_changes_nothing() -> None:
    once = a_source().with_segment(SegmentDone("v-1", 0, 60, 300))
    assert once.with_segment(SegmentDone("v-1", 0, 60, 300)) == once
    assert once.with_segment(SegmentDone("v-1", 10, 20, 50)) == once


def test_segments_add_up() -> None:
    source = a_source()
    for segment in (SegmentDone("v-1", 60, 90, 150, True), SegmentDone("v-1", 0, 60, 300)):
        source = source.with_segment(segment)
    assert (source.ranges, source.sampled, source.complete) == (((0, 90),), 450, True)


def test_what_the_latest_new_segment_ran_on_counts() -> None:
    source = a_source().with_segment(SegmentDone("v-1", 0, 60, 300, provider="CPUExecutionProvider"))
    source = source.with_segment(SegmentDone("v-1", 60, 90, 150, provider="CUDAExecutionProvider"))
    again = source.with_segment(SegmentDone("v-1", 0, 60, 300, provider="CPUExecutionProvider"))
    assert source.provider == again.provider == "CUDAExecutionProvider"
    # As a program from before the field sends it.
    assert source.with_segment(SegmentDone("v-1", 90, 95, 25)).provider == "CUDAExecutionProvider"


def test_a_segment_leaves_the_number_of_those_who_were_forgotten() -> None:
    assert a_source(forgotten=3).with_segment(SegmentDone("v-1", 0, 60, 300)).forgotten == 3


def test_frames_of_a_known_stretch_do_not_count_again_when_it_turns_out_to_be_the_end() -> None:
    source = a_source().with_segment(SegmentDone("v-1", 0, 60, 300))
    ended = source.with_segment(SegmentDone("v-1", 0, 60, 300, complete=True))
    assert (ended.sampled, ended.complete) == (300, True)


@given(ranges_s, st.integers(1, 10))
def test_bounded_ranges_hold_all_that_was_done_and_the_newest_outages(ranges: list[Range], most: int) -> None:
    done = united(ranges)
    fewer = bounded(done, most)
    assert len(fewer) == min(len(done), most)
    assert all(covers(fewer, start, end) for start, end in done)
    assert united(list(fewer)) == fewer
    outages = long_gaps(done)
    assert long_gaps(fewer) == outages[max(len(outages) - (most - 1), 0) :]


def long_gaps(ranges: Sequence[Range]) -> list[Range]:
    gaps = [(before[1], behind[0]) for before, behind in itertools.pairwise(ranges)]
    return [(start, end) for start, end in gaps if end - start >= SHORT_GAP_S]


def test_a_camera_that_comes_back_a_thousand_times_keeps_its_latest_stretches() -> None:
    camera, video = (a_source(kind=kind) for kind in ("camera", "video"))
    for k in range(1000):
        segment = SegmentDone("source", 20.0 * k, 20.0 * k + 5, 25)
        camera, video = camera.with_segment(segment), video.with_segment(segment)
    assert len(camera.ranges) == MAX_RANGES
    assert camera.ranges[0] == (0.0, 14885.0)
    assert camera.ranges[-1] == (19980.0, 19985.0)
    assert camera.sampled == 25_000
    assert len(video.ranges) == 1000
