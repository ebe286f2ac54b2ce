from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from records import a_camera

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.catalogue import Catalogue
from storage.erasure import erase_keys
from storage.errors import CameraExistsError, NoSuchCameraError, RecordError
from storage.hold import hold_collection
from storage.identity_store import IdentityStore
from storage.keys import Keys


@pytest.fixture
def store(client: redis.Redis, keys: Keys) -> CameraStore:
    return CameraStore(client, keys)


def test_cameras_are_found_by_name(store: CameraStore) -> None:
    assert (store.readable(), store.names(), store.readable_statuses()) == ([], [], {})
    door, garden = a_camera("door"), a_camera("Garden.2", fps=2.5)
    store.add(door)
    store.add(garden)
    assert store.readable() == [garden, door]
    assert store.get("door") == door
    with pytest.raises(NoSuchCameraError, match="There is no camera 'zzz'") as caught:
        store.get("zzz")
    assert caught.value.name == "zzz"


def test_a_name_is_taken_once(store: CameraStore) -> None:
    store.add(a_camera())
    with pytest.raises(CameraExistsError, match="There is a camera 'door'") as caught:
        store.add(a_camera(fps=2))
    assert caught.value.name == "door"
    assert store.get("door").fps == 5


def test_of_many_either_all_are_added_or_none(store: CameraStore) -> None:
    store.add(a_camera("b"))
    with pytest.raises(CameraExistsError):
        store.add_all([a_camera("a"), a_camera("b", fps=1)])
    assert store.names() == ["b"]
    store.add_all([a_camera("a"), a_camera("b", fps=1)], replace=True)
    assert [(record.name, record.fps) for record in store.readable()] == [("a", 5), ("b", 1)]


def test_a_camera_whose_answer_was_lost_is_added_once(store: CameraStore) -> None:
    door = a_camera("door", revision="r1")
    store.add(door)
    # As it is done again where nobody knows whether it was.
    store.add(door)
    with pytest.raises(CameraExistsError):
        store.add(a_camera("door", revision="r2"))
    assert store.readable() == [door]


def test_two_who_add_the_same_name_at_once_get_one_camera(store: CameraStore) -> None:
    def add(number: int) -> bool:
        try:
            store.add(a_camera("door", fps=number + 1))
        except CameraExistsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(8))) == 1
    assert store.names() == ["door"]


def test_changes_that_meet_are_all_kept(store: CameraStore) -> None:
    store.add(a_camera(fps=1))

    def faster(record: CameraRecord) -> CameraRecord:
        return record.changed(fps=record.fps + 1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: store.change("door", faster), range(6)))
    assert store.get("door").fps == 7


def test_a_pause_is_a_change_that_workers_notice(store: CameraStore) -> None:
    store.add(a_camera())
    before = store.get("door")
    store.set_paused("door", True)
    paused = store.get("door")
    assert paused.paused
    assert paused.revision != before.revision
    store.set_paused("door", False)
    assert not store.get("door").paused


def test_of_a_camera_that_is_removed_nothing_is_left(
    store: CameraStore, client: redis.Redis, keys: Keys
) -> None:
    store.add(a_camera())
    store.write_statuses([CameraStatus("door", "host", "streaming", 1.8e9)])
    store.remove("door")
    assert [key for key in client.scan_iter("*") if keys.camera("door").encode() in key] == []
    for call in (store.remove, store.get, lambda name: store.set_paused(name, True)):
        with pytest.raises(NoSuchCameraError):
            call("door")
    assert store.names() == []


def test_a_status_is_believed_for_some_seconds(store: CameraStore, client: redis.Redis, keys: Keys) -> None:
    store.add_all([a_camera("a"), a_camera("b")])
    status = CameraStatus("a", "host", "backing_off", 1.8e9, last_error="nobody listens on that port")
    store.write_statuses([status])
    assert store.readable_statuses() == {"a": status}
    assert 10_000 < client.pttl(keys.camera_status("a")) <= 15_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fps", "fast"),
        ("fps", "26"),
        ("name", "gate"),
        ("zones", "[[["),
        ("transport", "sctp"),
        ("hwaccel", ""),
        ("paused", "perhaps"),
        ("shown_url", b"\xff"),
    ],
)
def test_a_damaged_record_is_told_by_its_key_and_costs_the_others_nothing(
    store: CameraStore,
    client: redis.Redis,
    keys: Keys,
    caplog: pytest.LogCaptureFixture,
    field: str,
    value: str | bytes,
) -> None:
    sound = a_camera("gate")
    store.add_all([a_camera("door"), sound])
    client.hset(keys.camera("door"), field, value)
    with pytest.raises(RecordError, match=field) as caught:
        store.get("door")
    found = store.all()
    assert isinstance(found["door"], RecordError)
    assert caught.value.key == found["door"].key == keys.camera("door")
    assert found["gate"] == sound
    assert store.readable() == store.readable() == [sound]
    # A worker looks every other second, and must not say so each time.
    assert [keys.camera("door") in text for text in caplog.messages] == [True]
    store.check_names(["door", "gate"])
    store.remove("door")
    assert store.names() == ["gate"]


def test_a_damaged_status_is_no_status(store: CameraStore, client: redis.Redis, keys: Keys) -> None:
    store.add_all([a_camera("a"), a_camera("b")])
    statuses = [CameraStatus(name, "host", "streaming", 1.8e9) for name in "ab"]
    store.write_statuses(statuses)
    client.hset(keys.camera_status("a"), "since_s", "yesterday")
    assert store.readable_statuses() == {"b": statuses[1]}


def test_a_collection_may_begin_with_its_cameras(client: redis.Redis, store: CameraStore, keys: Keys) -> None:
    store.add(a_camera())
    catalogue = Catalogue(client)
    info = catalogue.find(keys)
    assert info is not None
    assert (info.cameras, info.sources, info.leftover) == (1, 0, False)
    assert keys.collection in catalogue.names()
    IdentityStore(client, keys).claim_model("dlib@1", {"pack": "open"})
    assert IdentityStore(client, keys).meta()["pack"] == "open"
    with hold_collection(client, keys) as hold:
        erase_keys(client, hold)
    assert store.names() == []
    assert catalogue.find(keys) is None
