"""Webhooks: a real receiver, a real server, a real Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_server import Served, serving_events
from receiver import Got, Receiver, receiving, wait_until

from facestream.events import arrival
from facestream.events.event_filter import EventFilter
from facestream.events.live_event import LiveEvent
from facestream.iso_time import iso_utc
from facestream.serving.web_wiring import open_context
from facestream.webhooks import webhook_courier, webhook_sender
from facestream.webhooks.signature import is_signed
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.connection import RedisHandle
from storage.identity_record import ChangeKind, IdentityChange
from storage.webhook_store import WebhookStore

SECRET = "an example secret"


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_SERVE_WEBHOOK_NETWORKS", "127.0.0.1")
    monkeypatch.setattr(webhook_courier, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(webhook_sender, "_LOOK_S", 0.1)


@pytest.fixture
def served(web_folder: Path, web_handle: RedisHandle) -> Iterator[Served]:
    with serving_events(web_folder, f"webhooks-{uuid4().hex}", webhook_networks="127.0.0.1") as served:
        yield served


@pytest.fixture(scope="module")
def shared_served(web_folder: Path, web_handle: RedisHandle) -> Iterator[Served]:
    """Of tests that leave no webhook behind."""
    with serving_events(web_folder, f"webhooks-{uuid4().hex}") as served:
        yield served


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def added(served: Served, receiver: Receiver, **wish: Any) -> dict[str, Any]:
    wish = {"url": receiver.url, "secret": SECRET} | wish
    answer = served.client.post("/webhooks", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def shown(served: Served, webhook: dict[str, Any]) -> dict[str, Any]:
    return served.client.get(f"/webhooks/{webhook['id']}").json()


def happens(served: Served, kind: ChangeKind, person: str, ago_s: float = 0.0, **facts: Any) -> str:
    change = IdentityChange(kind, person, published_at_s=time.time() - ago_s, **facts)
    return served.handle.client.xadd(served.keys.changes, change.encode()).decode()


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


def test_cooldowns_are_of_each_person_and_of_sightings_alone(served: Served, receiver: Receiver) -> None:
    webhook = added(served, receiver, cooldown_s=60)
    wanted = [
        happens(served, ChangeKind.ASSIGNED, "p1", ago_s=100),
        happens(served, ChangeKind.ASSIGNED, "p2", ago_s=99),
    ]
    happens(served, ChangeKind.ASSIGNED, "p1", ago_s=95)
    wanted.append(happens(served, ChangeKind.RENAMED, "p1", ago_s=94))
    happens(served, ChangeKind.ASSIGNED, "p2", ago_s=50)
    wanted.append(happens(served, ChangeKind.ASSIGNED, "p1", ago_s=35))
    wait_until(lambda: shown(served, webhook)["delivered"] == 4)
    assert [told["id"] for told in receiver.wait_for(4)] == wanted


def test_filters_of_people_kinds_and_the_unknown(served: Served, receiver: Receiver) -> None:
    client = served.handle.client
    client.hset(served.keys.identity("p1"), mapping={"identity_id": "p1", "name": "Ada"})
    client.hset(served.keys.identity("p2"), mapping={"identity_id": "p2"})
    client.hset(served.keys.identity("p3"), mapping={"identity_id": "p3", "merged_into": "p2"})
    with receiving() as unknown, receiving() as assigned:
        added(served, receiver, people=["p3"])
        added(served, unknown, unknown_only=True)
        added(served, assigned, kinds=["assigned"])
        for kind, person in (
            (ChangeKind.CREATED, "p1"),
            (ChangeKind.ASSIGNED, "p2"),
            (ChangeKind.RENAMED, "p2"),
            (ChangeKind.ASSIGNED, "p1"),
        ):
            happens(served, kind, person)

        def told(by: Receiver) -> list[tuple[str, str]]:
            return [(each["kind"], each["person_id"]) for each in by.wait_for(1)]

        wait_until(lambda: told(receiver) == [("assigned", "p2"), ("renamed", "p2")])
        wait_until(lambda: told(assigned) == [("assigned", "p2"), ("assigned", "p1")])
        wait_until(lambda: told(unknown) == [("assigned", "p2")])


def seen(served: Served, kind: ChangeKind, person: str, ago_s: float, source_id: str = "c-door") -> str:
    """Somebody is brought by a camera or file so long ago, and that is told now."""
    client, track_id = served.handle.client, f"{source_id}.{person}"
    client.hset(served.keys.track(track_id), "source_id", source_id)
    client.hsetnx(served.keys.source(source_id), "recorded_at_s", "1700000000")
    event_s = time.time() - ago_s - 1.7e9
    return happens(served, kind, person, track_id=track_id, event_s=event_s, provisional=True)


def test_live_ones_are_told_of_now_alone(served: Served, receiver: Receiver) -> None:
    webhook = added(served, receiver, live_only=True)
    assert (webhook["live_only"], webhook["cameras"]) == (True, [])
    new = seen(served, ChangeKind.CREATED, "p1", 1)
    # What was seen long ago, in a file, what a re-cluster says, and what is no sighting.
    seen(served, ChangeKind.ASSIGNED, "p2", 3600)
    seen(served, ChangeKind.ASSIGNED, "p2", 1, "v-1")
    now_s = time.time() - 1.7e9
    happens(served, ChangeKind.ASSIGNED, "p2", track_id="c-door.1", event_s=now_s)
    happens(
        served, ChangeKind.ASSIGNED, "p2", track_id="c-door.1", event_s=now_s, provisional=True, other_id="p1"
    )
    happens(served, ChangeKind.MERGED, "p2", other_id="p1")
    again = seen(served, ChangeKind.ASSIGNED, "p1", 2)
    wait_until(lambda: shown(served, webhook)["delivered"] == 2)
    assert [told["id"] for told in receiver.wait_for(2)] == [new, again]
    wait_until(lambda: shown(served, webhook)["waiting"] == 0)


@pytest.mark.parametrize("wish", [{"live_only": True}, {"unknown_only": True}])
def test_bells_do_not_ring_for_who_is_ignored_unless_they_are_asked_for(
    served: Served, receiver: Receiver, wish: dict[str, Any]
) -> None:
    client = served.handle.client
    client.hset(served.keys.identity("p1"), mapping={"identity_id": "p1", "ignored": 1})
    client.hset(served.keys.identity("p2"), mapping={"identity_id": "p2", "merged_into": "p1"})
    client.hset(served.keys.identity("p3"), mapping={"identity_id": "p3", "ignored": 0})
    with receiving() as asked, receiving() as copies:
        added(served, receiver, **wish)
        added(served, asked, people=["p1"], **wish)
        added(served, copies)
        for person in ("p1", "p2", "p3"):
            seen(served, ChangeKind.ASSIGNED, person, 1)

        def told(by: Receiver) -> list[str]:
            return [each["person_id"] for each in by.wait_for(1)]

        wait_until(lambda: told(copies) == ["p1", "p2", "p3"])
        wait_until(lambda: told(asked) == ["p1", "p2"])
        wait_until(lambda: told(receiver) == ["p3"])


def test_cameras_that_go_down_and_come_back_are_told_to_who_asks_for_it(
    served: Served, receiver: Receiver
) -> None:
    cameras = CameraStore(served.handle.client, served.keys)
    for name in ("door", "till"):
        cameras.add(CameraRecord(name, "sealed", "rtsp://x/1"))
    with receiving() as all_kinds, receiving() as at_till:
        added(served, receiver, kinds=["camera"])
        added(served, all_kinds)
        added(served, at_till, kinds=["camera", "created"], cameras=["till"])
        since_s = round(time.time() - 60, 3)
        down = CameraStatus("door", "w", "backing_off", since_s, "it sent nothing for 10 s.")
        till_down = CameraStatus("till", "w", "failed", since_s + 1)
        wait_until(lambda: cameras.write_statuses([down, till_down]) or len(receiver.got) >= 2)
        told = {each["camera"]: each for each in receiver.wait_for(2)}
        door = told["door"]
        assert door.pop("sent_at") >= door.pop("published_at") > door["down_since"]
        webhook_id, collection = door.pop("webhook_id"), door.pop("collection")
        assert (webhook_id[0], collection) == ("w", served.keys.collection)
        assert door == {
            "id": f"camera-door-down-{since_s:.3f}",
            "kind": "camera",
            "camera": "door",
            "state": "down",
            "down_since": iso_utc(since_s),
            "reason": "it sent nothing for 10 s",
        }
        assert told["till"]["reason"] is None
        up = CameraStatus("door", "w", "streaming", time.time(), "it sent nothing for 10 s.")
        wait_until(lambda: cameras.write_statuses([up, till_down]) or len(receiver.got) >= 3)
        back = receiver.wait_for(3)[2]
        assert (back["camera"], back["state"], back["down_since"]) == ("door", "back", iso_utc(since_s))
        created = happens(served, ChangeKind.CREATED, "p1")
        assert [each["id"] for each in all_kinds.wait_for(1)] == [created]
        assert [each["camera"] for each in at_till.wait_for(1)] == ["till"]
        # Of one that is down already, who is added later is told as well.
        with receiving() as later:
            added(served, later, kinds=["camera"])
            wait_until(lambda: cameras.write_statuses([up, till_down]) or len(later.got) >= 1)
            assert [each["id"] for each in later.wait_for(1)] == [told["till"]["id"]]


def camera_is(served: Served, state: str, name: str = "door") -> None:
    """Say so for as long as it is believed: to be said again and again."""
    status = CameraStatus(name, "w", state, round(time.time(), 3))
    CameraStore(served.handle.client, served.keys).write_statuses([status])


def with_camera(served: Served, name: str = "door") -> None:
    CameraStore(served.handle.client, served.keys).add(CameraRecord(name, "sealed", "rtsp://x/1"))


def states(receiver: Receiver) -> list[str]:
    return [got.told["state"] for got in receiver.got if got.told["kind"] == "camera"]


def test_a_receiver_that_takes_nothing_is_told_of_cameras_as_they_are_when_it_does(
    served: Served, receiver: Receiver
) -> None:
    with_camera(served)
    receiver.status = 503
    webhook = added(served, receiver, kinds=["camera"])
    wait_until(lambda: camera_is(served, "failed") or shown(served, webhook)["last_status"] == 503)
    wait_until(lambda: shown(served, webhook)["failing_since"] is not None)
    # What it does not want of the stream is not held back for it.
    entry = happens(served, ChangeKind.CREATED, "p1")
    cursor = served.keys.webhook_state(webhook["id"])
    wait_until(lambda: served.handle.client.hget(cursor, "cursor") == entry.encode())
    wait_until(lambda: camera_is(served, "streaming") or served.context.cameras.counts["streaming"] == 1)
    taken = len(receiver.got)
    receiver.status = 200
    wait_until(lambda: camera_is(served, "failed") or shown(served, webhook)["delivered"] == 1)
    assert set(states(receiver)[taken:]) == {"down"}
    wait_until(lambda: camera_is(served, "streaming") or shown(served, webhook)["delivered"] == 2)
    assert states(receiver)[-1] == "back"


def test_a_camera_that_is_removed_while_it_is_down_is_told_of_no_more(
    served: Served, receiver: Receiver
) -> None:
    with_camera(served)
    added(served, receiver, kinds=["camera"])
    wait_until(lambda: camera_is(served, "failed") or len(receiver.got) >= 1)
    CameraStore(served.handle.client, served.keys).remove("door")
    assert [told["state"] for told in receiver.wait_for(2)] == ["down", "left"]
    with receiving() as later:
        webhook = added(served, later, kinds=["camera", "created"])
        happens(served, ChangeKind.CREATED, "p1")
        wait_until(lambda: shown(served, webhook)["delivered"] == 1)
        assert states(later) == []


def test_a_camera_that_comes_back_while_the_server_is_away_is_told_to_be_back(
    tmp_path: Path, receiver: Receiver
) -> None:
    with serving_events(tmp_path / "d", webhook_networks="127.0.0.1") as served:
        with_camera(served)
        added(served, receiver, kinds=["camera"])
        wait_until(lambda: camera_is(served, "failed") or states(receiver) == ["down"])
    with serving_events(tmp_path / "d", webhook_networks="127.0.0.1") as served:
        # Nobody has said yet how it is.
        served.handle.client.delete(served.keys.camera_status("door"))
        time.sleep(1.5)
        assert states(receiver) == ["down"]
        wait_until(lambda: camera_is(served, "streaming") or states(receiver) == ["down", "back"])
        time.sleep(1.5)
        assert states(receiver) == ["down", "back"]
    (down, back) = [got.told for got in receiver.got]
    assert down["down_since"] == back["down_since"]


@pytest.mark.parametrize("wish", [{"people": ["p1"]}, {"unknown_only": True}])
def test_cameras_want_a_webhook_of_their_own(
    served: Served, receiver: Receiver, wish: dict[str, Any]
) -> None:
    served.handle.client.hset(served.keys.identity("p1"), "identity_id", "p1")
    wish = {"url": receiver.url, "kinds": ["camera"]} | wish
    answer = served.client.post("/webhooks", json=wish)
    assert (answer.status_code, "Give cameras a webhook of their own" in answer.text) == (422, True)


def test_live_ones_that_nobody_takes_in_time_are_given_up(
    served: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 503
    webhook = added(served, receiver, live_only=True)
    seen(served, ChangeKind.ASSIGNED, "p1", 1)
    wait_until(lambda: shown(served, webhook)["last_status"] == 503)
    assert shown(served, webhook)["failed"] == 0
    monkeypatch.setattr(arrival, "LATE_S", 0.5)
    wait_until(lambda: shown(served, webhook)["failed"] == 1)
    assert shown(served, webhook)["delivered"] == 0


def test_one_that_gets_late_while_it_is_looked_at_once_more_is_given_up_as_well(
    served: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 503
    as_it_is = webhook_courier.Courier._as_it_is

    def slowly(courier: webhook_courier.Courier, event: LiveEvent, wanted: EventFilter | None) -> LiveEvent:
        if receiver.got:
            monkeypatch.setattr(arrival, "LATE_S", 0.5)
        return as_it_is(courier, event, wanted)

    monkeypatch.setattr(webhook_courier.Courier, "_as_it_is", slowly)
    webhook = added(served, receiver, live_only=True)
    seen(served, ChangeKind.ASSIGNED, "p1", 1)
    wait_until(lambda: shown(served, webhook)["failed"] == 1)
    assert shown(served, webhook)["delivered"] == 0


def test_some_are_told_of_their_cameras_alone(served: Served, receiver: Receiver) -> None:
    served.handle.client.sadd(served.keys.cameras, "till")
    webhook = added(served, receiver, cameras=["door", "till", "door"])
    assert webhook["cameras"] == ["door", "till"]
    door = seen(served, ChangeKind.ASSIGNED, "p1", 3600)
    seen(served, ChangeKind.ASSIGNED, "p2", 1, "c-hall")
    seen(served, ChangeKind.ASSIGNED, "p2", 1, "v-1")
    happens(served, ChangeKind.RENAMED, "p1")
    till = seen(served, ChangeKind.CREATED, "p3", 1, "c-till")
    assert [told["id"] for told in receiver.wait_for(2)] == [door, till]
    for wish, said in (
        ({"cameras": ["dor"]}, "there is no camera 'dor'"),
        ({"cameras": ["door"], "kinds": ["merged"]}, "never merged"),
        ({"live_only": True, "kinds": ["split"]}, "never split"),
    ):
        answer = served.client.post("/webhooks", json={"url": receiver.url} | wish)
        assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_who_is_forgotten_drops_out_of_filters_that_name_nobody_else_then(
    served: Served, receiver: Receiver
) -> None:
    for person in ("p1", "p2"):
        served.handle.client.hset(served.keys.identity(person), mapping={"identity_id": person})
    one, both = added(served, receiver, people=["p1"]), added(served, receiver, people=["p1", "p2"])
    served.forgets("p1")
    assert shown(served, one)["people"] == []
    assert shown(served, both)["people"] == ["p2"]
    happens(served, ChangeKind.CREATED, "p3")
    happens(served, ChangeKind.ASSIGNED, "p2")
    (told,) = receiver.wait_for(1)
    assert (told["webhook_id"], told["person_id"]) == (both["id"], "p2")


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


def test_live_ones_tell_of_whom_a_re_cluster_finds_to_be_new_within_minutes(
    served: Served, receiver: Receiver
) -> None:
    webhook = added(served, receiver, live_only=True, unknown_only=True)
    client, track_id = served.handle.client, "c-door.9"
    client.hset(served.keys.track(track_id), "source_id", "c-door")

    def found_out(ago_s: float, **facts: Any) -> str:
        at_s = time.time() - ago_s - 1.7e9
        return happens(served, ChangeKind.CREATED, "p9", track_id=track_id, event_s=at_s, **facts)

    found_out(3600)
    now = found_out(40)
    happens(served, ChangeKind.SPLIT, "p9", track_id=track_id, event_s=time.time() - 1.7e9, other_id="p7")
    wait_until(lambda: shown(served, webhook)["delivered"] == 1)
    wait_until(lambda: shown(served, webhook)["waiting"] == 0)
    assert [told["id"] for told in receiver.wait_for(1)] == [now]
