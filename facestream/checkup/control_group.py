"""Limits that a container or a service manager sets: Linux control groups, versions 1 and 2."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Limits:
    """The tightest limits of the group of this process and of those around it; None where there is none.

    Attributes:
        memory_bytes: Memory that all processes of the group may use together.
        memory_available_bytes: What is left of it, with what files in memory give back.
        cores: Processors, as a share of time: 1.5 is one and a half.
    """

    memory_bytes: int | None = None
    memory_available_bytes: int | None = None
    cores: float | None = None


def limits(root: Path = Path("/")) -> Limits:
    """Read the limits; none where the system has no control groups.

    Args:
        root: Where /proc and /sys are.
    """
    memory = [found for folder in _folders(root, "memory") if (found := _memory(folder))]
    cores = [share for folder in _folders(root, "cpu") if (share := _cores(folder))]
    return Limits(
        min((limit for limit, _ in memory), default=None),
        min((available for _, available in memory), default=None),
        min(cores, default=None),
    )


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Folders of the groups that this process is in, from the innermost to the outermost."""
    mount = root / "sys/fs/cgroup"
    lines: list[str] = []
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    for line in lines:
        _, _, named = line.partition(":")
        controllers, _, path = named.partition(":")
        # Version 2 names no controllers and has one tree for all of them.
        if controllers and controller not in controllers.split(","):
            continue
        base = mount / controller if controllers else mount
        # Within a container, the path may be that outside: what is mounted is the group itself then.
        inner = PurePosixPath(path.strip("/"))
        parts = (inner, *inner.parents) if ".." not in inner.parts else (PurePosixPath("."),)
        yield from (base / part for part in parts)


def _memory(folder: Path) -> tuple[int, int] | None:
    """Limit and what is left of it, bytes, or None where there is no limit."""
    limit = _number(folder, "memory.max", "memory.limit_in_bytes")
    if limit is None:
        return None
    used = _number(folder, "memory.current", "memory.usage_in_bytes") or 0
    return limit, min(limit, max(0, limit - used + _given_back(folder)))


def _given_back(folder: Path) -> int:
    """Bytes of files in memory that nobody has used for a while."""
    with contextlib.suppress(OSError, ValueError):
        words = dict(line.split(maxsplit=1) for line in (folder / "memory.stat").read_text().splitlines())
        return int(words.get("total_inactive_file", words.get("inactive_file", 0)))
    return 0


def _cores(folder: Path) -> float | None:
    with contextlib.suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period) if quota != "max" else None
    quota_us, period_us = _number(folder, "cpu.cfs_quota_us"), _number(folder, "cpu.cfs_period_us")
    return quota_us / period_us if quota_us and period_us and quota_us > 0 else None


def _number(folder: Path, *names: str) -> int | None:
    """The number in the first of these files that is there, or None: "max" is none."""
    for name in names:
        with contextlib.suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None
