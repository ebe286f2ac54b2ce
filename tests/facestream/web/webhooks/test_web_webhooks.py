"""Webhooks: what is delivered, when, and how often."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hooked_events import SECRET, added, happens, shown
from live_server import Served, serving_events
from receiver import Got, Receiver, receiving, wait_until

from facestream.serving.web_wiring import open_context
from facestream.webhooks import webhook_courier
from facestream.webhooks.signature import is_signed
from storage.identity_record import ChangeKind
from storage.webhook_record import WebhookState
from storage.webhook_store import WebhookStore


def test_an_event_is_delivered_signed_with_its_times(served: Served, receiver: Receiver) -> None:
    webhook = added(served, receiver)
    entry = happens(served, ChangeKind.ASSIGNED, "p1", track_id="c-door.1", event_s=2.5, provisional=True)
    (told,) = receiver.wait_for(1)
    assert told.pop("sent_at") >= told.pop("published_at")
    assert told == {
        "id": entry,
        "kind": "assigned",
        "person_id": "p1",
        "person_name": None,
        "ignored": False,
        "other_id": None,
        "track_id": "c-door.1",
        "thumbnail": None,
        "source_id": "c-door",
        "camera": "door",
        "event_s": 2.5,
        "event_at": "2023-11-14T22:13:22.500Z",
        "provisional": True,
        "collection": served.keys.collection,
        "webhook_id": webhook["id"],
    }
    (got,) = receiver.got
    assert is_signed(SECRET, got.body, got.headers["X-Facestream-Signature"])
    assert not is_signed(SECRET, got.body + b" ", got.headers["X-Facestream-Signature"])
    assert (got.headers["X-Facestream-Event"], got.headers["X-Facestream-Delivery"]) == ("assigned", entry)
    wait_until(lambda: shown(served, webhook)["delivered"] == 1)
    state = shown(served, webhook)
    assert (state["last_status"], state["last_error"], state["failed"], state["waiting"]) == (204, None, 0, 0)


def test_a_receiver_that_fails_gets_it_again_in_order(served: Served, receiver: Receiver) -> None:
    tries: list[str] = []

    def status(got: Got) -> int:
        tries.append(got.told["id"])
        return 500 if len(tries) <= 3 else 200

    receiver.status = status
    webhook = added(served, receiver)
    entries = [happens(served, ChangeKind.CREATED, f"p{k}") for k in range(1, 4)]
    wait_until(lambda: shown(served, webhook)["delivered"] == 3)
    assert tries == [entries[0]] * 3 + entries
    assert shown(served, webhook)["failing_since"] is None


def test_a_receiver_that_is_down_says_so_and_is_waited_for(served: Served, receiver: Receiver) -> None:
    receiver.status = 503
    webhook = added(served, receiver)
    for k in range(3):
        happens(served, ChangeKind.CREATED, f"p{k}")
    wait_until(lambda: shown(served, webhook)["last_status"] == 503)
    state = shown(served, webhook)
    assert state["last_error"] == "The receiver answered 503."
    assert state["failing_since"] is not None
    assert (state["delivered"], state["waiting"]) == (0, 3)
    receiver.status = 200
    wait_until(lambda: shown(served, webhook)["delivered"] == 3)


def test_an_event_that_a_receiver_refuses_is_not_sent_again(served: Served, receiver: Receiver) -> None:
    receiver.status = lambda got: 422 if got.told["kind"] == "created" else 200
    webhook = added(served, receiver)
    happens(served, ChangeKind.CREATED, "p1")
    happens(served, ChangeKind.ASSIGNED, "p1")
    wait_until(lambda: shown(served, webhook)["delivered"] == 1)
    assert [told["kind"] for told in receiver.wait_for(2)] == ["created", "assigned"]
    assert shown(served, webhook)["failed"] == 1


def test_after_a_day_without_success_what_is_older_is_given_up(
    served: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 500
    webhook = added(served, receiver)
    happens(served, ChangeKind.CREATED, "p1", ago_s=3000)
    happens(served, ChangeKind.CREATED, "p2", ago_s=3000)
    fresh = happens(served, ChangeKind.CREATED, "p3", ago_s=-3000)
    wait_until(lambda: shown(served, webhook)["failing_since"] is not None)
    assert shown(served, webhook)["failed"] == 0
    monkeypatch.setattr(webhook_courier, "PATIENCE_S", 0.1)
    wait_until(lambda: shown(served, webhook)["failed"] == 2)
    receiver.status = 200
    wait_until(lambda: shown(served, webhook)["delivered"] == 1)
    assert receiver.got[-1].told["id"] == fresh


def test_a_slow_receiver_holds_up_no_other(served: Served, receiver: Receiver) -> None:
    let_go = threading.Event()
    with receiving() as slow:
        slow.status = lambda _: 200 if let_go.wait(15) else 500
        added(served, slow)
        added(served, receiver)
        for k in range(5):
            happens(served, ChangeKind.CREATED, f"p{k}")
        receiver.wait_for(5)
        assert slow.got == []
        let_go.set()
        slow.wait_for(5)


def test_a_restart_loses_nothing(tmp_path: Path, receiver: Receiver) -> None:
    with serving_events(tmp_path / "d", webhook_networks="127.0.0.1") as served:
        added(served, receiver)
        first = happens(served, ChangeKind.CREATED, "p1")
        receiver.wait_for(1)
        wait_until(lambda: WebhookStore(served.handle.client, served.keys).ids() != [])
    with serving_events(tmp_path / "d", webhook_networks="127.0.0.1") as served:
        second = happens(served, ChangeKind.CREATED, "p2")
        assert [told["id"] for told in receiver.wait_for(2)][:2] == [first, second]


def test_of_two_processes_one_delivers_and_the_other_takes_over(served: Served, receiver: Receiver) -> None:
    webhook = added(served, receiver)
    with open_context(served.context.place):
        entries = [happens(served, ChangeKind.CREATED, f"p{k}") for k in range(10)]
        wait_until(lambda: shown(served, webhook)["delivered"] == 10)
    entries.append(happens(served, ChangeKind.CREATED, "p10"))
    assert [told["id"] for told in receiver.wait_for(11)] == entries


def test_who_stood_still_amid_a_request_takes_nothing_back_that_its_successor_did(
    served: Served, receiver: Receiver
) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def status(_: Got) -> int:
        asked.set()
        return 200 if let_go.wait(15) else 500

    receiver.status = status
    webhook = added(served, receiver)
    happens(served, ChangeKind.CREATED, "p0")
    later = [happens(served, ChangeKind.CREATED, f"p{k}") for k in range(1, 4)]
    assert asked.wait(15)
    # What another process does in its place.
    store = WebhookStore(served.handle.client, served.keys)
    assert store.set_state(webhook["id"], WebhookState(later[1], delivered=3))
    let_go.set()
    wait_until(lambda: shown(served, webhook)["waiting"] == 0)
    # It goes on from there: the last event alone is left.
    assert [told["person_id"] for told in receiver.wait_for(2)] == ["p0", "p3"]
    assert (shown(served, webhook)["delivered"], shown(served, webhook)["failed"]) == (4, 0)
    assert len(receiver.got) == 2


def test_a_receiver_that_was_down_is_told_nothing_of_who_was_forgotten_meanwhile(
    served: Served, receiver: Receiver
) -> None:
    client, keys = served.handle.client, served.keys
    client.hset(keys.identity("p1"), mapping={"identity_id": "p1", "name": "Ada"})
    webhook = added(served, receiver)
    happens(served, ChangeKind.CREATED, "p7")
    receiver.wait_for(1)
    receiver.status = 503
    seen = {"track_id": "c-door.1", "thumbnail": "c-door.1.9"}
    of_ada = [happens(served, ChangeKind.CREATED, "p1", **seen), happens(served, ChangeKind.RENAMED, "p1")]
    happens(served, ChangeKind.CREATED, "p2")
    wait_until(lambda: len(receiver.got) > 1 and receiver.got[-1].told["person_name"] == "Ada")
    wait_until(lambda: shown(served, webhook)["last_status"] == 503)
    served.forgets("p1", *of_ada)
    # A try may have been on its way.
    time.sleep(0.2)
    receiver.got.clear()
    # All that was read with them is told as it is now.
    client.hset(keys.identity("p2"), mapping={"identity_id": "p2", "name": "Bob"})
    # Nor may a try of before be on its way any more.
    time.sleep(0.2)
    receiver.got.clear()
    receiver.status = 204
    told = [(told["kind"], told["person_name"]) for told in receiver.wait_for(2)]
    assert told == [("created", "Bob"), ("forgotten", None)]


def test_what_was_cut_off_before_it_was_delivered_is_told(served: Served, receiver: Receiver) -> None:
    receiver.status = 500
    webhook = added(served, receiver)
    for k in range(6):
        happens(served, ChangeKind.CREATED, f"p{k}")
    wait_until(lambda: shown(served, webhook)["last_status"] == 500)
    served.handle.client.xtrim(served.keys.changes, maxlen=2, approximate=False)
    # As where the server was down meanwhile: the courier that is at the first event ends.
    store = WebhookStore(served.handle.client, served.keys)
    store.change(webhook["id"], lambda record: type(record)(**{**_fields(record), "cooldown_s": 1.0}))
    time.sleep(1.0)
    receiver.got.clear()
    receiver.status = 200
    wait_until(lambda: len(receiver.got) >= 3)
    assert [told["kind"] for told in receiver.wait_for(3)][:3] == ["reset", "created", "created"]
    assert [told.get("person_id") for told in receiver.wait_for(3)][:3] == [None, "p4", "p5"]


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def test_webhooks_are_listed_tried_and_removed_without_their_secrets(
    served: Served, receiver: Receiver
) -> None:
    webhook = added(served, receiver, secret=None, kinds=["created"], cooldown_s=5)
    assert len(webhook.pop("secret")) >= 32
    page = served.client.get("/webhooks").json()
    assert (page["total"], page["items"]) == (1, [webhook])
    assert webhook["url"] == receiver.url.partition("/hook")[0] + "/***"
    raw = b"".join(served.handle.client.hgetall(served.keys.webhook(webhook["id"])).values())
    assert b"T0KEN" not in raw
    tried = served.client.post(f"/webhooks/{webhook['id']}/test").json()
    assert (tried["ok"], tried["status"], receiver.wait_for(1)[0]["kind"]) == (True, 204, "test")
    receiver.status = 404
    tried = served.client.post(f"/webhooks/{webhook['id']}/test").json()
    assert (tried["ok"], tried["error"]) == (False, "The receiver answered 404.")
    client, url = served.client, f"/webhooks/{webhook['id']}"
    assert client.delete(url).status_code == 204
    assert [client.get(url).status_code, client.delete(url).status_code] == [404, 404]
    assert client.post(f"{url}/test").status_code == 404
    left = f"{served.keys.webhook(webhook['id'])}*"
    wait_until(lambda: not list(served.handle.client.scan_iter(left)))


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"url": "http://1.1.1.1", "secret": "short"},
        {"url": "http://1.1.1.1", "people": ["../p1"]},
        {"url": "http://1.1.1.1", "kinds": ["sung"]},
        {"url": "http://1.1.1.1", "cooldown_s": -1},
        {"url": "http://1.1.1.1", "more": 1},
    ],
)
def test_a_wish_that_can_not_be_is_refused(shared_served: Served, wish: dict[str, Any]) -> None:
    assert shared_served.client.post("/webhooks", json=wish).status_code == 422
