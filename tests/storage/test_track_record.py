from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_track, as_stored, observations, track_records

from storage.errors import RecordError
from storage.track_record import STORED_OBSERVATION, TrackRecord

FIELDS = ("track_id", "source_id", "observations", "sample_ids", "continues", "photo", "founder", "ended")


@given(track_records())
def test_comes_back_as_it_went(track: TrackRecord) -> None:
    back = TrackRecord.decode(as_stored(track.encode()))
    for name in FIELDS:
        if name != "observations":
            assert getattr(back, name) == getattr(track, name), name
    np.testing.assert_array_equal(back.observations, track.observations)
    if track.clothing is None:
        assert back.clothing is None
    else:
        np.testing.assert_array_equal(back.clothing, track.clothing)
    assert (back.first_s, back.last_s) == (track.first_s, track.last_s)


def test_an_observation_takes_32_bytes_in_little_endian() -> None:
    assert STORED_OBSERVATION.itemsize == 32
    written = a_track(observations=observations([(258, 1.0, 0.5)])).encode()["observations"]
    assert isinstance(written, bytes)
    assert written[:4] == b"\x02\x01\x00\x00"


def test_frames_of_a_camera_that_is_watched_for_many_years_come_back() -> None:
    for frames in ([2**32 - 1, 2**32], [44_900_729_155, 44_900_729_160]):
        track = a_track(observations=observations([(frame, k, 1.0) for k, frame in enumerate(frames)]))
        back = TrackRecord.decode(as_stored(track.encode()))
        assert back.observations["frame"].tolist() == frames
        assert len(as_stored(track.encode())[b"observations"]) == 2 * 32


def test_a_record_that_an_earlier_version_wrote_is_read() -> None:
    raw = as_stored(a_track(observations=observations([(2**32 - 1, 1.0, 0.5)])).encode())
    del raw[b"frame_base"]
    assert TrackRecord.decode(raw).observations["frame"].tolist() == [2**32 - 1]


def test_says_when_it_began_and_ended() -> None:
    fields = a_track(observations=observations([(0, 1.23456, 1), (9, 2.5, 1)])).encode()
    assert (fields["first_s"], fields["last_s"], fields["faces"]) == ("1.235", "2.500", 2)


def test_the_person_is_not_part_of_what_a_face_worker_writes() -> None:
    assert "identity_id" not in replace(a_track(), identity_id="p1").encode()


def test_the_person_is_read_back() -> None:
    raw = as_stored(a_track().encode())
    assert TrackRecord.decode({**raw, b"identity_id": b"p7"}).identity_id == "p7"
    assert TrackRecord.decode({**raw, b"identity_id": b""}).identity_id is None


@pytest.mark.parametrize("name", ["track_id", "source_id", "observations"])
def test_names_the_field_that_is_missing(name: str) -> None:
    raw = as_stored(a_track().encode())
    del raw[name.encode()]
    with pytest.raises(RecordError, match=name) as caught:
        TrackRecord.decode(raw)
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("track_id", b"\xff"),
        ("source_id", b"\xff"),
        ("sample_ids", b"\xff"),
        ("continues", b"\xff"),
        ("identity_id", b"\xff"),
        ("photo", b"yes"),
        ("founder", b"2"),
        ("ended", b""),
        ("frame_base", b"-1"),
        ("frame_base", b"9007199254740992"),
        ("observations", b""),
        ("observations", b"\x00" * 31),
        ("observations", observations([(0, np.nan, 1)]).astype(STORED_OBSERVATION).tobytes()),
        ("observations", observations([(0, 0, np.inf)]).astype(STORED_OBSERVATION).tobytes()),
        ("observations", observations([(0, 2.0, 1), (1, 1.0, 1)]).astype(STORED_OBSERVATION).tobytes()),
    ],
)
def test_names_the_field_that_is_malformed(name: str, value: bytes) -> None:
    with pytest.raises(RecordError, match=name) as caught:
        TrackRecord.decode({**as_stored(a_track().encode()), name.encode(): value})
    assert caught.value.field == name


@given(st.sampled_from([*FIELDS, "clothing", "identity_id"]), st.binary(max_size=200))
def test_random_bytes_in_a_field_raise_nothing_else(name: str, value: bytes) -> None:
    try:
        back = TrackRecord.decode({**as_stored(a_track().encode()), name.encode(): value})
    except RecordError as error:
        assert error.field == name  # noqa: PT017 - many values are fine
    else:
        assert back.first_s <= back.last_s


@given(st.binary(min_size=32, max_size=320).filter(lambda data: len(data) % 32 == 0))
def test_random_observations_are_refused_or_in_order(data: bytes) -> None:
    raw = {**as_stored(a_track().encode()), b"observations": data}
    try:
        back = TrackRecord.decode(raw)
    except RecordError as error:
        assert error.field == "observations"  # noqa: PT017 - some are fine
    else:
        assert (np.diff(back.observations["media_s"]) >= 0).all()
