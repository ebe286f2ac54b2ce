"""What `doctor` says of the cameras."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from facestream.checkup.cameras import check_cameras
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_store import CameraStore
from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.keys import Keys


@pytest.fixture
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CameraStore]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("own"))) as handle:
        yield CameraStore(handle.client, Keys("default"))


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


def test_cameras_that_nobody_watches_now_are_no_fault(cameras: CameraStore) -> None:
    cameras.add(CameraRecord("door", "sealed", "rtsp://x/1"))
    (finding,) = check_cameras(cameras)
    assert (finding.status, finding.detail) == ("ok", "0 of 1 streaming, 1 watched by nobody now")
