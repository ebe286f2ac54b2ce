"""What `doctor` says of the cameras."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from facestream.checkup.cameras import check_cameras
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys

KEYS = Keys("default")


@pytest.fixture
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("own"))) as opened:
        yield opened


@pytest.fixture
def cameras(handle: RedisHandle) -> CameraStore:
    return CameraStore(handle.client, KEYS)


def test_says_nothing_where_there_are_none(cameras: CameraStore) -> None:
    assert list(check_cameras(cameras)) == []


def test_cameras_that_are_down_are_a_warning_with_their_reason(cameras: CameraStore) -> None:
    cameras.add_all(
        [CameraRecord(name, "sealed", "rtsp://x/1") for name in ("door", "hall", "roof", "shed", "yard")]
    )
    cameras.set_paused("roof", True)
    cameras.write_statuses(
        [
            CameraStatus("door", "w", "streaming", time.time()),
            CameraStatus("hall", "w", "backing_off", time.time() - 190, "it sent nothing for 10 s"),
            CameraStatus("yard", "w", "stalled", time.time() - 4),
        ]
    )
    (finding,) = check_cameras(cameras)
    assert (finding.name, finding.status) == ("cameras", "warning")
    assert finding.detail == (
        "1 of 5 streaming, 2 down, 1 watched by nobody now, 1 paused: "
        "hall for 3 min (it sent nothing for 10 s); yard for 4 s (it sends nothing)"
    )
    assert finding.mend


def test_cameras_that_nobody_watches_now_are_a_warning(cameras: CameraStore) -> None:
    cameras.add_all([CameraRecord(name, "sealed", "rtsp://x/1") for name in ("door", "hall")])
    cameras.write_statuses([CameraStatus("hall", "w", "streaming", time.time())])
    (finding,) = check_cameras(cameras)
    assert (finding.status, finding.detail) == ("warning", "1 of 2 streaming, 1 watched by nobody now")
    assert "facestream watch" in finding.mend
    assert "power" not in finding.mend


def test_cameras_that_are_watched_or_paused_are_well(cameras: CameraStore) -> None:
    cameras.add_all([CameraRecord(name, "sealed", "rtsp://x/1") for name in ("door", "hall")])
    cameras.set_paused("hall", True)
    cameras.write_statuses([CameraStatus("door", "w", "streaming", time.time())])
    (finding,) = check_cameras(cameras)
    assert (finding.status, finding.detail) == ("ok", "1 of 2 streaming, 1 paused")


def test_cameras_whose_records_are_damaged_are_a_warning_with_their_names(
    cameras: CameraStore, handle: RedisHandle
) -> None:
    for number in range(8):
        handle.client.sadd(KEYS.cameras, f"c{number}")
        handle.client.hset(KEYS.camera(f"c{number}"), "name", "another")
    (finding,) = check_cameras(cameras)
    assert (finding.name, finding.status) == ("cameras", "warning")
    assert finding.detail == "damaged records, so that nobody watches there: c0, c1, c2, c3, c4, and 3 more"
