import logging

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from storage.change_reader import ChangeReader
from storage.errors import RecordError
from storage.identity_record import ChangeKind, IdentityChange
from storage.keys import Keys


def publish(client: redis.Redis, keys: Keys, change: IdentityChange) -> None:
    client.xadd(keys.changes, change.encode())


def test_what_happens_from_now_on_is_read_once_and_in_order(client: redis.Redis, keys: Keys) -> None:
    publish(client, keys, IdentityChange(ChangeKind.CREATED, "p1", "v-1.0.0"))
    reader = ChangeReader(client, keys)
    assert reader.news() == []
    later = [
        IdentityChange(ChangeKind.ASSIGNED, "p1", "v-1.0.1", "v-1.0.1.3", 2.5, 1e9, "p2", True),
        IdentityChange(ChangeKind.MERGED, "p1", other_id="p2"),
    ]
    for change in later:
        publish(client, keys, change)
    assert reader.news() == later
    assert reader.news() == []


def test_a_collection_in_which_nothing_happened_yet_is_read_from_the_start(
    client: redis.Redis, keys: Keys
) -> None:
    reader = ChangeReader(client, keys)
    publish(client, keys, IdentityChange(ChangeKind.CREATED, "p1"))
    assert [change.identity_id for change in reader.news()] == ["p1"]


def test_an_event_that_is_damaged_hides_no_others(
    client: redis.Redis, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    reader = ChangeReader(client, keys)
    client.xadd(keys.changes, {"kind": "sung", "identity_id": "p1"})
    publish(client, keys, IdentityChange(ChangeKind.CREATED, "p2"))
    with caplog.at_level(logging.WARNING):
        assert [change.identity_id for change in reader.news()] == ["p2"]
    assert "'kind' is no kind of change: 'sung'" in caplog.text


_IDS = st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True)


@given(
    st.builds(
        IdentityChange,
        st.sampled_from(ChangeKind),
        _IDS,
        _IDS,
        _IDS,
        st.integers(0, 10**6).map(lambda n: n / 1000),
        st.integers(0, 10**6).map(lambda n: n / 1000),
        _IDS,
        st.booleans(),
    )
)
def test_events_are_read_as_they_were_written(change: IdentityChange) -> None:
    raw = {name.encode(): str(value).encode() for name, value in change.encode().items()}
    assert IdentityChange.decode(raw) == change


def test_an_event_without_a_kind_is_damaged() -> None:
    with pytest.raises(RecordError, match="kind"):
        IdentityChange.decode({b"identity_id": b"p1"})
