"""What facestream runs on, and the packages that it needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from facestream import __version__
from facestream.checkup.distributions import Requirement, installed, requirements
from facestream.checkup.finding import Finding
from facestream.checkup.imports import location

# Shown one by one, and imported before anything of facestream's is that needs them: distributions by module.
# Others are looked up only; two of them must never be imported (see workers/models/build.py).
MODULES = {
    "numpy": "numpy",
    "cv2": "opencv-python",
    "onnxruntime": "onnxruntime",
    "onnx": "onnx",
    "av": "av",
    "redis": "redis",
    "scipy": "scipy",
    "PIL": "pillow",
    "pydantic": "pydantic",
    "lz4.frame": "lz4",
    "psutil": "psutil",
}
_TITLES = {
    "numpy": "NumPy",
    "cv2": "OpenCV",
    "onnxruntime": "ONNX Runtime",
    "onnx": "ONNX",
    "av": "PyAV",
    "redis": "redis-py",
}
# Packages of Debian and Ubuntu with the system libraries that wheels need and slim images lack.
_SYSTEM_PACKAGES = {
    "libGL": "libgl1 libglib2.0-0",
    "libgthread": "libgl1 libglib2.0-0",
    "libglib": "libgl1 libglib2.0-0",
    "libSM": "libsm6 libxext6 libxrender1",
    "libXext": "libsm6 libxext6 libxrender1",
    "libXrender": "libsm6 libxext6 libxrender1",
    "libxcb": "libxcb1",
    "libgomp": "libgomp1",
    "libstdc++": "libstdc++6",
}


def check_program() -> Iterator[Finding]:
    """Say what runs here."""
    yield Finding("facestream", "ok", f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding(
        "Python", "ok", f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"
    )
    yield Finding("system", "ok", f"{_system()}, {platform.machine()}")


def check_packages(broken: Mapping[str, str]) -> Iterator[Finding]:
    """Compare what is installed with what facestream asks for.

    Args:
        broken: Modules that can't be imported, with the reason.
    """
    versions = installed()
    try:
        wanted = {r.name: r for r in requirements(importlib.metadata.requires("facestream") or [])}
    except importlib.metadata.PackageNotFoundError:
        wanted = {}
        yield Finding(
            "installation",
            "warning",
            "facestream is not installed here, so that nobody knows which versions it asks for",
            "pip install facestream, or pip install -e . in a clone",
        )
    rest = []
    for module, name in MODULES.items():
        requirement = wanted.get(name, Requirement(name))
        found = _found(requirement, versions)
        finding = _judged(_TITLES.get(module, name), requirement, found, broken.get(module, ""), module)
        if finding.status == "ok" and module not in _TITLES:
            rest.append(f"{name} {finding.detail}")
        else:
            yield finding
    for name, requirement in wanted.items():
        if name in MODULES.values():
            continue
        version = _found(requirement, versions)
        if version is None:
            yield Finding(name, "failed", "not installed", f"pip install {requirement.text}")
        elif not requirement.accepts(version):
            yield _outdated(name, requirement, version)
        else:
            rest.append(f"{name} {version}")
    yield Finding("other packages", "ok", ", ".join(sorted(rest, key=str.lower)))


def _found(requirement: Requirement, versions: Mapping[str, str]) -> str | None:
    """The version that satisfies a requirement, with its name where that is another one."""
    for name in requirement.family:
        if name in versions:
            return versions[name] if name == requirement.name else f"{versions[name]} ({name})"
    return None


def _judged(title: str, requirement: Requirement, found: str | None, reason: str, module: str) -> Finding:
    if reason:
        where = location(module.partition(".")[0])
        return Finding(
            title,
            "failed",
            f"{found or 'not installed'}; import {module} fails{f' in {where}' if where else ''}: {reason}",
            _mend_of_import(reason, requirement, found),
        )
    # Behind the version may stand a name.
    if found is not None and not requirement.accepts(found.split()[0]):
        return _outdated(title, requirement, found)
    # Other packagers than pip leave no metadata; it can be imported, which is what counts.
    return Finding(title, "ok", found or "version unknown")


def _outdated(title: str, requirement: Requirement, found: str) -> Finding:
    return Finding(
        title,
        "warning",
        f"{found}; facestream asks for {requirement.wish}",
        f"pip install --upgrade {requirement.text}",
    )


def _mend_of_import(reason: str, requirement: Requirement, found: str | None) -> str:
    library = re.search(r"(lib[\w+-]+)[\w.-]*\.so", reason)
    if library:
        package = next((p for name, p in _SYSTEM_PACKAGES.items() if library[1].startswith(name)), "")
        if package:
            return f"On Debian and Ubuntu: apt install {package}"
    if found is None:
        return f"pip install {requirement.text}"
    return f"pip install --upgrade --force-reinstall {requirement.text}"


def _system() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, {os.uname().sysname} {os.uname().release}"
