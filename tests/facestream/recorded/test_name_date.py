from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.recorded.name_date import date_in_name

TEN_PM = datetime(2026, 11, 29, 22, 0, 5).astimezone()


@pytest.mark.parametrize(
    "name",
    [
        "hall_20261129_220005.mp4",
        "20261129220005.mkv",
        "2026-11-29_22-00-05.mp4",
        "2026-11-29 22.00.05.mov",
        "Hall 2026-11-29T22:00:05.mp4",
        "ch01_20261129-220005_20261129-230005.mp4",
        "2026_11_29_22_00_05_cam3.avi",
        "NVR-12345678901_2026.11.29.22.00.05.mp4",
        "0_20269999_990000 20261129_220005.mp4",
    ],
)
def test_the_first_moment_in_a_name_is_when_it_began(name: str) -> None:
    assert date_in_name(name) == TEN_PM


def test_parts_of_seconds_a_missing_second_and_a_zone_are_understood() -> None:
    assert date_in_name("PXL_20261129_220005250.mp4") == TEN_PM.replace(microsecond=250_000)
    assert date_in_name("a 2026-11-29 22.00.mp4") == TEN_PM.replace(second=0)
    assert date_in_name("20261129T220005Z.mp4") == datetime(2026, 11, 29, 22, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        *("", "holiday.mp4", "VID-20261129-WA0001.mp4", "20261129.mp4", "20261329_220005.mp4"),
        *("1234202611292200051.mp4", "2026-11_29 22-00-05.mp4", "٢٠٢٦١١٢٩_220005.mp4", "20261129_250005.mp4"),
    ],
)
def test_other_names_have_none(name: str) -> None:
    assert date_in_name(name) is None


@given(st.text())
def test_any_name_is_read(name: str) -> None:
    date_in_name(name)


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2099, 12, 31)),
    st.sampled_from(["%Y%m%d_%H%M%S", "%Y-%m-%d %H.%M.%S"]),
)
def test_what_recorders_write_is_read_back(at: datetime, form: str) -> None:
    found = date_in_name(f"door {at.strftime(form)} end.mp4")
    assert found is not None
    assert found.replace(tzinfo=None) == at.replace(microsecond=0)
