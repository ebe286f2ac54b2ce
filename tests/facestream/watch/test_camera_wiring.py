"""What cameras are opened with."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from facestream.configuration.settings import Place
from facestream.configuration.settings_schema import CameraTable, Settings, WatchTable
from facestream.watch.camera_wiring import OneCamera, Opener, registered_source
from facestream.wiring import keys_of, open_handle
from storage.lease import Lease
from stream.camera_url import CameraUrl
from workers.tracking.motion import MotionSettings


@pytest.mark.parametrize(
    ("watch", "motion"),
    [
        (WatchTable(), MotionSettings()),
        (WatchTable(longest_still_s=2.5), MotionSettings(look_s=2.5)),
        (WatchTable(motion_gate=False), None),
    ],
)
def test_still_pictures_are_passed_over_as_the_settings_say(
    tmp_path: Path, watch: WatchTable, motion: MotionSettings | None
) -> None:
    place = Place(tmp_path / "data")
    keys = keys_of(place)
    one = OneCamera(CameraUrl.parse("synthetic://?width=64&height=48"), keys.collection, 5.0, None)
    with open_handle(place) as handle:
        settings = Settings(camera=CameraTable(), watch=watch)
        opener = Opener(handle, keys, "m", settings, lambda: one.seal, lambda: None)
        (record,) = one.readable()
        opened = opener(record, Lease(handle.client, keys.camera_lease(record.name)))
        opened.source.close()
    assert opened.camera.motion == motion


def test_a_camera_that_begins_at_an_impossible_date_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(tmp_path / "data")
    keys = keys_of(place)
    urls = [CameraUrl.parse(f"synthetic://?width={width}&height=48") for width in (64, 72)]
    wrong, right = (OneCamera(url, keys.collection, 5.0, None).readable()[0] for url in urls)
    with open_handle(place) as handle:
        assert registered_source(handle, keys, right).recorded_at_s == pytest.approx(time.time(), abs=60)
        assert not caplog.records
        with monkeypatch.context() as patch:
            patch.setattr("facestream.watch.camera_wiring.time.time", lambda: 100.0)
            assert registered_source(handle, keys, wrong).recorded_at_s == 100.0
        (record,) = caplog.records
        assert "begins on 1970-01-01 by the clock of this machine" in record.message
        assert registered_source(handle, keys, wrong).recorded_at_s == 100.0
    assert len(caplog.records) == 1
