from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from facestream.checkup.finding import Finding
from facestream.checkup.models import check_models


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(tmp_path))
    return tmp_path / "models"


def findings() -> dict[str, Finding]:
    return {finding.name: finding for finding in check_models()}


def test_models_are_built_once_and_damaged_ones_anew(cache: Path) -> None:
    assert "; built just now; " in findings()["models open"].detail
    assert "; built before, files intact; " in findings()["models open"].detail

    (folder,) = (path for path in cache.glob("open-*") if path.is_dir())
    (folder / "centerface.onnx").write_bytes(b"no model")
    assert "; files were damaged, built anew just now; " in findings()["models open"].detail

    shutil.rmtree(folder)
    assert "; built just now; " in findings()["models open"].detail


def test_licence_and_provider_are_told(cache: Path) -> None:
    found = findings()

    assert "CenterFace + dlib ResNet-29; licence MIT AND CC0-1.0, commercial use allowed" in (
        found["models open"].detail
    )
    assert found["provider"].detail.startswith(
        "models open run on CPUExecutionProvider (cpu, chosen by auto)"
    )


def test_a_device_that_does_not_work_is_a_failure_with_its_mend(cache: Path) -> None:
    found = {
        finding.name: finding
        for finding in check_models(device="coreml" if sys.platform != "darwin" else "cuda")
    }

    assert set(found) == {"device", "models open"}
    assert found["device"].status == "failed"
    assert "models can't run on" in found["device"].detail
    assert "--device auto" in found["device"].mend
    assert found["models open"].status == "ok"


def test_a_cache_that_can_t_be_written_is_a_failure_with_its_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(tmp_path / "file"))

    found = findings()

    assert set(found) == {"models open"}
    assert found["models open"].status == "failed"
    assert "FACESTREAM_CACHE_DIR" in found["models open"].detail
