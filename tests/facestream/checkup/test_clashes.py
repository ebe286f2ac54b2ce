from __future__ import annotations

import sys
from pathlib import Path

import pytest

from facestream.checkup.clashes import check_clashes, strangers
from facestream.checkup.finding import Finding


def findings() -> dict[str, Finding]:
    return {finding.name: finding for finding in check_clashes()}


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes before everything that is installed."""
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    return tmp_path


def install(folder: Path, name: str, *packages: str) -> None:
    """The metadata of a distribution with these top-level packages."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("\n".join(packages))


def test_nothing_clashes_here() -> None:
    (finding,) = check_clashes()
    assert (finding.name, finding.status) == ("clashes", "ok")
    assert strangers() == {}


def test_two_builds_of_onnx_runtime_clash(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(first, "onnxruntime-gpu")
    monkeypatch.setenv("PATH", str(first))

    finding = findings()["clash: ONNX Runtime"]

    assert finding.status == "warning"
    assert finding.detail.startswith("onnxruntime, onnxruntime-gpu overwrite each other's files")
    keep = "onnxruntime-gpu" if Path("/dev/nvidiactl").exists() else "onnxruntime"
    assert finding.mend.startswith(
        f"keep {keep}: pip uninstall -y onnxruntime onnxruntime-gpu && pip install "
    )


def test_with_an_nvidia_card_the_build_for_it_is_kept(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(first, "onnxruntime-gpu")
    program = first / "nvidia-smi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(first))

    mend = findings()["clash: ONNX Runtime"].mend
    assert mend.startswith("keep onnxruntime-gpu: pip uninstall -y")
    assert mend.endswith("pip install 'onnxruntime-gpu[cuda,cudnn]'")


@pytest.mark.parametrize("packages", [[], ["cv2"]])
def test_two_wheels_of_opencv_clash(first: Path, packages: list[str]) -> None:
    install(first, "opencv-python-headless", *packages)

    finding = findings()["clash: OpenCV"]

    assert finding.status == "warning"
    assert finding.mend.startswith(
        "keep opencv-python: pip uninstall -y opencv-python opencv-python-headless"
    )


def test_an_unknown_wheel_with_the_same_module_clashes_too(first: Path) -> None:
    install(first, "opencv-of-somebody", "cv2")

    assert "opencv-of-somebody" in findings()["clash: OpenCV"].detail


@pytest.mark.parametrize("package", ["stream", "workers", "storage"])
def test_another_distribution_with_a_package_of_our_name_is_told(first: Path, package: str) -> None:
    install(first, f"python-{package}", package)

    (finding,) = findings().values()

    assert (finding.name, finding.status) == (f"clash: {package}", "warning")
    assert f"python-{package} has a package {package}" in finding.detail
    assert finding.mend.startswith(f"pip uninstall -y python-{package} && pip install")


def test_a_package_that_would_be_imported_in_place_of_ours_is_a_failure(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first / "workers.py").write_text("")
    # As before its first import.
    monkeypatch.delitem(sys.modules, "workers", raising=False)

    (finding,) = findings().values()

    assert (finding.name, finding.status) == ("clash: workers", "failed")
    assert str(first / "workers.py") in finding.detail
    assert "PYTHONPATH" in finding.mend
    assert set(strangers()) == {"workers"}
