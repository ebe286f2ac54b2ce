from __future__ import annotations

import pytest
import redis
from records import a_camera

from storage.camera_store import CameraStore
from storage.camera_view import CameraView, ViewedFace
from storage.camera_view_store import VIEW_TTL_S, VIEWERS_TTL_S, CameraViewStore
from storage.errors import RecordError
from storage.keys import Keys

VIEW = CameraView(
    "170",
    1.8e9,
    640,
    360,
    (ViewedFace((1.5, 2.0, 30.0, 40.0), "c-door.9.0", "c-door.4.0"), ViewedFace((0, 0, 9, 9), "c-door.9.1")),
    b"\xff\xd8picture",
)


@pytest.fixture
def views(client: redis.Redis, keys: Keys) -> CameraViewStore:
    return CameraViewStore(client, keys)


def test_a_picture_is_read_as_it_was_written(views: CameraViewStore) -> None:
    views.write("door", VIEW)
    assert views.read("door") == VIEW


def test_without_the_picture_the_rest_is_read(views: CameraViewStore) -> None:
    views.write("door", VIEW)
    read = views.read("door", picture=False)
    assert read is not None
    assert read.jpeg == b""
    assert read.faces == VIEW.faces


def test_a_camera_that_nobody_looked_at_has_no_picture(views: CameraViewStore) -> None:
    assert views.read("door") is None


def test_pictures_and_viewers_go_by_themselves(
    views: CameraViewStore, client: redis.Redis, keys: Keys
) -> None:
    views.write("door", VIEW)
    views.ask("door")
    assert 0 < client.pttl(keys.camera_view("door")) <= VIEW_TTL_S * 1000
    assert 0 < client.pttl(keys.camera_viewers("door")) <= VIEWERS_TTL_S * 1000


def test_only_cameras_that_somebody_looks_at_are_viewed(views: CameraViewStore) -> None:
    assert views.viewed([]) == set()
    views.ask("door")
    assert views.viewed(["yard", "door"]) == {"door"}


def test_the_person_is_that_of_the_track_or_else_of_the_one_before(
    views: CameraViewStore, client: redis.Redis, keys: Keys
) -> None:
    assert views.persons_of(VIEW) == ["", ""]
    client.hset(keys.assignments, mapping={"c-door.4.0": "p3"})
    assert views.persons_of(VIEW) == ["p3", ""]
    client.hset(keys.assignments, mapping={"c-door.9.0": "p7", "c-door.9.1": "p8"})
    assert views.persons_of(VIEW) == ["p7", "p8"]


@pytest.mark.parametrize("damage", [b"no json", b"[1]", b'[{"track_id":"x"}]', b'[{"box_xyxy":[1,2]}]'])
def test_a_damaged_picture_says_what_is_damaged(
    views: CameraViewStore, client: redis.Redis, keys: Keys, damage: bytes
) -> None:
    views.write("door", VIEW)
    client.hset(keys.camera_view("door"), "faces", damage)
    with pytest.raises(RecordError) as caught:
        views.read("door")
    assert caught.value.field == "faces"


def test_with_its_camera_a_picture_goes_at_once(
    views: CameraViewStore, client: redis.Redis, keys: Keys
) -> None:
    cameras = CameraStore(client, keys)
    cameras.add(a_camera("door"))
    views.write("door", VIEW)
    cameras.remove("door")
    assert views.read("door") is None
