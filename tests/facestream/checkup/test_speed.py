from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest
import scenes

from facestream.checkup import speed as speed_test
from facestream.checkup.speed import Speed, measure_speed


def test_a_fast_machine_is_told_how_many_videos_it_can_follow() -> None:
    finding = Speed(125, 10.0, 1280, 720, "open").finding()

    assert finding.status == "ok"
    assert finding.detail == "12.5 frames/s at 1280x720 with open: 2.5 videos in real time at 5 frames/s"
    assert finding.mend == ""


def test_a_slow_machine_is_told_how_long_it_takes_and_what_helps() -> None:
    finding = Speed(25, 10.0, 640, 360, "open").finding()

    assert finding.status == "warning"
    assert finding.detail == (
        "2.5 frames/s at 640x360 with open: slower than real time at 5 frames/s, an hour of video "
        "takes 2.0 hours"
    )
    assert finding.mend == "facestream run --fps 2 looks at fewer frames."


@pytest.mark.parametrize(("frames", "seconds"), [(1, 10.0), (1, 0.0)])
def test_extremes_are_no_fault(frames: int, seconds: float) -> None:
    speed = Speed(frames, seconds, 640, 360, "open")

    assert "frames/s" in speed.finding().detail
    assert speed.frames_per_s > 0


def test_figures_for_machines() -> None:
    assert Speed(30, 10.0, 640, 360, "open").as_json() == {
        "frames_per_s": 3.0,
        "frames": 30,
        "seconds": 10.0,
        "width_px": 640,
        "height_px": 360,
        "models": "open",
        "videos_in_real_time": 0.6,
    }


@pytest.mark.e2e
def test_where_there_is_no_demo_its_video_is_made_elsewhere_and_nothing_is_left(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", environment["FACESTREAM_CACHE_DIR"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # Shorter than what people see and wait for.
    monkeypatch.setattr("facestream.demo_video.SHOTS", scenes.DUO[:1])
    monkeypatch.setattr(speed_test, "LENGTH_S", 0.05)

    speed = measure_speed(tmp_path / "demo", threading.Event())

    assert speed is not None
    assert speed.frames > 0
    assert (speed.width_px, speed.height_px, speed.models.split()[0]) == (640, 360, "open")
    assert list(tmp_path.iterdir()) == []
