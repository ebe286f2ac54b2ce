import logging
import threading
import time

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from storage.change_reader import PAGE, START, ChangeReader
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


def entries(client: redis.Redis, keys: Keys, count: int) -> list[str]:
    """Ids of so many events that happen now."""
    return [
        client.xadd(keys.changes, IdentityChange(ChangeKind.CREATED, f"p{k}").encode()).decode()
        for k in range(1, count + 1)
    ]


def test_events_know_the_ids_of_their_entries(client: redis.Redis, keys: Keys) -> None:
    reader = ChangeReader(client, keys)
    ids = entries(client, keys, 2)
    assert [change.entry_id for change in reader.news()] == ids
    assert reader.position == ids[-1]
    assert not reader.take_missed()


def test_who_waits_is_told_at_once(client: redis.Redis, keys: Keys) -> None:
    reader = ChangeReader(client, keys)
    soon = threading.Timer(0.1, publish, (client, keys, IdentityChange(ChangeKind.CREATED, "p1")))
    soon.start()
    began_s = time.monotonic()
    assert [change.identity_id for change in reader.news(wait_s=5)] == ["p1"]
    assert time.monotonic() - began_s < 4
    soon.join()
    assert reader.news(wait_s=0.01) == []


def test_what_was_cut_off_before_it_was_read_is_missed(client: redis.Redis, keys: Keys) -> None:
    entries(client, keys, 3)
    reader = ChangeReader(client, keys)
    entries(client, keys, 5)
    client.xtrim(keys.changes, maxlen=4, approximate=False)
    assert reader.news() == []
    assert reader.take_missed()
    assert not reader.take_missed()
    entries(client, keys, 1)
    assert len(reader.news()) == 1
    assert not reader.take_missed()


def test_cutting_what_was_read_already_misses_nothing(client: redis.Redis, keys: Keys) -> None:
    reader = ChangeReader(client, keys)
    entries(client, keys, 5)
    assert len(reader.news()) == 5
    client.xtrim(keys.changes, maxlen=1, approximate=False)
    entries(client, keys, 1)
    assert len(reader.news()) == 1
    assert not reader.take_missed()


def test_more_than_a_page_is_read_without_a_gap(client: redis.Redis, keys: Keys) -> None:
    reader = ChangeReader(client, keys)
    with client.pipeline() as pipe:
        for _ in range(PAGE + 3):
            pipe.xadd(keys.changes, IdentityChange(ChangeKind.CREATED, "p1").encode())
        pipe.execute()
    assert [len(reader.news()), len(reader.news()), reader.take_missed()] == [PAGE, 3, False]


@pytest.mark.parametrize("left", [0, 2, 9])
def test_a_stream_that_was_replaced_is_a_gap(client: redis.Redis, keys: Keys, left: int) -> None:
    entries(client, keys, 4)
    reader = ChangeReader(client, keys)
    end = reader.position
    client.delete(keys.changes)
    # As a restore does: entries of another time, and ids that go on behind the old ones.
    for k in range(left):
        client.xadd(keys.changes, IdentityChange(ChangeKind.CREATED, "p9").encode(), id=f"5-{k}")
    if left:
        client.execute_command("XSETID", keys.changes, end)
    assert reader.news() == []
    assert reader.take_missed()
    entries(client, keys, 2)
    assert len(reader.news()) == 2
    assert not reader.take_missed()


def test_what_happened_after_an_entry_is_read_in_pages(client: redis.Redis, keys: Keys) -> None:
    ids = entries(client, keys, 5)
    reader = ChangeReader(client, keys)
    first = reader.since(ids[0], 3)
    assert [change.entry_id for change in first.changes] == ids[1:4]
    assert first[1:] == (ids[3], True, True, True)
    last = reader.since(first.last_id, 3)
    assert [change.entry_id for change in last.changes] == ids[4:]
    assert last[1:] == (ids[4], False, True, True)
    assert reader.since(ids[4])[1:] == (ids[4], False, True, True)
    assert [change.entry_id for change in reader.since(START).changes] == ids
    assert reader.news() == []


def test_whether_anything_after_an_entry_is_gone_is_known(client: redis.Redis, keys: Keys) -> None:
    reader = ChangeReader(client, keys)
    assert reader.since(START) == ([], START, False, True, True)
    assert reader.since("77-1")[3:] == (False, False)
    ids = entries(client, keys, 6)
    client.xdel(keys.changes, ids[1])
    # Of somebody who was forgotten: nothing that anybody could be told of is missing.
    assert reader.since(ids[1])[3:] == (False, True)
    client.xtrim(keys.changes, maxlen=3, approximate=False)
    assert reader.since(ids[0])[3:] == (False, False)
    assert reader.since(START)[3:] == (False, False)
    assert reader.since(ids[3])[3:] == (True, True)
    with pytest.raises(ValueError, match="no id of an event"):
        reader.since("$")
