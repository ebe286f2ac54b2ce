"""What the log is told of cameras that go down and come back."""

from __future__ import annotations

import time

import pytest

from facestream.cameras.camera_outages import CameraOutages, camera_counts
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RecordError

DOOR = CameraRecord("door", "", "")


def status(state: str, last_error: str = "") -> CameraStatus:
    return CameraStatus("door", "w", state, time.time() - 40, last_error)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_a_camera_that_goes_down_and_comes_back_is_told_once_each(caplog: pytest.LogCaptureFixture) -> None:
    outages = CameraOutages()
    outages.take({"door": (DOOR, status("connecting"))})
    now = outages.take({"door": (DOOR, status("streaming"))})
    assert (now.streaming.keys(), now.down, now.there) == ({"door"}, {}, {"door"})
    assert told(caplog) == []
    now = outages.take({"door": (DOOR, status("stalled"))})
    assert (now.streaming, now.down, now.there) == ({}, {}, {"door"})
    assert told(caplog) == []
    now = outages.take({"door": (DOOR, status("backing_off", "it sent nothing for 10 s."))})
    assert now.down["door"].reason == "it sent nothing for 10 s"
    assert now.down["door"].found_at_s - now.down["door"].since_s == pytest.approx(40, abs=5)
    assert told(caplog) == ["Camera door is down: it sent nothing for 10 s."]
    for state in ("backing_off", "connecting", "backing_off"):
        outages.take({"door": (DOOR, status(state, "the connection was refused"))})
    assert outages.take({"door": (DOOR, None)}).down == now.down
    assert told(caplog) == []
    now = outages.take({"door": (DOOR, status("streaming", "the connection was refused"))})
    assert (now.streaming.keys(), now.down) == ({"door"}, {})
    assert told(caplog) == ["Camera door is back after 40 s."]
    outages.take({"door": (DOOR, status("streaming", "the connection was refused"))})
    assert told(caplog) == []


def test_a_camera_that_is_paused_or_removed_while_it_is_down_is_not_told_to_be_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outages = CameraOutages()
    outages.take({"door": (DOOR, status("failed", "wrong password."))})
    paused = CameraRecord("door", "", "", paused=True)
    now = outages.take({"door": (paused, status("failed", "wrong password"))})
    assert (now.down, now.there) == ({}, frozenset())
    assert told(caplog) == ["Camera door is down: wrong password."]
    outages.take({"door": (DOOR, status("streaming"))})
    outages.take({})
    assert told(caplog) == []


def test_cameras_are_counted_as_they_deliver(caplog: pytest.LogCaptureFixture) -> None:
    outages = CameraOutages()
    outages.take(
        {
            "door": (DOOR, status("streaming", "what was before")),
            "hall": (DOOR, status("connecting", "it sent nothing for 10 s")),
            "yard": (DOOR, None),
            "roof": (CameraRecord("roof", "", "", paused=True), None),
            "shed": (RecordError("damaged", field="name"), None),
        }
    )
    assert outages.counts == {"total": 3, "streaming": 1, "down": 1}
    assert camera_counts([status("connecting")]) == {"total": 1, "streaming": 0, "down": 0}
    assert len(told(caplog)) == 1
