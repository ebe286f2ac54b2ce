from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.parsing import MediaPath, MediaTime, Moment, Number, Rate, Source, When
from facestream.people.people_view import clock


def refusal(parser: click.ParamType, text: str) -> str:
    """What a person is told about a value."""
    with pytest.raises(click.BadParameter) as caught:
        parser.convert(text, None, None)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90.5", 90.5),
        ("1e2", 100),
        ("1:30", 90),
        ("1:30.5", 90.5),
        ("90:00", 5400),
        ("1:00:00", 3600),
        ("0:02.4", 2.4),
        ("10:20:30.25", 37230.25),
    ],
)
def test_times_are_seconds_or_clocks(text: str, seconds: float) -> None:
    assert MediaTime().convert(text, None, None) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "-1", "-1:30", "1:", ":30", "1:2:3:4", "soon", "nan", "inf", "1:30m", "1e9", "1,5"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    assert refusal(MediaTime(), text) == f"{text!r} is not a time; write seconds (90.5) or [H:]MM:SS (1:30.5)"


@given(st.integers(0, 10**6).map(lambda tenths: tenths / 10))
def test_a_clock_that_was_shown_can_be_typed_in(seconds: float) -> None:
    assert MediaTime().convert(clock(seconds), None, None) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(("text", "rate"), [("5", 5), ("0.5", 0.5), ("1000", 1000), ("native", 0)])
def test_rates_are_frames_a_second_or_native(text: str, rate: float) -> None:
    assert Rate().convert(text, None, None) == rate


@pytest.mark.parametrize("text", ["", "0", "-5", "1001", "nan", "inf", "all", "Native", "5fps"])
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    assert refusal(Rate(), text) == f"{text!r} is not a rate; write frames per second (5) or native"


@pytest.mark.parametrize(("text", "number"), [("0.5", 0.5), ("1e1", 10), ("60", 60)])
def test_numbers_lie_within_their_bounds(text: str, number: float) -> None:
    assert Number(0.5, 60).convert(text, None, None) == number


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "-inf", "61", "0.4", "", "many"])
def test_what_is_no_number_or_out_of_bounds_is_refused(text: str) -> None:
    refusal(Number(0.5, 60), text)


@pytest.mark.parametrize("text", ["nan", "inf"])
def test_what_has_no_bound_is_finite_all_the_same(text: str) -> None:
    assert refusal(Number(0), text) == f"{text!r} is not a finite number"


@given(
    st.datetimes(datetime(1970, 1, 3), datetime(2999, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_dates_with_a_zone_are_that_moment(at: datetime, offset_min: int) -> None:
    moment = at.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    assert Moment().convert(moment.isoformat(), None, None) == moment.timestamp()


def test_zulu_is_utc() -> None:
    expected = datetime(2026, 5, 1, 18, 30, tzinfo=UTC).timestamp()
    assert Moment().convert("2026-05-01T18:30:00Z", None, None) == expected


def test_dates_without_a_zone_are_local() -> None:
    local = datetime(2026, 5, 1, 18, 30).astimezone()
    assert Moment().convert("2026-05-01 18:30", None, None) == local.timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "1.5.2026", "2026-13-01", "18:30"])
def test_what_is_no_date_is_refused_with_an_example(text: str) -> None:
    assert f"{text!r} is not a date; write it like 2026-05-01T18:30:00" in refusal(Moment(), text)


@pytest.mark.parametrize("text", ["1969-12-31T00:00:00Z", "3000-01-02T00:00:00Z", "0001-01-01", "9999-12-31"])
def test_dates_of_other_ages_are_refused(text: str) -> None:
    assert refusal(Moment(), text) == f"{text!r} is not in the years 1970 to 3000"


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("90.5", 90.5), ("1:30", 90.0), ("2:00:00", 7200.0)]
)
def test_a_moment_may_be_a_time_into_a_video(text: str, seconds: float) -> None:
    for parser in (When(), When(end=True)):
        assert parser.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["2026-05-01T18:30", "2026-05-01 18:30:15.5", "2026-05-01T18:30:00+05:00"])
def test_a_moment_may_be_a_date_with_a_time(text: str) -> None:
    expected = datetime.fromisoformat(text).astimezone(UTC)
    for parser in (When(), When(end=True)):
        moment = parser.convert(text, None, None)
        assert moment == expected
        assert isinstance(moment, datetime)
        assert moment.tzinfo is not None


def test_a_date_alone_is_the_whole_day() -> None:
    start, end = (parser.convert("2026-05-01", None, None) for parser in (When(), When(end=True)))
    assert start == datetime(2026, 5, 1).astimezone()
    assert end == datetime(2026, 5, 1, 23, 59, 59, 999999).astimezone()


def test_the_end_of_a_day_of_25_hours_is_its_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        end = When(end=True).convert("2026-10-25", None, None)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert end == datetime(2026, 10, 25, 22, 59, 59, 999999, UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "20260501", "2026-05", "18h30", "-5", "1:2:3:4", "٣"])
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    told = refusal(When(), text)
    assert repr(text) in told
    assert "1:30" in told


@pytest.mark.parametrize(("text", "clock"), [("1996", "33:16"), ("2026", "33:46")])
def test_a_year_is_not_taken_for_seconds(text: str, clock: str) -> None:
    told = refusal(When(), text)
    assert told == f"{text!r} may be a year or seconds: write {text}-01-01, or {clock}"
    assert When().convert(clock, None, None) == float(text)


def test_a_date_that_is_not_in_the_calendar_is_refused() -> None:
    assert "'2026-02-30' is not a date" in refusal(When(), "2026-02-30")


@pytest.mark.parametrize("parser", [Source(), MediaPath()])
def test_an_empty_word_is_not_the_current_folder(parser: click.ParamType) -> None:
    assert "a name is empty" in refusal(parser, "")
    assert parser.convert(".", None, None) == Path()
