"""How cameras are doing, for Prometheus."""

from __future__ import annotations

from facestream.metrics.camera_families import MOST_CAMERAS, OTHERS, camera_families
from storage.camera_status import CameraStatus


def told(statuses: list[CameraStatus], **states: str) -> dict[tuple[str, ...], float]:
    states = {status.name: status.state for status in statuses} | states
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in camera_families(statuses, states)
        for sample in family.samples
    }


def a_status(name: str = "door", **facts: object) -> CameraStatus:
    usual: dict = {"received": 100, "taken": 40, "done": 30, "looked": 20, "dropped": 8, "dropped_full": 3}
    return CameraStatus(name, "host-1", **{"state": "streaming", "since_s": 1.8e9, **usual, **facts})


def test_every_frame_has_one_outcome_or_waits() -> None:
    found = told([a_status()])
    outcomes = {key[2]: value for key, value in found.items() if key[0] == "facestream_frames_total"}
    assert outcomes == {
        "looked": 20,
        "still": 10,
        "failed": 0,
        "dropped_busy": 5,
        "dropped_queue_full": 3,
        "not_sampled": 60,
    }
    waiting = found["facestream_frames_waiting", "door"]
    assert sum(outcomes.values()) + waiting == found["facestream_frames_received_total", "door"]


def test_states_are_counted_and_a_camera_is_up_or_not() -> None:
    found = told([a_status(), a_status("yard", state="failed", delay_s=None)])
    assert found["facestream_cameras", "streaming"] == 1
    assert found["facestream_cameras", "failed"] == 1
    assert found["facestream_cameras", "stalled"] == 0
    assert (found["facestream_camera_up", "door"], found["facestream_camera_up", "yard"]) == (1, 0)
    assert ("facestream_camera_delay_seconds", "yard") not in found


def test_a_camera_that_is_paused_or_waits_is_counted_whatever_was_said_of_it_last() -> None:
    found = told([a_status(), a_status("yard")], yard="paused", gate="waiting")
    states = {key[1]: value for key, value in found.items() if key[0] == "facestream_cameras" and value}
    assert states == {"streaming": 1, "paused": 1, "waiting": 1}
    up = {key[1]: value for key, value in found.items() if key[0] == "facestream_camera_up"}
    assert up == {"door": 1, "yard": 0, "gate": 0}


def test_however_many_cameras_there_are_series_are_few_and_no_frame_is_missing() -> None:
    found = told([a_status(f"c{number:05}") for number in range(MOST_CAMERAS + 500)])
    names = {key[1] for key in found if key[0] == "facestream_frames_received_total"}
    assert len(names) == MOST_CAMERAS + 1
    assert found["facestream_frames_received_total", OTHERS] == 500 * 100
    assert sum(v for k, v in found.items() if k[0] == "facestream_cameras") == MOST_CAMERAS + 500
    assert len(found) < 15 * MOST_CAMERAS


def test_counters_that_were_read_while_they_grew_are_never_negative() -> None:
    found = told([a_status(taken=101, done=150, looked=151, dropped=1, dropped_full=2)])
    assert min(found.values()) >= 0
