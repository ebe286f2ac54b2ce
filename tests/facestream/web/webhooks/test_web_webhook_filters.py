"""Of whom and of what webhooks tell."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hooked_events import added, happens, seen, shown
from live_server import Served
from receiver import Receiver, receiving, wait_until

from facestream.events import arrival
from facestream.events.event_filter import EventFilter
from facestream.events.live_event import LiveEvent
from facestream.webhooks import webhook_courier
from storage.identity_record import ChangeKind


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
