"""Sightings are in order, and made when they are looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.people.sighting import Sighting, Sightings, end_order, in_order, start_order
from storage.sighting_record import Sighting as Stored
from storage.source_record import SourceRecord

SOURCES = {
    "v-dated": SourceRecord("v-dated", "video", "/b.mp4", 1, 1, 60.0, 1_000_000.0, 5.0),
    "v-later": SourceRecord("v-later", "video", "/a.mp4", 1, 1, 60.0, 2_000_000.0, 5.0),
    "v-plain": SourceRecord("v-plain", "video", "/c.mp4", 1, 1, 60.0, None, 5.0),
    "v-every": SourceRecord("v-every", "video", "/d.mp4", 1, 1, 60.0, None, None),
    "i-photo": SourceRecord("i-photo", "photo", "/e.jpg", 1, 1),
}

times_s = st.floats(0, 3600, allow_nan=False)
stored = st.lists(
    st.builds(
        lambda source_id, start_s, long_s: Stored(source_id, start_s, start_s + long_s),
        st.sampled_from([*SOURCES, "v-gone"]),
        times_s,
        times_s,
    ),
    min_size=1,
    max_size=12,
)


@given(stored)
def test_they_are_in_order_and_none_is_lost(seen: list[Stored]) -> None:
    made = Sightings(seen, SOURCES)
    orders = [start_order(sighting) for sighting in made]
    assert orders == sorted(orders)
    assert sorted((s.source_id, s.start_s, s.end_s) for s in made) == sorted(map(tuple, seen))
    assert len(made) == len(seen)


def test_numbers_in_paths_are_compared_as_numbers() -> None:
    paths = ["Season 10/01.mp4", "Season 2/10.mp4", "Season 2/9.mp4", "Season 02/9.mp4", "Season 2/9.mkv"]
    assert sorted(paths, key=in_order) == [
        "Season 2/9.mkv",
        "Season 02/9.mp4",
        "Season 2/9.mp4",
        "Season 2/10.mp4",
        "Season 10/01.mp4",
    ]


@given(st.text("a01/9é", max_size=8), st.text("a01/9é", max_size=8))
def test_two_paths_are_never_the_same_in_order(one: str, other: str) -> None:
    assert (in_order(one) == in_order(other)) == (one == other)


@given(stored)
def test_the_latest_is_the_one_that_ended_last(seen: list[Stored]) -> None:
    made = Sightings(seen, SOURCES)
    assert end_order(made.latest()) == max(map(end_order, made))


@given(stored)
def test_they_are_what_a_tuple_of_them_would_be(seen: list[Stored]) -> None:
    made = Sightings(seen, SOURCES)
    assert made == tuple(made)
    assert made[0] == next(iter(made))
    assert made[1:] == tuple(made)[1:]
    assert hash(made) == hash(tuple(made))
    assert repr(made) == repr(tuple(made))
    assert made != list(made)


@pytest.mark.parametrize(
    ("source_id", "seconds", "photo"),
    [("v-dated", 2.2, False), ("v-every", 2.0, False), ("i-photo", 0.0, True), ("v-gone", 0.0, False)],
)
def test_the_time_seen_goes_to_the_sampled_frame_after_the_last_one(
    source_id: str, seconds: float, photo: bool
) -> None:
    (sighting,) = Sightings([Stored(source_id, 3.0, 5.0)], SOURCES)
    assert sighting.seconds == pytest.approx(seconds)
    assert sighting.photo is photo


def test_a_date_is_known_where_that_of_the_source_is() -> None:
    dated, plain = Sightings([Stored("v-plain", 0.0, 1.0), Stored("v-dated", 3.0, 5.0)], SOURCES)
    assert dated.start_at == datetime.fromtimestamp(1_000_003, UTC)
    assert dated.end_at == datetime.fromtimestamp(1_000_005, UTC)
    assert plain.start_at is None
    assert plain.end_at is None


def test_one_that_is_made_by_hand_is_no_different() -> None:
    by_hand = Sighting("v-dated", "/b.mp4", 3.0, 5.0, 1_000_000.0, 2.2)
    assert Sightings([Stored("v-dated", 3.0, 5.0)], SOURCES)[0] == by_hand


def test_nobody_is_seen_beyond_the_end_of_a_video() -> None:
    sighting = Sightings([Stored("v-dated", 50.0, 59.9)], SOURCES)[0]
    assert sighting.seconds == pytest.approx(10.0)
