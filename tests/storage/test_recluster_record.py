from __future__ import annotations

import redis
from hypothesis import given
from hypothesis import strategies as st
from records import a_recluster, as_stored, counts, texts

from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.recluster_record import ReclusterRecord

seconds = st.integers(0, 10**12).map(lambda ms: ms / 1000)


@given(st.builds(ReclusterRecord, texts, *[counts] * 6, seconds, seconds, texts))
def test_it_comes_back_as_it_went(record: ReclusterRecord) -> None:
    assert ReclusterRecord.decode(as_stored(record.encode())) == record


def test_an_older_one_is_of_average_linkage() -> None:
    raw = as_stored(a_recluster(clustering="dbscan").encode())
    del raw[b"clustering"]
    assert ReclusterRecord.decode(raw).clustering == "average"


def test_shares_are_of_what_was_there() -> None:
    assert a_recluster(tracks=8, unassigned=2).unassigned_share == 0.25
    assert a_recluster(earlier=5, changed=1).churn == 0.2
    assert (a_recluster(tracks=0, unassigned=0).unassigned_share, a_recluster(earlier=0).churn) == (0, 0)


def test_the_last_one_comes_first_and_damaged_ones_are_left_out(client: redis.Redis, keys: Keys) -> None:
    store, lease = IdentityStore(client, keys), Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    assert store.reclusters(10) == []
    assert store.settled_by() is None
    for reason in ("first", "second", "third"):
        store.commit(Effects(reclustered=a_recluster(reason=reason)), lease)
    store.commit(Effects(reclustered=a_recluster(reason="fourth", clustering="dbscan")), lease)
    assert store.settled_by() == "dbscan"
    client.xadd(keys.reclusters, {"reason": "damaged"})
    assert [record.reason for record in store.reclusters(None)] == ["fourth", "third", "second", "first"]
    assert [record.reason for record in store.reclusters(2)] == ["fourth"]
