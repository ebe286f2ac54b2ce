"""Webhooks that tell of cameras."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hooked_events import added, happens, shown
from live_server import Served, serving_events
from receiver import Receiver, receiving, wait_until

from facestream.iso_time import iso_utc
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.identity_record import ChangeKind


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
