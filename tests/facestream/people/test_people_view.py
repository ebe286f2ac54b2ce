from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.commands.run import people_in
from facestream.configuration.settings import Place
from facestream.people.people_view import (
    clock,
    counted,
    duration,
    interval,
    local_time,
    moment,
    person_json,
    print_people,
    print_watched,
    provisional_note,
    shown_path,
)
from facestream.people.person import Person
from facestream.people.sighting import Sighting
from facestream.people.thumbnail_files import remove_thumbnails

BEGAN = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)


def a_sighting(
    source_id: str = "v-1",
    start_s: float = 1.0,
    end_s: float = 3.0,
    *,
    dated: bool = False,
    name: str = "a.mp4",
) -> Sighting:
    photo = source_id.startswith("i-")
    seconds = 0.0 if photo else end_s - start_s + 0.2
    began_s = BEGAN.timestamp() if dated else None
    return Sighting(source_id, f"/films/{name}", start_s, end_s, began_s, seconds, photo)


def a_person(*sightings: Sighting, name: str = "", person_id: str = "p1") -> Person:
    return Person(person_id, name, sum(s.seconds for s in sightings), 9, 1, sightings, ())


def table_of(
    capsys: pytest.CaptureFixture[str],
    people: list[Person],
    files: dict[str, Path] | None = None,
) -> list[str]:
    print_people(people, files or {})
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["person", "name", "seen", "sightings", "first", "last", "thumbnail"]
    return lines


@given(st.floats(0, 10**6))
def test_a_clock_reads_back_as_the_time_it_shows(seconds: float) -> None:
    text = clock(seconds)
    match = re.fullmatch(r"(?:([1-9]\d*):)?([0-5]\d):([0-5]\d\.\d)", text)
    assert match, text
    hours, minutes, rest = match.groups()
    assert int(hours or 0) * 3600 + int(minutes) * 60 + float(rest) == pytest.approx(seconds, abs=0.0501)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00.0"), (59.94, "00:59.9"), (59.96, "01:00.0"), (3599.99, "1:00:00.0"), (36000, "10:00:00.0")],
)
def test_a_clock_never_shows_sixty_seconds(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_date_is_shown_where_it_is_known() -> None:
    assert moment(None, 61.5) == "01:01.5"
    assert moment(BEGAN, 61.5) == BEGAN.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def test_numbers_have_their_nouns() -> None:
    assert [counted(n, "photo") for n in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]
    assert [counted(n, "person", "people") for n in (1, 2)] == ["1 person", "2 people"]


def test_a_row_holds_time_sightings_first_and_last(capsys: pytest.CaptureFixture[str]) -> None:
    person = a_person(a_sighting(), a_sighting(start_s=60, end_s=61), name="Ada")
    (line,) = table_of(capsys, [person], {"p1": Path("/faces/p1.jpg")})
    assert line.split() == ["p1", "Ada", "3.4", "s", "2", "00:01.0", "01:01.0", "/faces/p1.jpg"]


def test_of_a_run_only_what_was_seen_in_its_sources_counts(capsys: pytest.CaptureFixture[str]) -> None:
    person = a_person(a_sighting(), a_sighting("v-2", 7.0, 8.0, name="b.mp4"))
    other = a_person(a_sighting(), person_id="p2")
    (line,) = table_of(capsys, people_in([person, other], ["v-2"]))
    assert line.split() == ["p1", "-", "1.2", "s", "1", "00:07.0", "00:08.0", "-"]


def test_times_within_several_files_name_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    person = a_person(a_sighting(), a_sighting("v-2", 7.0, 8.0, name="b.mp4"))
    (line,) = table_of(capsys, [person])
    assert line.split() == ["p1", "-", "3.4", "s", "2", "a.mp4", "00:01.0", "b.mp4", "00:08.0", "-"]


def test_so_do_those_of_who_was_seen_in_one_of_several(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = a_person(a_sighting()), a_person(a_sighting("v-2", 7.0, 8.0, name="b.mp4"), person_id="p2")
    first, second = table_of(capsys, [one, other])
    assert first.split() == ["p1", "-", "2.2", "s", "1", "a.mp4", "00:01.0", "a.mp4", "00:03.0", "-"]
    assert second.split() == ["p2", "-", "1.2", "s", "1", "b.mp4", "00:07.0", "b.mp4", "00:08.0", "-"]


def test_a_list_without_pictures_has_no_column_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_people([a_person(a_sighting())], None)
    header, line = capsys.readouterr().out.splitlines()
    assert header.split()[-1] == "last"
    assert line.split()[-1] == "00:03.0"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (33.24, "33.2 s"),
        (119.9, "119.9 s"),
        (120.0, "2 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (90061.0, "25 h 1 min"),
    ],
)
def test_long_times_are_in_minutes_and_hours(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_interval_names_its_day_once() -> None:
    local = BEGAN.astimezone().strftime
    assert interval(a_sighting()) == "00:01.0 - 00:03.0"
    assert interval(a_sighting(dated=True)) == local("%Y-%m-%d %H:%M:01 - %H:%M:03")
    days = interval(a_sighting(end_s=1 + 86400, dated=True))
    assert re.fullmatch(r"(\S+) (\S+) - (?!\1)\S+ \2", days)
    assert interval(a_sighting(start_s=3.0)) == "00:03.0"


def test_a_photo_has_one_moment_or_none() -> None:
    photo = a_sighting("i-1", 0.0, 0.0)
    assert interval(photo) == "photo"
    assert interval(replace(photo, recorded_at_s=BEGAN.timestamp())) == moment(BEGAN, 0.0)


def test_photos_are_counted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    photos = [a_sighting(f"i-{k}", 0, 0, name=f"{k}.jpg") for k in range(3)]
    one, three = table_of(capsys, [a_person(photos[0]), a_person(*photos, person_id="p2")])
    assert one.split() == ["p1", "-", "1", "photo", "1", "0.jpg", "0.jpg", "-"]
    assert three.split() == ["p2", "-", "3", "photos", "3", "0.jpg", "2.jpg", "-"]


def test_who_is_provisional_is_marked_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    unsure = replace(a_person(a_sighting(), person_id="p2"), provisional=True)
    sure, marked = table_of(capsys, [a_person(a_sighting()), unsure])
    assert sure.split()[:3] == ["p1", "-", "2.2"]
    assert marked.split()[:3] == ["p2", "~", "-"]
    assert [person_json(person)["provisional"] for person in (a_person(a_sighting()), unsure)] == [
        False,
        True,
    ]
    assert provisional_note(Place(), 0, "person") == ""
    assert provisional_note(Place(), 2, "person", "people").startswith("~ 2 people provisional: ")


def test_names_and_paths_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    long = "/" + "very_long_folder/" * 30 + "[bold]p1.jpg"
    (line,) = table_of(capsys, [a_person(a_sighting(), name="[red]Ada[/red]")], {"p1": Path(long)})
    assert "[red]Ada[/red]" in line
    assert line.endswith(long)


def test_paths_are_as_short_as_they_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "faces" / "p1.jpg") == "faces/p1.jpg"
    assert shown_path(tmp_path.parent / "p1.jpg") == str(tmp_path.parent / "p1.jpg")


@pytest.mark.parametrize("days", [0, 3])
def test_who_was_seen_by_cameras_is_listed_with_these_within_a_terminal(
    capsys: pytest.CaptureFixture[str], days: int
) -> None:
    door = replace(a_sighting("c-door", dated=True), seconds=2.0)
    yard = replace(a_sighting("c-yard", 3.0, 40.0, dated=True), seconds=37.0)
    halls = [a_sighting(f"c-hall{n}", 50.0, 50.2 + days * 86400, dated=True) for n in range(10)]
    print_watched([a_person(door, yard), replace(a_person(door, *halls), name="x" * 90)])
    header, one, two = capsys.readouterr().out.splitlines()
    assert header.split() == ["person", "name", "seen", "first", "last", "cameras"]
    assert one.endswith("  yard, door")
    assert re.search(r" \+\d$", two)
    assert all(len(line) <= (80 if not days else 110) for line in (header, one, two))
    assert (local_time(BEGAN.timestamp() + 1)[:10] in one) == bool(days)


def test_json_has_dates_where_they_are_known_and_only_then_a_thumbnail() -> None:
    person = a_person(a_sighting(dated=True), a_sighting("v-2", 0.1234567, 2))
    result = json.loads(json.dumps(person_json(person, {})))
    assert result["thumbnail"] is None
    dated, undated = result["sightings"]
    assert dated["start_at"] == "2026-05-01T09:30:01+00:00"
    assert undated["start_at"] is None
    assert undated["start_s"] == 0.123
    assert "thumbnail" not in person_json(person)


def test_files_of_people_who_are_no_more_are_deleted(tmp_path: Path) -> None:
    for name in ("p1.jpg", "p2.jpg", "p10.jpg", "mine.jpg"):
        (tmp_path / name).touch()
    remove_thumbnails(tmp_path, {"p2"})
    assert {path.name for path in tmp_path.iterdir()} == {"p1.jpg", "p10.jpg", "mine.jpg"}
