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
    assert outages.take({"door": (DOOR, status("streaming"))}) == []
    assert told(caplog) == []
    assert outages.take({"door": (DOOR, status("stalled"))}) == []
    assert told(caplog) == []
    (down,) = outages.take({"door": (DOOR, status("backing_off", "it sent nothing for 10 s."))})
    assert (down.camera, down.state, down.reason) == ("door", "down", "it sent nothing for 10 s")
    assert down.at_s - down.down_since_s == pytest.approx(40, abs=5)
    assert told(caplog) == ["Camera door is down: it sent nothing for 10 s."]
    for state in ("backing_off", "connecting", "backing_off"):
        outages.take({"door": (DOOR, status(state, "the connection was refused"))})
    outages.take({"door": (DOOR, None)})
    assert told(caplog) == []
    (back,) = outages.take({"door": (DOOR, status("streaming", "the connection was refused"))})
    assert (back.state, back.down_since_s, back.reason) == ("back", down.down_since_s, "")
    assert told(caplog) == ["Camera door is back after 40 s."]
    outages.take({"door": (DOOR, status("streaming", "the connection was refused"))})
    assert told(caplog) == []


def test_a_camera_that_is_paused_or_removed_while_it_is_down_is_not_told_to_be_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outages = CameraOutages()
    outages.take({"door": (DOOR, status("failed", "wrong password."))})
    paused = CameraRecord("door", "", "", paused=True)
    (left,) = outages.take({"door": (paused, status("failed", "wrong password"))})
    assert (left.state, left.json["reason"]) == ("left", None)
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
