import time
from datetime import UTC, datetime, timedelta

import pytest

from stream import capture_time

MAY_1 = datetime(2024, 5, 1, 10, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("2024-05-01T10:00:00.000000Z", MAY_1),
        ("2024-05-01T12:00:00+02:00", MAY_1),
        ("2024-05-01 10:00:00", MAY_1),
        ("1904-01-01T00:00:00.000000Z", None),
        ("1970-01-01T00:00:00.000000Z", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_container_tag(tag: str | None, expected: float | None) -> None:
    assert capture_time.from_container_tag(tag) == expected


def test_a_future_tag_is_ignored() -> None:
    assert capture_time.from_container_tag((datetime.now(UTC) + timedelta(days=1)).isoformat()) is None


@pytest.mark.parametrize(
    ("date", "offset", "subsecond", "expected"),
    [
        ("2024:05:01 12:00:00", "+02:00", None, MAY_1),
        ("2024:05:01 09:00:00\0", "-01:00", "250", MAY_1 + 0.25),
        ("2024:05:01 10:00:00", "+00:00", "x", MAY_1),
        ("9999:12:31 23:59:59", None, None, None),
        ("0000:00:00 00:00:00", None, None, None),
        ("1970:01:01 00:00:00", None, None, None),
        ("1975:05:05 12:00:00", "+00:00", None, datetime(1975, 5, 5, 12, tzinfo=UTC).timestamp()),
        (b"2024", None, None, None),
    ],
)
def test_exif(date: object, offset: object, subsecond: object, expected: float | None) -> None:
    assert capture_time.from_exif(date, offset, subsecond) == expected


def test_a_photo_that_was_just_taken_elsewhere_has_its_date() -> None:
    """Without an offset it is ahead of this machine's clock by as much as its zone is."""
    for ahead_h, is_told in ((9, True), (26, True), (27, False)):
        # A minute to spare, for whoever is slow.
        then = datetime.fromtimestamp(time.time() + 3600 * ahead_h - 60)
        found = capture_time.from_exif(f"{then:%Y:%m:%d %H:%M:%S}")
        assert (found is not None) == is_told, ahead_h
    then = datetime.fromtimestamp(time.time() + 7200, UTC)
    assert capture_time.from_exif(f"{then:%Y:%m:%d %H:%M:%S}", "+00:00") is None


@pytest.mark.parametrize(
    ("zone", "ahead_h"),
    [("UTC", 0), ("Europe/Berlin", 2), ("America/New_York", -4), ("Pacific/Apia", 13)],
)
@pytest.mark.parametrize("offset", [None, "nonsense"])
def test_exif_without_an_offset_is_local(
    monkeypatch: pytest.MonkeyPatch, zone: str, ahead_h: int, offset: str | None
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        try:
            found = capture_time.from_exif("2024:05:01 10:00:00", offset)
            assert found == MAY_1 - 3600 * ahead_h
            # As it stands in the photo, it is shown.
            assert datetime.fromtimestamp(found).isoformat() == "2024-05-01T10:00:00"
        finally:
            patch.undo()
            time.tzset()
