"""Cameras and live pictures over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest
from served_place import PATIENCE_S, Served, served, until

from facestream.cameras.live_views import LONGEST_SIDE_PX
from facestream.configuration.given_settings import settings
from facestream.configuration.settings import Place
from facestream.processes.alarm import alarm
from facestream.watch.watch_lines import PlainLines
from facestream.watch.watch_report import WatchOptions
from facestream.watch.watching import Watch
from facestream.wiring import keys_of, make_store, make_view_store, open_handle
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.camera_view import CameraView, ViewedFace
from storage.connection import RedisHandle
from storage.source_record import SourceRecord

DOOR = {"name": "door", "url": "rtsp://admin:S3cret@192.168.1.20:554/stream1"}


def shape_of(jpeg: bytes) -> tuple[int, ...]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.shape


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fs") / "data"


@pytest.fixture(scope="module")
def handle(data_dir: Path) -> Iterator[RedisHandle]:
    with open_handle(Place(data_dir)) as opened:
        yield opened


@pytest.fixture
def place(data_dir: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Place:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Place(data_dir, None, f"web-{uuid4().hex}")


@pytest.fixture
def serving(place: Place) -> Iterator[Served]:
    with served(place) as serving:
        yield serving


def test_a_camera_says_when_nothing_was_seen_by_it(
    serving: Served, place: Place, handle: RedisHandle
) -> None:
    client, keys = serving.client, keys_of(place)
    assert client.get("/cameras/door/gaps").status_code == 404
    client.post("/cameras", json=DOOR)
    assert client.get("/cameras/door/gaps").json()["items"] == []
    source = SourceRecord("c-door", "camera", "rtsp://192.168.1.20", 64, 48, recorded_at_s=1.8e9)
    make_store(handle, keys).register_source(source)
    handle.client.hset(keys.source("c-door"), "ranges", "[[0, 60], [360, 400], [500, 600]]")
    page = client.get("/cameras/door/gaps", params={"offset": 1}).json()
    assert page["items"] == [
        {"start_at": "2027-01-15T08:01:00Z", "end_at": "2027-01-15T08:06:00Z", "seconds": 300.0}
    ]
    assert page["total"] == 2


def test_a_camera_is_added_changed_paused_and_removed(serving: Served) -> None:
    client = serving.client
    assert client.get("/cameras").json() == {"items": [], "total": 0, "offset": 0, "limit": 50}
    added = client.post("/cameras", json=DOOR | {"fps": 2, "transport": "tcp"})
    assert added.status_code == 201
    camera = added.json()
    assert (camera["state"], camera["fps"], camera["people_now"]) == ("waiting", 2, [])
    assert client.post("/cameras", json=DOOR).status_code == 409
    changed = client.patch("/cameras/door", json={"fps": 4, "min_face_px": 40}).json()
    assert (changed["fps"], changed["min_face_px"], changed["url"]) == (4, 40, camera["url"])
    assert client.patch("/cameras/door", json={"min_face_px": None}).json()["min_face_px"] is None
    # As usual again, which is not what was said when it was added.
    assert client.patch("/cameras/door", json={"fps": None}).json()["fps"] == settings().camera.fps != 2
    assert client.post("/cameras/door/pause").json()["state"] == "paused"
    assert client.post("/cameras/door/resume").json()["state"] == "waiting"
    assert client.delete("/cameras/door").status_code == 204
    for ask in (client.get, client.delete):
        assert ask("/cameras/door").status_code == 404
    assert client.get("/cameras/door/view").status_code == 404


def test_a_password_never_comes_back(serving: Served) -> None:
    answers = [
        serving.client.post("/cameras", json=DOOR | {"sub_url": "rtsp://admin:S3cret@192.168.1.20/2"}),
        serving.client.get("/cameras"),
        serving.client.patch("/cameras/door", json={"url": "rtsp://x:S3cret@127.0.0.1/"}),
        serving.client.patch("/cameras/door", json={"url": "nonsense://x:S3cret@192.168.1.2/"}),
        serving.client.patch("/cameras/door", json={"sub_url": ""}),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 422, 422, 200]
    assert not any("S3cret" in answer.text for answer in answers)
    assert answers[0].json()["sub_url"]
    assert answers[-1].json()["sub_url"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379/",
        "http://169.254.169.254/",
        "synthetic://box",
        "rtsp://u:{env:HOME}@192.168.1.2/",
    ],
)
def test_cameras_out_of_reach_are_refused(untouched: Served, url: str) -> None:
    assert untouched.client.post("/cameras", json={"name": "door", "url": url}).status_code == 422
    assert untouched.client.get("/cameras").json()["total"] == 0


@pytest.mark.parametrize("name", ["..%2F..", "a%20b", "a:b", ".hidden", "x" * 65])
def test_names_of_cameras_are_checked(untouched: Served, name: str) -> None:
    for path in (f"/cameras/{name}", f"/cameras/{name}/view", f"/cameras/{name}/snapshot"):
        assert untouched.client.get(path).status_code in (404, 422)


def test_a_camera_says_how_it_is_doing(serving: Served, place: Place, handle: RedisHandle) -> None:
    keys = keys_of(place)
    serving.client.post("/cameras", json=DOOR)
    status = CameraStatus("door", "w", "backing_off", time.time(), "the camera hung up", width_px=640)
    CameraStore(handle.client, keys).write_statuses([status])
    camera = serving.client.get("/cameras/door").json()
    assert (camera["state"], camera["width_px"]) == ("backing_off", 640)
    assert camera["last_error"] == "the camera hung up"
    assert camera["since_at"].endswith("Z")


def test_a_live_picture_comes_with_its_faces_and_their_people(
    serving: Served, place: Place, handle: RedisHandle
) -> None:
    keys, client = keys_of(place), serving.client
    client.post("/cameras", json=DOOR)
    none_yet = client.get("/cameras/door/view")
    assert (none_yet.status_code, none_yet.content) == (204, b"")
    assert none_yet.headers["cache-control"] == "private, no-store"
    assert client.get("/cameras/door/view.jpg").status_code == 404
    views = make_view_store(handle, keys)
    assert views.viewed(["door"]) == {"door"}
    face = ViewedFace((1, 2, 3, 4), "c-door.9.0")
    views.write("door", CameraView("170", 1.8e9, 640, 360, (face,), b"\xff\xd8picture"))
    view = client.get("/cameras/door/view").json()
    assert view == {
        "at": "2027-01-15T08:00:00Z",
        "width_px": 640,
        "height_px": 360,
        "frame_id": "170",
        "faces": [{"box_xyxy": [1, 2, 3, 4], "track_id": "c-door.9.0", "person_id": None, "name": ""}],
    }
    picture = client.get("/cameras/door/view.jpg", params={"frame_id": "170"})
    assert (picture.content, picture.headers["content-type"]) == (b"\xff\xd8picture", "image/jpeg")
    again = client.get("/cameras/door/view.jpg", headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_worker_shows_a_camera_only_while_somebody_looks(place: Place, handle: RedisHandle) -> None:
    views = make_view_store(handle, keys_of(place))
    with served(place, local_cameras=True) as serving:
        url = "synthetic://box?width=1280&height=720"
        assert serving.client.post("/cameras", json={"name": "yard", "url": url}).status_code == 201
        snapshot = serving.client.get("/cameras/yard/snapshot")
        assert shape_of(snapshot.content) == (720, 1280, 3)
        stop = threading.Event()
        watch = Watch(
            place, WatchOptions(clusters=False, waits=True), PlainLines(lambda _line: None, quiet=True)
        )
        with alarm(PATIENCE_S, stop):
            thread = threading.Thread(target=watch.execute, args=(stop,))
            thread.start()
            until(lambda: serving.client.get("/cameras/yard").json()["fps_done"])
            assert views.read("yard") is None
            until(lambda: serving.client.get("/cameras/yard/view").status_code == 200)
            view = serving.client.get("/cameras/yard/view").json()
            shape = shape_of(serving.client.get("/cameras/yard/view.jpg").content)
            assert shape == (view["height_px"], view["width_px"], 3) == (540, LONGEST_SIDE_PX, 3)
            stop.set()
            thread.join()
