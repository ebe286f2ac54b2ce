"""How cameras are doing, for Prometheus."""

from __future__ import annotations

from itertools import pairwise

from facestream.metrics.camera_counts import CameraCounts
from facestream.metrics.camera_families import MOST_CAMERAS, OTHERS, camera_families
from storage.camera_status import CameraStatus


def told(
    statuses: list[CameraStatus], counts: CameraCounts | None = None, **states: str
) -> dict[tuple[str, ...], float]:
    states = {status.name: status.state for status in statuses} | states
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in camera_families(statuses, states, counts)
        for sample in family.samples
    }


def outcomes_of(found: dict[tuple[str, ...], float]) -> dict[str, float]:
    return {key[2]: value for key, value in found.items() if key[0] == "facestream_frames_total"}


def a_status(name: str = "door", **facts: object) -> CameraStatus:
    usual: dict = {"received": 100, "taken": 40, "done": 30, "looked": 20, "dropped": 8, "dropped_full": 3}
    return CameraStatus(name, "host-1", **{"state": "streaming", "since_s": 1.8e9, **usual, **facts})


def test_every_frame_has_one_outcome_or_waits() -> None:
    found = told([a_status()])
    assert outcomes_of(found) == {
        "looked": 20,
        "still": 10,
        "failed": 0,
        "dropped_busy": 5,
        "dropped_queue_full": 3,
        "not_sampled": 60,
    }
    waiting = found["facestream_frames_waiting", "door"]
    assert sum(outcomes_of(found).values()) + waiting == found["facestream_frames_received_total", "door"]


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


def counters(
    statuses: list[CameraStatus], counts: CameraCounts | None = None
) -> dict[tuple[str, ...], float]:
    return {key: value for key, value in told(statuses, counts).items() if key[0].endswith("_total")}


def never_goes_down(scrapes: list[dict[tuple[str, ...], float]]) -> bool:
    return all(
        after.get(key, 0) >= value for before, after in pairwise(scrapes) for key, value in before.items()
    )


def test_no_counter_goes_down_while_it_is_not_known_yet_why_frames_were_dropped() -> None:
    counts = CameraCounts()
    scrapes = []
    for k in range(60):
        # The queue is full all the time, and each frame is dropped; ten at a time it is known why.
        facts = {"received": 100 + k, "taken": 40 + k, "dropped": 8 + k, "dropped_full": 8 + k // 10 * 10}
        scrapes.append(counters([a_status(**facts)], counts))
    assert never_goes_down(scrapes)
    first, last = scrapes[0], scrapes[-1]
    grown = {key[-1]: last[key] - first[key] for key in last if key[0] == "facestream_frames_total"}
    assert grown["dropped_queue_full"] == 50
    # All that is told too much is what was dropped between two looks.
    assert grown["dropped_busy"] == 9
    assert sum(grown.values()) == 59


def test_no_counter_goes_down_while_a_frame_is_on_its_way_to_the_buffer() -> None:
    counts = CameraCounts()
    scrapes = [
        counters([a_status(received=100 + (k + 1) // 2, taken=40 + k // 2)], counts) for k in range(60)
    ]
    assert never_goes_down(scrapes)
    assert scrapes[-1]["facestream_frames_total", "door", "not_sampled"] == 61


def test_a_camera_that_another_worker_takes_over_is_counted_on() -> None:
    counts = CameraCounts()
    before = counters([a_status()], counts)
    fresh = a_status(received=10, taken=4, done=3, looked=2, dropped=1, dropped_full=0)
    after = counters([fresh], counts)
    assert never_goes_down([before, after])
    assert after["facestream_frames_received_total", "door"] == 110
    assert after["facestream_frames_total", "door", "looked"] == 22
    assert after["facestream_frames_total", "door", "not_sampled"] == 66


def test_of_a_camera_that_begins_anew_all_counters_do() -> None:
    counts = CameraCounts()
    told([a_status(connects=1)], counts)
    # As often connected as before, and of the frames as many were looked at.
    anew = a_status(connects=1, received=60, taken=24, done=22, looked=20, dropped=1, dropped_full=0)
    found = told([anew], counts)
    assert found["facestream_camera_connects_total", "door"] == 2
    assert found["facestream_frames_received_total", "door"] == 160
    assert outcomes_of(found) == {
        "looked": 40,
        "still": 12,
        "failed": 0,
        "dropped_busy": 6,
        "dropped_queue_full": 3,
        "not_sampled": 96,
    }


def test_while_nobody_knows_what_a_camera_sent_its_counters_stay() -> None:
    counts = CameraCounts()
    scrapes = [
        counters([a_status(received=received, corrupt=corrupt, connects=connects)], counts)
        for received, corrupt, connects in [(1000, 5, 2), (0, 0, 0), (1010, 5, 3)]
    ]
    assert never_goes_down(scrapes)
    assert scrapes[-1]["facestream_frames_received_total", "door"] == 1010
    assert scrapes[-1]["facestream_camera_connects_total", "door"] == 3


def test_the_sum_of_those_beyond_never_goes_down_however_many_there_are() -> None:
    counts = CameraCounts()
    many = [a_status(f"c{number:05}") for number in range(MOST_CAMERAS + 5)]
    # Some leave, one of those beyond has a row of its own then, and others come.
    fewer = [a_status(status.name, received=150) for status in many[1:-1]]
    scrapes = [counters(statuses, counts) for statuses in (many, fewer, many[:3], fewer)]
    summed = [scrape["facestream_frames_received_total", OTHERS] for scrape in scrapes]
    assert summed == [500, 650, 650, 650]
