import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import as_stored, change_of, counts, ids, sightings, texts, times_s

from storage.errors import RecordError
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.sighting_record import Sighting
from storage.sighting_rows import SightingRows

identities = st.builds(
    Identity,
    identity_id=st.integers(1, 10**9).map("p{}".format),
    tracks=counts,
    faces=counts,
    seconds=times_s,
    sightings=st.lists(sightings, max_size=4).map(tuple),
    first_seen_s=times_s,
    last_seen_s=times_s,
    wall_clock=st.booleans(),
    thumbnails=st.lists(ids, max_size=3).map(tuple),
    merged_into=st.none() | st.just("p1"),
)
changes = st.builds(IdentityChange, st.sampled_from(ChangeKind), texts, texts, texts, times_s, times_s, texts)
EXACT = ("identity_id", "tracks", "faces", "wall_clock", "thumbnails", "merged_into")
TIMES = ("seconds", "first_seen_s", "last_seen_s")


def overview_of(identity: Identity) -> bytes:
    return identity.encode_overview(SightingRows(identity.sightings).json())


@given(identities)
def test_an_identity_comes_back_as_it_went(identity: Identity) -> None:
    back = Identity.decode(as_stored(identity.encode()), identity.sightings)
    for name in (*EXACT, "sightings"):
        assert getattr(back, name) == getattr(identity, name), name
    for name in TIMES:
        assert getattr(back, name) == pytest.approx(getattr(identity, name), abs=1e-3), name


@given(identities, texts)
def test_an_overview_comes_back_as_it_went(identity: Identity, name: str) -> None:
    back = Identity.decode_overview(identity.identity_id, name, overview_of(identity))
    assert back.name == name
    for field in ("identity_id", "tracks", "faces", "wall_clock", "thumbnails"):
        assert getattr(back, field) == getattr(identity, field), field
    for field in TIMES:
        assert getattr(back, field) == pytest.approx(getattr(identity, field), abs=1e-3), field
    # In the order of the sorted set that they are kept in as well.
    expected = sorted(identity.sightings, key=lambda sighting: (sighting.start_s, sighting.encode()))
    for one, other in zip(back.sightings, expected, strict=True):
        assert one.source_id == other.source_id
        assert (one.start_s, one.end_s) == pytest.approx((other.start_s, other.end_s), abs=1e-3)


def overview(**changes: object) -> bytes:
    facts = json.loads(overview_of(Identity("p1", tracks=1, sightings=(Sighting("v-1", 0, 1),))))
    return json.dumps({**facts, **changes}).encode()


@pytest.mark.parametrize(
    "row",
    [
        b"",
        b"\xff",
        b"null",
        b"[1, 2]",
        b"[" * 100_000,
        overview(tracks="many"),
        overview(tracks=math.inf),
        overview(tracks=math.nan),
        overview(seconds=None),
        overview(seconds=10**400),
        overview(last_seen_s=math.nan),
        overview(first_seen_s="now"),
        overview(thumbnails=3),
        overview(sightings=[["v-1", 0]]),
        overview(sightings=[["v-1", 0, math.inf]]),
        overview(sightings=[["v-1", "0", "1"]]),
        overview(sightings={"v-1": 0}),
        overview(thumbnails=["s1"]).replace(b"s1", b"s\xa2"),
    ],
    ids=range(18),
)
def test_an_overview_that_is_malformed_is_refused(row: bytes) -> None:
    assert Identity.decode_overview("p1", "", overview()).tracks == 1
    with pytest.raises(RecordError, match="p1") as caught:
        Identity.decode_overview("p1", "", row)
    assert caught.value.field == "p1"


@given(changes)
def test_a_change_can_be_read_as_it_went(change: IdentityChange) -> None:
    back = change_of(as_stored(change.encode()))
    for name in ("kind", "identity_id", "track_id", "thumbnail", "other_id"):
        assert getattr(back, name) == getattr(change, name), name
    for name in ("event_s", "published_at_s"):
        assert getattr(back, name) == pytest.approx(getattr(change, name), abs=1e-3), name


def test_a_name_is_read_and_never_written() -> None:
    fields = Identity("p1", name="Ada", tracks=1).encode()
    assert "name" not in fields
    assert Identity.decode({**as_stored(fields), b"name": b"Ada"}).name == "Ada"


def test_of_somebody_who_was_forgotten_nothing_but_the_id_is_known() -> None:
    left = Identity.decode({b"identity_id": b"p4", b"forgotten": b"1"})
    assert left == Identity("p4", forgotten=True)
    assert not Identity.decode(as_stored(Identity("p4", tracks=1).encode())).forgotten


def test_lower_numbers_are_older() -> None:
    assert Identity("p9").number < Identity("p10").number


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("identity_id", b"\xff"),
        ("identity_id", b""),
        ("identity_id", b"x1"),
        ("identity_id", b"p"),
        ("identity_id", b"p1\n"),
        ("identity_id", b"p-1"),
        ("name", b"\xff"),
        ("forgotten", b"yes"),
        ("tracks", b"many"),
        ("faces", b"-1"),
        ("seconds", b"nan"),
        ("first_seen_s", b"yesterday"),
        ("last_seen_s", b"inf"),
        ("wall_clock", b"7"),
        ("thumbnails", b"\xff"),
        ("merged_into", b"\xff"),
    ],
)
def test_names_the_field_of_an_identity_that_is_malformed(name: str, value: bytes) -> None:
    with pytest.raises(RecordError, match=name) as caught:
        Identity.decode({**as_stored(Identity("p1").encode()), name.encode(): value})
    assert caught.value.field == name


@given(st.sampled_from([*EXACT, *TIMES, "name"]), st.binary(max_size=30))
def test_random_bytes_in_an_identity_raise_nothing_else(name: str, value: bytes) -> None:
    try:
        back = Identity.decode({**as_stored(Identity("p1").encode()), name.encode(): value})
    except RecordError as error:
        assert error.field == name  # noqa: PT017 - many values are fine
    else:
        assert back.number >= 0
