from facestream.iso_time import iso_utc


def test_times_are_written_to_the_millisecond_in_utc() -> None:
    assert iso_utc(1_777_636_800.0) == "2026-05-01T12:00:00.000Z"
    assert iso_utc(0.0015) == "1970-01-01T00:00:00.001Z"
    assert iso_utc(None) is None
