"""/metrics and /readyz of serve."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families
from web_serving import PATIENCE_S, Serving

from facestream.configuration.settings import Place
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.token_record import Scope
from storage.token_store import TokenStore

Serve = Callable[..., contextlib.AbstractContextManager[Serving]]


def numbers(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_tells_of_people_queue_and_cameras(serving: Serving) -> None:
    answer = serving.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = numbers(answer.text)
    people = serving.context.people.counts()[0]
    assert found["facestream_people", "named"] == people.named
    assert found["facestream_people", "named"] + found["facestream_people", "unnamed"] == people.people > 0
    assert found["facestream_queue_entries", "lag"] == 0
    assert found["facestream_redis_up",] == 1
    assert found["facestream_dead_letters",] == 0
    assert found["facestream_process_running", "cluster-worker"] == 0
    # Names of people are nobody's business who looks at numbers.
    assert "Ada" not in answer.text
    assert serving.client.head("/metrics").status_code == 200


def test_cameras_are_told_of_as_their_workers_say(empty_place: Place, serve_place: Serve) -> None:
    with serve_place(empty_place) as served:
        cameras = CameraStore(served.handle.client, served.keys)
        served.handle.client.sadd(served.keys.cameras, "door")
        cameras.write_statuses(
            [CameraStatus("door", "host-1", "streaming", 1.8e9, received=9, taken=4, done=3, looked=2)]
        )
        found = numbers(served.client.get("/metrics").text)
    assert found["facestream_frames_total", "door", "looked"] == 2
    assert found["facestream_camera_up", "door"] == 1


def test_needs_a_token_where_everybody_does(filled_place: Place, serve_place: Serve) -> None:
    with serve_place(filled_place, require_token=True) as served:
        assert served.client.get("/metrics").status_code == 401
        assert served.client.get("/metrics/").status_code in (401, 404)
        token = TokenStore(served.handle.client, served.keys).add("prometheus", Scope.READ)
        answer = served.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert served.client.get("/readyz").json()["checks"].keys() == {"redis", "people", "workers", "disk"}


def test_is_ready_when_everybody_is_read(serving: Serving) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while serving.client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    answer = serving.client.get("/readyz").json()
    assert answer == {
        "status": "ready",
        "checks": {"redis": True, "people": True, "workers": True, "disk": True},
        "cameras": {"total": 0, "streaming": 0, "down": 0},
    }


def test_a_camera_that_is_down_is_told_and_leaves_the_server_ready(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    cameras = CameraStore(serving.handle.client, serving.keys)
    cameras.add(CameraRecord("door", "sealed", "rtsp://x/1"))
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        cameras.write_statuses([CameraStatus("door", "w", "backing_off", 1.8e9, "it sent nothing for 10 s")])
        answer = serving.client.get("/readyz")
        if answer.status_code == 200 and answer.json()["cameras"]["down"]:
            break
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    assert answer.json()["cameras"] == {"total": 1, "streaming": 0, "down": 1}
    assert "door" not in answer.text
    assert "Camera door is down: it sent nothing for 10 s." in caplog.text
    cameras.remove("door")


def test_a_worker_that_does_not_run_is_told(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.context.supervisor, "_wanted_now", {"cluster-worker": True})
    time.sleep(1.1)
    answer = serving.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["workers"] is False
    assert serving.client.get("/healthz").status_code == 200
