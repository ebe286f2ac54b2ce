from datetime import UTC, datetime

from facestream.iso_time import iso_local, iso_utc


def test_times_are_written_to_the_millisecond_in_utc() -> None:
    assert iso_utc(1_777_636_800.0) == "2026-05-01T12:00:00.000Z"
    assert iso_utc(0.0015) == "1970-01-01T00:00:00.001Z"
    assert iso_utc(None) is None


def test_local_times_have_their_zone_behind_them() -> None:
    at = datetime(2026, 5, 1, 12, 0, 0, 1500, UTC)
    told = iso_local(at)
    assert told is not None
    assert told[-12:-6] == "00.001"
    assert datetime.fromisoformat(told) == at.replace(microsecond=1000)
    assert iso_local(None) is None
