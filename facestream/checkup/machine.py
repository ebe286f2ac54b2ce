"""What the machine has: processors, memory, room on its disks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from facestream.checkup.control_group import limits
from facestream.checkup.finding import Finding, gigabytes
from facestream.configuration.settings import Place, model_cache
from stream.cores import available_cores

# A run of an hour of video needs 0.6 GB, its server 0.05 GB (docs/benchmarks.md).
_LEAST_MEMORY_BYTES = 1e9
_LEAST_DISK_BYTES = 2e9


def check_processors() -> Iterator[Finding]:
    """Count the processors that this process may use."""
    everywhere = os.cpu_count() or 1
    count = available_cores()
    detail = f"{count} of {everywhere}" if count < everywhere else f"{count}"
    share = limits().cores
    if share is not None and share < count:
        yield Finding(
            "processors",
            "warning",
            f"{detail}, of which the control group (container) allows the time of {share:g}",
            "Allow it as many as the container sees, or show it fewer: docker run --cpuset-cpus",
        )
    else:
        yield Finding("processors", "ok", detail)


def check_memory() -> Iterator[Finding]:
    """Measure memory: that of the machine, or of the control group where that is less."""
    import psutil

    machine = psutil.virtual_memory()
    group = limits()
    total, available, whose = machine.total, machine.available, ""
    if group.memory_bytes is not None and group.memory_bytes < total:
        total, whose = group.memory_bytes, ", the limit of the control group (container)"
    if group.memory_available_bytes is not None:
        available = min(available, group.memory_available_bytes)
    detail = f"{gigabytes(available)} available of {gigabytes(total)}{whose}"
    if available < _LEAST_MEMORY_BYTES:
        mend = f"End other programs or allow more: a run needs up to {gigabytes(_LEAST_MEMORY_BYTES)}."
        yield Finding("memory", "warning", detail, mend)
    else:
        yield Finding("memory", "ok", detail)


def check_data_folder(place: Place) -> Iterator[Finding]:
    """Look whether there is room in the data folder."""
    from storage.datafolder import default_data_dir

    folder = place.data_dir or default_data_dir()
    yield folder_finding("data folder", folder, "--data-dir or FACESTREAM_DATA_DIR")


def check_model_cache() -> Iterator[Finding]:
    """Look whether there is room for models."""
    yield folder_finding("model cache", model_cache(), "FACESTREAM_CACHE_DIR")


def folder_finding(name: str, folder: Path, setting: str, least_bytes: float = _LEAST_DISK_BYTES) -> Finding:
    """Whether a folder can be written to, and how much.

    Args:
        name: What it is.
        folder: The folder; it need not be there yet.
        setting: How to choose another one.
        least_bytes: Free space below which it is said to be little.
    """
    try:
        folder = folder.expanduser().absolute()
        there = next(path for path in (folder, *folder.parents) if path.exists())
        # Leaves no name behind, not even when it is interrupted.
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Finding(
            name,
            "failed",
            f"{folder} can't be written to ({reason})",
            f"Let this user write there, or choose another one: {setting}",
        )
    detail = f"{folder}{'' if there == folder else ' (not there yet)'}, {gigabytes(free)} free"
    if free < least_bytes:
        return Finding(name, "warning", detail, f"Free some space, or choose another one: {setting}")
    return Finding(name, "ok", detail)
