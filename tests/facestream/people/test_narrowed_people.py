"""People narrowed to a source or a time are listed as if their sightings had been made one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.people.people_filter import SORTS, PeopleFilter, sorted_people
from facestream.people.people_lists import PeopleLists
from facestream.people.person import person_of
from storage.identity_record import Identity
from storage.sighting_record import Sighting
from storage.source_record import SourceRecord

BEGAN_S = 1_777_636_800.0
SOURCES = {
    "v-1": SourceRecord("v-1", "video", "/films/b.mp4", 64, 48, 20.0, BEGAN_S, 5.0),
    "v-2": SourceRecord("v-2", "video", "/films/a.mp4", 64, 48),
    # Of the same minute as the first and the camera.
    "v-3": SourceRecord("v-3", "video", "/films/c.mp4", 64, 48, 10.0, BEGAN_S - 4, 4.0),
    "i-1": SourceRecord("i-1", "photo", "/photos/a.jpg", 64, 48, recorded_at_s=BEGAN_S + 5),
    "c-door": SourceRecord("c-door", "camera", "rtsp://host/live", 64, 48, recorded_at_s=BEGAN_S, fps=3.0),
}
WHERE = (
    PeopleFilter(cameras="door"),
    PeopleFilter(cameras="*", sources="films"),
    PeopleFilter(sources="films", min_seconds=3, max_seconds=20),
    PeopleFilter(sources="v-1", text="a", ignored=True),
    PeopleFilter(sources=("a.jpg", "gone"), named=False),
    PeopleFilter(since=datetime.fromtimestamp(BEGAN_S + 6, UTC), name="B"),
    PeopleFilter(until=datetime.fromtimestamp(BEGAN_S + 6, UTC), only_ignored=True),
    PeopleFilter(sources="films", since=4.0),
    PeopleFilter(sources="nowhere"),
)
# Of which nothing is known of one.
SIGHTINGS = st.builds(
    lambda source_id, start, length: Sighting(source_id, start / 10, (start + length) / 10),
    st.sampled_from([*SOURCES, "v-gone"]),
    st.integers(0, 150),
    st.integers(0, 60),
)
PEOPLE = st.lists(
    st.tuples(
        st.lists(SIGHTINGS, min_size=1, max_size=5, unique=True),
        st.sampled_from(["", "Ada", "bob"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(PEOPLE, PEOPLE, st.sampled_from(WHERE), st.sampled_from(SORTS), st.booleans())
def test_lists_are_those_of_a_look_at_each_sighting(
    first: list[Any], second: list[Any], where: PeopleFilter, sort: str, reverse: bool
) -> None:
    lists = PeopleLists()
    lists.put_sources(SOURCES, all_there_are=True)
    # The second lie beside the large table.
    for people in (first, second):
        made = {
            f"p{number}": person_of(
                Identity(f"p{number}", name=name, ignored=ignored, tracks=1, faces=3, sightings=tuple(seen)),
                lists.sources,
            )
            for number, (seen, name, ignored) in enumerate(people, 1)
        }
        lists.put(list(made), made)
        lists.make_orders()
    expected = sorted_people(where.apply(lists.known.values()), sort, reverse=reverse)
    found, total = lists.people(where, 0, 100, sort=sort, reverse=reverse)
    assert ([one.id for one in found], total) == ([one.id for one in expected], len(expected))
    assert [one.seconds for one in found] == [one.seconds for one in expected]


@settings(max_examples=60, deadline=None)
@given(PEOPLE, st.sampled_from(WHERE))
def test_the_time_seen_is_the_union_of_the_sightings_that_match(
    people: list[Any], where: PeopleFilter
) -> None:
    made = [
        person_of(Identity(f"p{n}", name=name, ignored=ignored, tracks=1, sightings=tuple(seen)), SOURCES)
        for n, (seen, name, ignored) in enumerate(people, 1)
    ]
    for person in where.apply(made):
        matching = [one for one in made[int(person.id[1:]) - 1].sightings if where.holds(one)]
        assert [*person.sightings] == matching
        moments = set()
        for one in matching:
            start_ms = round(((one.recorded_at_s or 0.0) + one.start_s) * 1000)
            line = one.source_id if one.recorded_at_s is None else ""
            moments |= {(line, at) for at in range(start_ms, start_ms + round(one.seconds * 1000))}
        assert abs(person.seconds - len(moments) / 1000) <= 0.001 * len(matching)


def test_people_are_listed_by_the_time_that_they_were_seen_and_not_by_how_many_cameras_saw_them() -> None:
    lists = PeopleLists()
    lists.put_sources(SOURCES, all_there_are=True)
    twice = (Sighting("v-1", 10.0, 16.0), Sighting("c-door", 10.0, 16.0))
    once = (Sighting("c-door", 10.0, 18.0),)
    made = {
        f"p{n}": person_of(Identity(f"p{n}", tracks=1, sightings=seen), lists.sources)
        for n, seen in ((1, twice), (2, once))
    }
    lists.put(list(made), made)
    found, _ = lists.people(PeopleFilter(cameras="door", sources="films"), 0, 10)
    assert [one.id for one in found] == ["p2", "p1"]
    assert lists.people(PeopleFilter(cameras="door", sources="films", min_seconds=8), 0, 10)[1] == 1
