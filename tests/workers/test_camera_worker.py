"""Cameras of a worker whose server fails at the worst of moments."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from cluster_bench import until
from cut_off_claims import cut_off_at
from films import pair
from live_site import SETTINGS, Camera
from own_server import OwnServer

from storage.camera_leases import CameraLeases
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.errors import RedisUnreachableError, SealError
from storage.keys import Keys
from storage.lease import Lease
from storage.sample_queue import SampleQueue
from stream.live_state import CameraState, LiveStatus
from workers import camera_worker, held_camera
from workers.camera_claims import CameraClaims
from workers.camera_events import OpenCamera
from workers.camera_worker import CameraWorker
from workers.live_camera import LiveCamera
from workers.live_worker import LiveWorker
from workers.models.pack import Pack
from workers.rate_governor import RateGovernor

NAMES = ["door", "hall", "yard"]


@pytest.fixture
def handle(
    server: OwnServer, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisHandle]:
    """A client of little patience."""
    monkeypatch.setattr("storage.connection.SOCKET_TIMEOUT_S", 0.4)
    monkeypatch.setattr("storage.connection._RETRIES", 1)
    with open_redis(server.url, DataFolder(tmp_path_factory.mktemp("fs"))) as opened:
        yield opened


class Steady(Camera):
    """A camera that shows two people, and how often it was closed."""

    closed = 0

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.show(*[pair()] * 4)

    @property
    def status(self) -> LiveStatus:
        return LiveStatus(CameraState.STREAMING, 0.0, "", 4, 4, 0, 0, 1, 5.0, 640, 480, "h264", None)

    @status.setter
    def status(self, _: object) -> None:
        pass

    def close(self) -> None:
        self.closed += 1


class CountedQueue(SampleQueue):
    """A queue that knows how often it was asked to send something."""

    asked = 0

    def try_send(self, entries: Sequence[Any], **options: Any) -> bool:
        self.asked += bool(entries)
        return super().try_send(entries, **options)


class Cameras:
    """The cameras that there are, who opens them, and who is told of them."""

    def __init__(self, handle: RedisHandle, pack: Pack) -> None:
        keys = Keys("test")
        self.queue = CountedQueue(handle.client, keys)
        self.opened: dict[str, Steady] = {}
        self.notes: list[str] = []
        leases = CameraLeases(handle.client, keys, "worker", lease_s=30.0, registered=True)
        self.claims = CameraClaims(leases, handle.errors)
        # Frames.
        self.looked = 0
        live = LiveWorker(pack, SETTINGS, on_frame=self._look)
        self.worker: CameraWorker[LiveCamera] = CameraWorker(
            self, self.claims, live, RateGovernor(), self._open, self, handle.errors, lambda error, stop: None
        )

    def _look(self, frame: object, faces: int) -> None:
        self.looked += 1

    def _open(self, record: CameraRecord, lease: Lease) -> OpenCamera[LiveCamera]:
        camera = self.opened[record.name] = Steady(record.name)
        return OpenCamera(camera, LiveCamera(camera, self.queue), lambda width, height: None)

    def readable(self) -> list[CameraRecord]:
        return [CameraRecord(name, "", "rtsp://camera") for name in NAMES]

    def write_statuses(self, statuses: Sequence[CameraStatus]) -> None:
        pass

    def forget_statuses(self, names: Sequence[str]) -> None:
        pass

    def readable_statuses(self) -> Mapping[str, CameraStatus]:
        return {}

    def claimed(self, names: Sequence[str]) -> None:
        pass

    def camera_changed(self, status: CameraStatus) -> None:
        pass

    def cameras_now(self, statuses: Sequence[CameraStatus], load_factor: float) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def cameras(handle: RedisHandle, open_pack: Pack) -> Cameras:
    return Cameras(handle, open_pack)


@contextlib.contextmanager
def running(cameras: Cameras) -> Iterator[list[Exception]]:
    """The worker runs for as long as this lasts; afterwards, what it raised."""
    stop, raised = threading.Event(), list[Exception]()

    def work() -> None:
        try:
            cameras.worker.run(stop)
        except Exception as error:  # the test looks at it
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield raised
    finally:
        stop.set()
        thread.join()


def test_a_camera_that_was_claimed_right_before_the_server_went_away_is_opened(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_worker, "_LOOK_EVERY_S", 0.05)
    asked = cut_off_at(monkeypatch, 2)

    with running(cameras) as raised:
        until(lambda: cameras.opened.keys() == set(NAMES))

    assert raised == []
    assert asked == ["door", "hall", "hall", "yard"]
    assert ["Cameras are looked at again when it is back." in note for note in cameras.notes] == [True]
    assert cameras.claims.held == {}
    assert [camera.closed for camera in cameras.opened.values()] == [1, 1, 1]


def test_cameras_that_are_closed_while_the_server_hangs_wait_for_it_once(
    cameras: Cameras, server: OwnServer
) -> None:
    with contextlib.ExitStack() as frozen:
        with running(cameras) as raised:
            until(lambda: cameras.looked == 4 * len(NAMES))
            frozen.enter_context(server.frozen())
            asked = cameras.queue.asked
        assert cameras.queue.asked == asked + 1

    assert [type(error) for error in raised] == [RedisUnreachableError]
    assert [camera.closed for camera in cameras.opened.values()] == [1, 1, 1]


def test_a_camera_that_can_not_be_opened_is_down_since_the_first_time(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_LOOK_EVERY_S", "_WRITE_EVERY_S"):
        monkeypatch.setattr(camera_worker, name, 0.02)
    monkeypatch.setattr(held_camera, "_REOPEN_AFTER_S", 0.02)
    tried: list[str] = []
    written: list[CameraStatus] = []

    def no_key(record: CameraRecord, lease: Lease) -> OpenCamera[LiveCamera]:
        tried.append(record.name)
        raise SealError("there is no key")

    monkeypatch.setattr(cameras.worker, "_open", no_key)
    monkeypatch.setattr(cameras, "write_statuses", written.extend)
    with running(cameras) as raised:
        until(lambda: tried.count("door") > 3 and len(written) > 3 * len(NAMES))
        monkeypatch.setattr(cameras.worker, "_open", cameras._open)
        until(lambda: cameras.opened.keys() == set(NAMES))
        until(lambda: any(status.state == "streaming" for status in written))

    assert raised == []
    failed = [status for status in written if status.name == "door" and status.state == "failed"]
    assert {status.last_error for status in failed} == {"there is no key"}
    assert len({status.since_s for status in failed}) == 1


def test_a_second_interrupt_closes_cameras_and_asks_nothing_of_the_server(
    cameras: Cameras, handle: RedisHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(camera_worker, "_LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(cameras.worker._live, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cameras.worker.run(threading.Event())

    until(lambda: [camera.closed for camera in cameras.opened.values()] == [1, 1, 1])
    assert cameras.queue.asked == 0
    # Its leases end by themselves.
    assert all(handle.client.exists(Keys("test").camera_lease(name)) for name in NAMES)
