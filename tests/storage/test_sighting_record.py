import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import sightings

from storage.errors import RecordError
from storage.sighting_record import Sighting


@given(sightings)
def test_a_sighting_comes_back_as_it_went(sighting: Sighting) -> None:
    back = Sighting.decode(sighting.encode().encode())
    assert back.source_id == sighting.source_id
    assert back.start_s == pytest.approx(sighting.start_s, abs=1e-3)
    assert back.end_s == pytest.approx(sighting.end_s, abs=1e-3)


@pytest.mark.parametrize(
    "member", [b"", b"v-1", b"v-1|0", b"v-1|a|1", b"v-1|0|nan", b"v-1|-inf|0", b"\xff|0|1", b"v-1|0|1|"]
)
def test_refuses_malformed_sightings(member: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        Sighting.decode(member)
    assert caught.value.field == "sightings"


@given(st.binary(max_size=40))
def test_random_bytes_as_a_sighting_raise_nothing_else(member: bytes) -> None:
    try:
        back = Sighting.decode(member)
    except RecordError as error:
        assert error.field == "sightings"  # noqa: PT017 - some are fine
    else:
        assert member.count(b"|") >= 2
        assert math.isfinite(back.start_s)
        assert math.isfinite(back.end_s)
