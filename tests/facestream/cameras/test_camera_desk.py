"""What is told of cameras and jobs as it changes."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import cv2
import numpy as np
import pytest

from facestream.cameras.camera_desk import wish_for
from facestream.cameras.camera_snapshots import CameraSnapshots
from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.errors import RefusedError
from facestream.events.news import News
from facestream.jobs.job_options import JobOptions
from facestream.serving.serve_wiring import make_camera_desk, make_jobs
from facestream.wiring import keys_of, make_camera_store
from storage.camera_status import CameraStatus
from storage.change_reader import ChangeReader
from storage.connection import RedisHandle
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.sighting_record import Sighting
from storage.sighting_rows import SightingRows

PATIENCE_S = 60.0


class Told:
    """What was published, in order."""

    def __init__(self) -> None:
        self._told: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        self._told.put((kind, data))

    def until(self, condition: Callable[[dict[str, Any]], object], kind: str) -> dict[str, Any]:
        """The next one that is so."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            what, data = self._told.get(timeout=max(deadline_s - time.monotonic(), 0.01))
            assert what == kind
            if condition(data):
                return data

    @property
    def is_quiet(self) -> bool:
        return self._told.empty()


def test_cameras_are_told_of_when_they_change_and_not_for_their_figures(
    place: Place, handle: RedisHandle
) -> None:
    told = Told()
    store = make_camera_store(handle, keys_of(place))
    with (
        News(ChangeReader(handle.client, keys_of(place)), handle) as news,
        make_camera_desk(place, handle, ServeTable(), news, told) as desk,
    ):
        time.sleep(0.3)
        desk.add("door", wish_for("rtsp://192.168.1.20/live", None, {}))
        assert told.until(lambda data: True, "camera")["state"] == "waiting"
        since_s = time.time()
        store.write_statuses([CameraStatus("door", "w", "streaming", since_s, fps_in=5.0)])
        assert told.until(lambda data: data["state"] == "streaming", "camera")["fps_in"] == 5.0
        store.write_statuses([CameraStatus("door", "w", "streaming", since_s, fps_in=6.0)])
        time.sleep(1.3)
        assert told.is_quiet
        desk.set_paused("door", paused=True)
        told.until(lambda data: data["paused"], "camera")
        desk.remove("door")
        assert told.until(lambda data: "removed" in data, "camera") == {"name": "door", "removed": True}


def test_who_was_before_a_camera_that_went_down_is_not_there_now(place: Place, handle: RedisHandle) -> None:
    keys = keys_of(place)
    with (
        News(ChangeReader(handle.client, keys), handle) as news,
        make_camera_desk(place, handle, ServeTable(), news, Told()) as desk,
    ):
        desk.add("door", wish_for("rtsp://192.168.1.20/live", None, {}))
        store = make_camera_store(handle, keys)
        seen = SightingRows([Sighting("c-door", 0.0, 1.0)]).json()
        handle.client.hset(keys.people, "p1", Identity("p1", tracks=1).encode_overview(seen))
        came = IdentityChange(ChangeKind.CREATED, "p1", "c-door.1.0", published_at_s=time.time())
        handle.client.xadd(keys.changes, came.encode())

        def there(state: str) -> list[str]:
            store.write_statuses([CameraStatus("door", "w", state, time.time())])
            return [person["id"] for person in desk.get("door")["people_now"]]

        deadline_s = time.monotonic() + PATIENCE_S
        while there("streaming") != ["p1"]:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        assert there("backing_off") == []
        assert there("streaming") == ["p1"]


def test_jobs_are_told_of_when_they_change(place: Place, handle: RedisHandle) -> None:
    told = Told()
    photo = cv2.imencode(".jpg", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()
    with make_jobs(place, handle, ServeTable(jobs=0), told) as jobs:
        upload = jobs.uploads.begin("me.jpg")
        upload.write(photo)
        job = jobs.take_in(upload, JobOptions())
        upload.close()
        jobs.cancel(job.id)
    assert told.until(lambda data: True, "job")["state"] == "queued"
    assert told.until(lambda data: True, "job")["state"] == "cancelled"


def test_pictures_that_are_asked_for_again_at_once_are_not_taken_again() -> None:
    taken: list[int] = []
    snapshots = CameraSnapshots()

    def look() -> bytes:
        taken.append(1)
        return b"picture"

    assert [snapshots.take("door", look) for _ in range(3)] == [b"picture"] * 3
    assert len(taken) == 1
    snapshots.take("yard", look)
    assert len(taken) == 2


def test_no_more_pictures_are_taken_at_a_time_than_allowed() -> None:
    snapshots = CameraSnapshots(at_once=1)

    def look() -> bytes:
        with pytest.raises(RefusedError):
            snapshots.take("yard", lambda: b"other")
        return b"picture"

    assert snapshots.take("door", look) == b"picture"
    assert snapshots.take("yard", lambda: b"other") == b"other"


def test_a_picture_that_fails_is_an_error_for_all_and_leaves_room_for_others() -> None:
    snapshots = CameraSnapshots(at_once=1)

    def fail() -> bytes:
        raise OSError("gone")

    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            snapshots.take("door", fail)
    assert snapshots.take("yard", lambda: b"other") == b"other"


def test_of_those_who_wait_for_a_picture_that_is_being_taken_only_so_many_hold_a_thread() -> None:
    snapshots, taken = CameraSnapshots(waiting=2), threading.Event()

    def look() -> bytes:
        assert taken.wait(PATIENCE_S)
        return b"picture"

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(snapshots.take, "door", look) for _ in range(8)]
        # One takes it, two wait for it.
        refused = list(itertools.islice(as_completed(asked, PATIENCE_S), 5))
        assert [getattr(each.exception(), "kind", "") for each in refused] == ["busy"] * 5
        taken.set()
        assert [each.result(PATIENCE_S) for each in asked if each not in refused] == [b"picture"] * 3
    assert snapshots.take("door", look) == b"picture"
