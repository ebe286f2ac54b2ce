from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.commands.people_options import PeopleChoice, typed_source
from facestream.errors import UsageError
from facestream.people.people_filter import SORTS, Moment, PeopleFilter, names_source, sorted_people
from facestream.people.person import Person
from facestream.people.sighting import Sighting, start_order

BEGAN = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
FILES = ("/srv/Lobby [2].mp4", "/srv/yard.mkv", "/srv/lobby/café.mp4")


def video(
    start_s: float = 0.0, end_s: float = 2.0, *, file: str = FILES[0], began: datetime | None = None
) -> Sighting:
    began_s = began.timestamp() if began else None
    return Sighting(f"v-{FILES.index(file)}", file, start_s, end_s, began_s, end_s - start_s + 0.2)


def photo(taken: datetime | None = None, name: str = "a.jpg") -> Sighting:
    return Sighting(
        f"i-{name}", f"/pictures/{name}", 0.0, 0.0, taken.timestamp() if taken else None, 0.0, True
    )


def person(*sightings: Sighting, number: int = 1, name: str = "", faces: int = 9) -> Person:
    ordered = tuple(sorted(sightings, key=start_order))
    return Person(f"p{number}", name, seen_seconds(ordered), faces, len(ordered), ordered, ())


def seen_seconds(sightings: Iterable[Sighting]) -> float:
    """How long somebody was seen, each tenth of a second of a line of time counted once."""
    tenths = set()
    for seen in sightings:
        line, began_s = ("", seen.recorded_at_s) if seen.recorded_at_s is not None else (seen.source_id, 0.0)
        start = round((began_s + seen.start_s) * 10)
        tenths |= {(line, at) for at in range(start, start + round(seen.seconds * 10))}
    return len(tenths) / 10


def ids(people: list[Person]) -> list[str]:
    return [found.id for found in people]


sightings = st.one_of(
    st.builds(
        lambda start, length, file, began: video(start, start + length, file=file, began=began),
        st.integers(0, 50).map(float),
        st.integers(0, 9).map(float),
        st.sampled_from(FILES),
        st.sampled_from([None, BEGAN, BEGAN + timedelta(days=1)]),
    ),
    st.builds(photo, st.sampled_from([None, BEGAN]), st.sampled_from(["a.jpg", "b.jpg"])),
)
crowds = st.lists(
    st.builds(
        lambda seen, name, faces: (seen, name, faces),
        st.lists(sightings, min_size=1, max_size=5),
        st.sampled_from(["", "Ada", "ada", "Émile", "<b>"]),
        st.integers(1, 3),
    ),
    max_size=6,
).map(lambda rows: [person(*seen, number=n, name=name, faces=f) for n, (seen, name, f) in enumerate(rows, 1)])
moments = st.one_of(
    st.none(),
    st.integers(0, 60).map(float),
    st.sampled_from([BEGAN, BEGAN + timedelta(seconds=20), BEGAN + timedelta(days=2)]),
)


def ordered(since: Moment | None, until: Moment | None, **other: Any) -> PeopleFilter:
    """A filter from the earlier moment to the later one."""
    if (isinstance(since, float) and isinstance(until, float)) or (
        isinstance(since, datetime) and isinstance(until, datetime)
    ):
        since, until = sorted([since, until])
    if other["max_seconds"] is not None:
        other["max_seconds"] = max(other["max_seconds"], other["min_seconds"])
    return PeopleFilter(since=since, until=until, **other)


filters = st.builds(
    ordered,
    sources=st.lists(st.sampled_from(["lobby", "*.mkv", "v-1", "CAFÉ", "nowhere"]), max_size=2).map(tuple),
    since=moments,
    until=moments,
    name=st.sampled_from(["", "a", "ÉMILE", "zz"]),
    named=st.sampled_from([None, True, False]),
    min_seconds=st.integers(0, 10).map(float),
    max_seconds=st.one_of(st.none(), st.integers(0, 30).map(float)),
)


@given(filters, crowds)
def test_a_filter_takes_away_and_never_adds(where: PeopleFilter, people: list[Person]) -> None:
    everybody = {someone.id: someone for someone in people}
    found = where.apply(people)
    assert ids(found) == [i for i in everybody if i in set(ids(found))]
    for someone in found:
        before = everybody[someone.id]
        assert someone.sightings
        assert [s for s in before.sightings if s in someone.sightings] == list(someone.sightings)
        assert someone.seconds == seen_seconds(someone.sightings)
        assert (someone.name, someone.faces, someone.tracks) == (before.name, before.faces, before.tracks)
        assert (
            where.min_seconds
            <= someone.seconds
            <= (math.inf if where.max_seconds is None else where.max_seconds)
        )


@given(filters, crowds)
def test_filtering_twice_changes_nothing(where: PeopleFilter, people: list[Person]) -> None:
    once = where.apply(people)
    assert where.apply(once) == once


@given(crowds)
def test_no_filter_is_everybody_as_they_are(people: list[Person]) -> None:
    assert PeopleFilter().apply(people) == people


@given(crowds, st.sampled_from(SORTS), st.booleans(), st.randoms())
def test_every_order_is_total(people: list[Person], by: str, reverse: bool, random: Any) -> None:
    expected = sorted_people(people, by, reverse=reverse)
    shuffled = list(people)
    random.shuffle(shuffled)
    assert ids(sorted_people(shuffled, by, reverse=reverse)) == ids(expected)
    assert sorted(ids(expected)) == sorted(ids(people))


ONE = person(video(0, 9), number=1, name="zoe", faces=2)
TWO = person(video(5, 6), video(20, 22), number=2, faces=9)
THREE = person(photo(), number=3, name="Ada", faces=1)
FOUR = person(video(1, 2, began=BEGAN), number=4, name="bob", faces=5)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("seconds", ["p1", "p2", "p4", "p3"]),
        ("first", ["p4", "p3", "p1", "p2"]),
        ("last", ["p4", "p2", "p1", "p3"]),
        ("name", ["p3", "p4", "p1", "p2"]),
        ("faces", ["p2", "p4", "p1", "p3"]),
        ("sightings", ["p2", "p1", "p3", "p4"]),
        ("id", ["p1", "p2", "p3", "p4"]),
    ],
)
def test_orders(by: str, expected: list[str]) -> None:
    assert ids(sorted_people([FOUR, THREE, TWO, ONE], by)) == expected


def test_who_was_seen_at_an_unknown_time_too_was_last_seen_when_it_is_known() -> None:
    both = person(video(5, 6, began=BEGAN), video(20, 22), number=5)
    assert both.last.end_s == 6
    assert ids(sorted_people([ONE, both], "last")) == ["p5", "p1"]


def test_ids_are_sorted_as_numbers() -> None:
    crowd = [person(video(), number=n) for n in (10, 9, 100)]
    assert ids(sorted_people(crowd, "id")) == ["p9", "p10", "p100"]
    assert ids(sorted_people(crowd, "seconds", reverse=True)) == ["p9", "p10", "p100"]


def test_an_order_that_there_is_not_is_named() -> None:
    with pytest.raises(UsageError, match="'age', only by seconds, first, last"):
        sorted_people([ONE], "age")


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("lobby", {0, 2}),
        ("LOBBY [2]", {0}),
        ("/srv/yard.mkv", {1}),
        ("*.mp4", {0, 2}),
        ("/srv/*", {0, 1, 2}),
        ("yard.???", {1}),
        # In brackets is what they hold, and no set of characters.
        ("*[2].mp4", {0}),
        ("*[xyz]*", set()),
        # As a Mac writes it: the accent by itself.
        ("cafe\u0301", {2}),
        ("v-1", {1}),
        ("v-", set()),
        ("nowhere", set()),
    ],
)
def test_a_source_is_meant_by_its_path_a_part_a_pattern_or_its_id(pattern: str, meant: set[int]) -> None:
    found = {k for k, path in enumerate(FILES) if names_source(pattern, f"v-{k}", path)}
    assert found == meant


def test_names_are_found_in_any_case_and_composition() -> None:
    people = [
        person(video(), number=n, name=name) for n, name in enumerate(["Émile", "Straße", "İstanbul"], 1)
    ]
    assert ids(PeopleFilter(name="e\u0301mi").apply(people)) == ["p1"]
    assert ids(PeopleFilter(name="STRASSE").apply(people)) == ["p2"]
    assert (
        ids(PeopleFilter(name="istan").apply(people))
        == ids(PeopleFilter(name="İSTAN").apply(people))
        == ["p3"]
    )
    assert ids(PeopleFilter(name="b*b").apply(people)) == []


def test_place_and_time_must_hold_of_the_same_sighting() -> None:
    someone = person(video(0, 2, file=FILES[0]), video(50, 52, file=FILES[1]))
    assert PeopleFilter(sources=("yard",), until=10.0).apply([someone]) == []
    (found,) = PeopleFilter(sources=("yard",), since=10.0).apply([someone])
    assert [s.source for s in found.sightings] == [FILES[1]]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (2.0, 3.0, True),
        (2.0, None, True),
        (None, 0.0, True),
        (2.1, None, False),
        (BEGAN + timedelta(seconds=2), None, True),
        (BEGAN + timedelta(seconds=3), None, False),
        (None, BEGAN, True),
        (None, BEGAN - timedelta(seconds=1), False),
        (BEGAN, BEGAN, True),
    ],
)
def test_a_sighting_counts_when_it_reaches_into_the_time(since: Any, until: Any, expected: bool) -> None:
    where = PeopleFilter(since=since, until=until)
    assert bool(where.apply([person(video(0, 2, began=BEGAN))])) is expected


def test_dates_tell_nothing_of_sightings_without_one_nor_times_of_photos() -> None:
    undated, taken = person(video()), person(photo(BEGAN), number=2)
    assert ids(PeopleFilter(since=BEGAN).apply([undated, taken])) == ["p2"]
    assert ids(PeopleFilter(since=0.0).apply([undated, taken])) == ["p1"]


def test_nobody_seen_in_a_video_can_be_asked_for() -> None:
    assert ids(PeopleFilter(max_seconds=0).apply([ONE, THREE])) == ["p3"]


def test_programs_may_give_one_source_and_dates_of_this_place() -> None:
    assert PeopleFilter(sources="yard").sources == ("yard",)
    assert PeopleFilter(sources=["yard"]) == PeopleFilter(sources=("yard",))
    local = datetime(2026, 5, 1, 12)
    where = PeopleFilter(since=local)
    assert where.since == local.astimezone()
    assert where.apply([person(photo(local.astimezone(UTC)))]) != []


# The options


def options(**given: Any) -> dict[str, Any]:
    blank = {
        "sources": (),
        "cameras": (),
        "since": None,
        "until": None,
        "name": "",
        "named": None,
        "min_seconds": 0.0,
    }
    order = {"sort": "seconds", "reverse": False, "limit": 0}
    return {**blank, "max_seconds": None, "ignored": False, **order, **given}


def test_who_is_ignored_matches_only_if_asked_for() -> None:
    hidden = replace(ONE, ignored=True)
    assert PeopleFilter().apply([hidden, THREE]) == [THREE]
    assert PeopleFilter(ignored=True).apply([hidden, THREE]) == [hidden, THREE]


def test_options_that_choose_nobody_out_narrow_nothing() -> None:
    assert not PeopleChoice.of(options(ignored=True)).narrows
    assert not PeopleChoice.of(options(sort="name", limit=3)).narrows
    assert PeopleChoice.of(options(named=False)).narrows
    assert PeopleChoice.of(options(sources=("a",))).narrows


@pytest.mark.parametrize(("since", "until"), [(BEGAN, 5.0), (5.0, BEGAN)])
def test_a_date_and_a_time_can_t_be_the_two_ends(since: Any, until: Any) -> None:
    with pytest.raises(click.UsageError, match="must both be dates, or both times"):
        PeopleChoice.of(options(since=since, until=until))


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("lobby.mp4", lambda _: "lobby.mp4"),
        ("clips/lobby.mp4", lambda _: "clips/lobby.mp4"),
        (".hidden", lambda _: ".hidden"),
        ("...", lambda _: "..."),
        ("./lobby.mp4", lambda here: f"{here}/lobby.mp4"),
        ("../b/lobby.mp4", lambda here: f"{here.parent}/b/lobby.mp4"),
        ("~nobody-of-that-name/lobby.mp4", lambda _: "~nobody-of-that-name/lobby.mp4"),
        ("a" * 300 + "/lobby.mp4", lambda _: "a" * 300 + "/lobby.mp4"),
        ("~/lobby.mp4", lambda _: f"{Path.home()}/lobby.mp4"),
    ],
)
def test_a_path_that_begins_at_a_folder_is_told_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, whole: Callable[[Path], str]
) -> None:
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert typed_source(typed) == whole(tmp_path.resolve())


def test_a_file_is_told_by_its_own_path_however_links_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/lobby.mp4").touch()
    (tmp_path / "clips").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path)
    whole = str((tmp_path / "disk/lobby.mp4").resolve())
    assert typed_source(str(tmp_path / "clips/lobby.mp4")) == whole
    assert typed_source("clips/lobby.mp4") == whole
    # These are parts of it, as they are of other files.
    assert typed_source("disk/lobby.mp4") == "disk/lobby.mp4"
    assert typed_source("clips") == "clips"


def test_a_text_is_part_of_a_name_or_a_whole_id() -> None:
    people = [
        person(video(), number=12, name="Ada"),
        person(video(), number=1),
        person(video(), name="P12 Bob"),
    ]
    assert ids(PeopleFilter(text="AD").apply(people)) == ["p12"]
    assert ids(PeopleFilter(text=" P1 ").apply(people)) == ["p1", "p1"]
    assert ids(PeopleFilter(text="p2").apply(people)) == []


def test_a_camera_is_meant_by_its_whole_name() -> None:
    seen = [Sighting(f"c-{name}", "rtsp://host/live", 0.0, 1.0, 1.8e9, 1.0) for name in ("door", "back-door")]
    people = [person(seen[0], number=1), person(seen[1], number=2), person(video(), number=3)]
    assert ids(PeopleFilter(cameras="door").apply(people)) == ["p1"]
    assert ids(PeopleFilter(cameras="door", sources=FILES[0]).apply(people)) == ["p1", "p3"]
    assert ids(PeopleFilter(cameras="oor").apply(people)) == []
    assert ids(PeopleFilter(cameras="*").apply(people)) == ["p1", "p2"]


def test_the_ignored_alone_are_listed_where_that_is_asked_for() -> None:
    people = [person(video(), number=1), replace(person(video(), number=2), ignored=True)]
    assert ids(PeopleFilter(only_ignored=True).apply(people)) == ["p2"]


@pytest.mark.parametrize("moment", ["2026-05-01", date(2026, 5, 1), -1.0, math.nan, True])
def test_what_is_no_moment_is_refused_at_once(moment: Any) -> None:
    for name in ("since", "until"):
        with pytest.raises(UsageError, match=f"^{name} is "):
            PeopleFilter(**{name: moment})


def test_seconds_that_cannot_be_are_refused_and_no_end_is_one() -> None:
    for name in ("min_seconds", "max_seconds"):
        with pytest.raises(UsageError, match=f"^{name} is nan"):
            PeopleFilter(**{name: math.nan})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="less than min_seconds, 5: nobody"):
        PeopleFilter(min_seconds=5, max_seconds=2)
    assert PeopleFilter(until=math.inf, max_seconds=math.inf).apply([ONE, THREE])


@pytest.mark.parametrize(("since", "until"), [(5.0, 1.0), (BEGAN + timedelta(seconds=1), BEGAN)])
def test_a_filter_that_ends_before_it_begins_is_refused(since: Moment, until: Moment) -> None:
    with pytest.raises(
        UsageError, match=r"the beginning, is later than .*, the end: nothing lies between them"
    ):
        PeopleFilter(since=since, until=until)
