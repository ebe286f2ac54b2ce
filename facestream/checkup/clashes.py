"""What is known to clash with facestream: wheels that overwrite each other, packages of the same name."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from facestream.checkup.distributions import ONNX_RUNTIME, OPENCV, installed, providers
from facestream.checkup.finding import Finding
from facestream.checkup.imports import location

OURS = ("stream", "workers", "storage")
_HOME = Path(__file__).parents[2]


def check_clashes() -> Iterator[Finding]:
    """Look for them among installed distributions; nothing is imported."""
    names = set(installed())
    brought_by = providers({"cv2", "onnxruntime", *OURS})
    clear = True
    for finding in (
        _several(
            "ONNX Runtime",
            names.intersection(ONNX_RUNTIME) | brought_by.get("onnxruntime", set()),
            _runtime_to_keep(names),
        ),
        _several("OpenCV", names.intersection(OPENCV) | brought_by.get("cv2", set()), "opencv-python"),
        *(_stranger(package, brought_by.get(package, set()) - {"facestream"}) for package in OURS),
    ):
        if finding:
            clear = False
            yield finding
    if clear:
        yield Finding(
            "clashes", "ok", "no second OpenCV or ONNX Runtime, no foreign stream, workers or storage"
        )


def strangers() -> dict[str, str]:
    """Packages of ours in whose place another would be imported, and that it is so."""
    found = {package: location(package) for package in OURS}
    return {
        package: f"{path} would be imported in place of facestream's own {package}"
        if path
        else f"facestream's own package {package} is missing"
        for package, path in found.items()
        if path is None or path.resolve() != _HOME / package
    }


def _several(title: str, found: Collection[str], keep: str) -> Finding | None:
    if len(found) < 2:
        return None
    names = sorted(found)
    # Without the libraries of CUDA, that wheel runs on the CPU.
    wish = "'onnxruntime-gpu[cuda,cudnn]'" if keep == "onnxruntime-gpu" else keep
    return Finding(
        f"clash: {title}",
        "warning",
        f"{', '.join(names)} overwrite each other's files: which one runs is chance",
        f"keep {keep}: pip uninstall -y {' '.join(names)} && pip install {wish}",
    )


def _runtime_to_keep(names: Collection[str]) -> str:
    """The build for the graphics card that is there, else the plain one."""
    has_card = shutil.which("nvidia-smi") is not None or Path("/dev/nvidiactl").exists()
    return "onnxruntime-gpu" if has_card and "onnxruntime-gpu" in names else "onnxruntime"


def _stranger(package: str, others: Collection[str]) -> Finding | None:
    """Another distribution with a package of our name, or one that would be imported in its place."""
    trouble = strangers().get(package)
    if trouble is None and not others:
        return None
    names = " ".join(sorted(others))
    owner = f"{names} has a package {package}, as facestream has" if others else ""
    mend = (
        f"pip uninstall -y {names} && pip install --force-reinstall --no-deps facestream; where {names} is "
        "needed, give facestream a virtual environment of its own"
        if others
        else "Start from another folder, take that one off PYTHONPATH, or install facestream again."
    )
    return Finding(
        f"clash: {package}",
        "failed" if trouble else "warning",
        "; ".join(filter(None, [owner, trouble])),
        mend,
    )
