"""What is kept of people who were forgotten: stored whole, sealed where all is, gone with its models."""

from __future__ import annotations

import numpy as np
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from records import unit

from storage.data_keys import DataKeys, key_id, sealed_with
from storage.effects import Effects
from storage.encryption import begin_change, end_change, rewrite
from storage.errors import RecordError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.kept_out_record import KeptOut, field_of, ids_of_field
from storage.keys import Keys
from storage.lease import Lease
from storage.model_switch import switch_models
from storage.staged_vectors import StagedVectors
from storage.template_record import encode_template

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
BOTH = DataKeys(lambda: [ONE, TWO], "here")
ROWS = b"".join(encode_template(unit(k), 40.0, 2.0, photo=False) for k in range(3))


def commit(client: redis.Redis, keys: Keys, effects: Effects) -> IdentityStore:
    store = IdentityStore(client, keys, data_keys=BOTH)
    store.claim_model("dlib@1", {})
    lease = Lease(client, keys.leader, ttl_s=60)
    assert lease.acquire()
    store.commit(effects, lease)
    lease.release()
    return store


@given(st.lists(st.from_regex(r"p[1-9][0-9]{0,8}", fullmatch=True), min_size=1, unique=True))
def test_a_field_says_whose_it_is(ids: list[str]) -> None:
    assert ids_of_field(field_of(ids)) == tuple(ids)


@given(st.text(max_size=20), st.binary(max_size=600))
def test_any_field_is_read_or_refused(field: str, rows: bytes) -> None:
    try:
        kept = KeptOut.decode(field, rows, 128)
    except RecordError:
        return
    assert kept.ids
    assert len(kept.templates.track_ids) >= 1
    assert np.isfinite(kept.templates.vectors).all()


def test_it_reads_as_it_was_put_in_and_goes_when_it_is_to(client: redis.Redis, keys: Keys) -> None:
    store = commit(client, keys, Effects(kept_out={"p3 p1": ROWS, "p5": ROWS}))
    assert store.kept_out_ids() == [("p3", "p1"), ("p5",)]
    kept = next(one for one in store.kept_out(128) if one.ids[0] == "p3")
    np.testing.assert_allclose(kept.templates.vectors, [unit(k) for k in range(3)], atol=1e-3)
    assert kept.templates.weights.tolist() == [2.0] * 3
    commit(client, keys, Effects(kept_out_removed={"p3 p1"}))
    assert store.kept_out_ids() == [("p5",)]


def test_tracks_that_are_left_out_are_counted_once_and_owed_to_the_files(
    client: redis.Redis, keys: Keys
) -> None:
    store = commit(client, keys, Effects(returned={"a": True, "b": True, "c": False}))
    assert store.meta()["returns_ignored"] == "2"
    assert store.owes_rewrite()


def test_what_is_damaged_is_left_out_and_others_are_read(client: redis.Redis, keys: Keys) -> None:
    store = commit(client, keys, Effects(kept_out={"p3": ROWS}))
    client.hset(keys.kept_out, "p4", b"banana")
    assert [one.ids for one in store.kept_out(128)] == [("p3",)]
    assert store.kept_out_ids() == [("p3",), ("p4",)]


def test_it_is_sealed_where_the_collection_is_and_gets_each_new_key(client: redis.Redis, keys: Keys) -> None:
    store = commit(client, keys, Effects(kept_out={"p3": ROWS}))
    for name in (key_id(ONE), key_id(TWO), ""):
        with hold_collection(client, keys) as hold:
            begin_change(client, hold, name)
            assert rewrite(client, hold, BOTH, lambda *_: None).templates == 1
            end_change(hold)
        commit(client, keys, Effects(kept_out={"p4": ROWS}))
        assert {sealed_with(value) for value in client.hvals(keys.kept_out)} == {name}
        assert [len(one.templates.track_ids) for one in store.kept_out(128)] == [3, 3]
        # Bound to its field: nobody puts it in another's place.
        client.hset(keys.kept_out, "p9", client.hget(keys.kept_out, "p3"))
        assert ("p9" in [one.ids[0] for one in store.kept_out(128)]) == (name == "")
        client.hdel(keys.kept_out, "p4", "p9")


@pytest.mark.parametrize("step_bytes", [1, 10**6], ids=["several steps", "one step"])
def test_other_models_leave_none_of_it(client: redis.Redis, keys: Keys, step_bytes: int) -> None:
    store = commit(client, keys, Effects(kept_out={"p3": ROWS}))
    StagedVectors(client, keys).begin("other@1", {"pack": "other"})
    with hold_collection(client, keys) as hold:
        switch_models(client, hold, [], "other models", step_bytes)
    assert store.kept_out_ids() == []
    assert store.meta()["model_id"] == "other@1"
