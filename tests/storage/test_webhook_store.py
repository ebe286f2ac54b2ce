from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from records import a_webhook, as_stored, texts, times_s

from storage.catalogue import SCAN_COUNT
from storage.effects import Effects
from storage.errors import NoSuchWebhookError, RecordError, SealError, TooManyWebhooksError
from storage.identity_record import ChangeKind
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease
from storage.sealed_webhook import SealedWebhook
from storage.sealing import Seal
from storage.webhook_record import WebhookRecord, WebhookState, new_webhook_id
from storage.webhook_store import MOST, WebhookStore

ID = "w0123456789ab"

stored_times_s = times_s.map(lambda time_s: round(time_s, 3))


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> WebhookStore:
    return WebhookStore(client, keys)


def test_a_webhook_is_found_with_how_far_it_is(store: WebhookStore) -> None:
    assert (store.ids(), store.all()) == ([], {})
    store.add(a_webhook(people=("p1",)), "5-0")
    assert store.get(ID) == a_webhook(people=("p1",))
    assert store.state(ID) == WebhookState("5-0")
    later = WebhookState("6-0", delivered=2, last_status=200, last_at_s=1.8e9)
    store.set_state(ID, later, ("p1", 100.0))
    assert (store.state(ID), store.told(ID, 50.0)) == (later, {"p1": 100.0})
    assert store.told(ID, 100.001) == {}


def test_who_went_on_from_where_it_is_no_longer_changes_nothing(store: WebhookStore) -> None:
    store.add(a_webhook(), "5-0")
    assert store.set_state(ID, WebhookState("7-0", delivered=2), since="5-0")
    assert not store.set_state(ID, WebhookState("6-0", delivered=1), ("p1", 1.0), since="5-0")
    assert (store.state(ID), store.told(ID, 0.0)) == (WebhookState("7-0", delivered=2), {})
    store.remove(ID)
    assert not store.set_state(ID, WebhookState("8-0"), since="7-0")


def test_nothing_is_left_of_one_that_was_removed(
    store: WebhookStore, client: redis.Redis, keys: Keys
) -> None:
    store.add(a_webhook(), "5-0")
    store.set_state(ID, WebhookState("5-0"), ("p1", 1.0))
    store.remove(ID)
    # Whoever delivers may not have noticed yet.
    store.set_state(ID, WebhookState("6-0"), ("p1", 2.0))
    assert list(client.scan_iter(f"fs:{{{keys.collection}}}:webhook*", SCAN_COUNT)) == []
    for ask in (store.get, store.state, store.remove):
        with pytest.raises(NoSuchWebhookError, match=ID):
            ask(ID)


def test_there_is_a_limit_that_holds_for_many_at_once(store: WebhookStore) -> None:
    for _ in range(MOST - 2):
        store.add(a_webhook(new_webhook_id()), "0-0")

    def add(_: int) -> bool:
        try:
            store.add(a_webhook(new_webhook_id()), "0-0")
        except TooManyWebhooksError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(6))) == 2
    assert len(store.ids()) == MOST


def test_a_damaged_record_hides_no_other(store: WebhookStore, client: redis.Redis, keys: Keys) -> None:
    store.add(a_webhook(), "0-0")
    store.add(a_webhook("w" + "f" * 12), "0-0")
    client.hset(keys.webhook(ID), "people", '{"a": 1}')
    found = store.all()
    assert isinstance(found[ID], RecordError)
    assert found["w" + "f" * 12] == a_webhook("w" + "f" * 12)


def test_the_forgotten_drop_out_and_nobody_is_not_everybody(
    store: WebhookStore, client: redis.Redis, keys: Keys
) -> None:
    named = [None, ("p1",), ("p9", "p2"), ("p2",)]
    webhooks = [a_webhook(f"w{k:012x}", people=people) for k, people in enumerate(named)]
    for webhook in webhooks:
        store.add(webhook, "0-0")
        store.set_state(webhook.webhook_id, WebhookState("0-0"), ("p1", 9.0))
    # One is damaged, which must keep nobody from being forgotten.
    store.add(a_webhook("w" + "f" * 12), "0-0")
    client.hset(keys.webhook("w" + "f" * 12), "people", '["p1"')
    lease = Lease(client, keys.leader)
    assert lease.acquire()

    # The one under an older id of theirs.
    IdentityStore(client, keys).commit(Effects(forgotten={"p1", "p9"}), lease)

    assert [store.get(webhook.webhook_id).people for webhook in webhooks] == [None, (), ("p2",), ("p2",)]
    assert store.told(webhooks[0].webhook_id, 0.0) == {}


@given(
    st.none() | st.lists(st.integers(0, 10**17).map(lambda k: f"p{k}"), max_size=5).map(tuple),
    st.lists(st.sampled_from([*ChangeKind]), unique=True).map(tuple),
    st.booleans(),
    st.floats(0, 604800),
    texts,
)
def test_records_are_read_as_they_were_written(
    people: Any, kinds: Any, unknown_only: bool, cooldown_s: float, url: str
) -> None:
    record = a_webhook(
        people=people, kinds=kinds, unknown_only=unknown_only, cooldown_s=cooldown_s, sealed_url=url
    )
    assert WebhookRecord.decode(as_stored(record.encode())) == record


@given(
    st.integers(0, 10**9),
    st.none() | st.integers(100, 599),
    texts,
    st.none() | times_s.map(lambda t: round(t, 3)),
)
def test_states_are_read_as_they_were_written(
    count: int, status: int | None, error: str, at_s: float | None
) -> None:
    state = WebhookState("1-1", count, count, status, error, at_s, at_s)
    assert WebhookState.decode(as_stored(state.encode())) == state


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_id": "w1"},
        {"people": ("x",)},
        {"kinds": ("sung",)},
        {"cooldown_s": -1.0},
        {"cooldown_s": float("nan")},
    ],
)
def test_what_no_webhook_can_have_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no id|no kind|cooldown_s is"):
        a_webhook(**settings)


def test_what_is_sealed_opens_for_its_own_webhook_alone() -> None:
    seal = Seal(b"k" * 32)
    mine, other = SealedWebhook(seal, "mine"), SealedWebhook(seal, "other")
    record = a_webhook(
        sealed_url=mine.sealed(ID, "https://x/"), sealed_secret=mine.sealed(ID, "s", secret=True)
    )
    assert (mine.url(record), mine.secret(record)) == ("https://x/", "s")
    with pytest.raises(SealError):
        other.url(record)
    with pytest.raises(SealError):
        mine.url(a_webhook(sealed_url=record.sealed_secret))
    moved = other.taken_over(record, mine)
    assert (other.url(moved), other.secret(moved)) == ("https://x/", "s")
