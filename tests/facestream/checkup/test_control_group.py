from __future__ import annotations

from pathlib import Path

import pytest

from facestream.checkup.control_group import Limits, limits

# What the kernel writes for "no limit" in version 1.
UNLIMITED_1 = "9223372036854771712"


def tree(root: Path, membership: str, files: dict[str, str]) -> Path:
    """A system's /proc/self/cgroup and files below /sys/fs/cgroup."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(membership)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_version_2_tells_memory_and_processors(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "0::/app\n",
        {
            "app/memory.max": "2000000000\n",
            "app/memory.current": "1500000000\n",
            "app/memory.stat": "anon 900000000\ninactive_file 400000000\n",
            "app/cpu.max": "150000 100000\n",
        },
    )
    assert limits(root) == Limits(2_000_000_000, 900_000_000, 1.5)


def test_version_1_tells_memory_and_processors(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "9:memory:/docker/abc\n8:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n",
        {
            "memory/docker/abc/memory.limit_in_bytes": "1000000000\n",
            "memory/docker/abc/memory.usage_in_bytes": "300000000\n",
            "memory/docker/abc/memory.stat": "inactive_file 1\ntotal_inactive_file 50000000\n",
            "memory/memory.limit_in_bytes": UNLIMITED_1,
            "memory/memory.usage_in_bytes": "0",
            "cpu/docker/abc/cpu.cfs_quota_us": "50000\n",
            "cpu/docker/abc/cpu.cfs_period_us": "100000\n",
        },
    )
    assert limits(root) == Limits(1_000_000_000, 750_000_000, 0.5)


def test_the_tightest_limit_of_all_groups_around_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "0::/outer/inner\n",
        {
            "outer/inner/memory.max": "max\n",
            "outer/inner/cpu.max": "400000 100000\n",
            "outer/memory.max": "500\n",
            "outer/memory.current": "100\n",
            "outer/cpu.max": "200000 100000\n",
            "memory.max": "700\n",
            "memory.current": "600\n",
        },
    )
    # The limit is the outer group's, and the least is left in the root.
    assert limits(root) == Limits(500, 100, 2.0)


@pytest.mark.parametrize("path", ["/not/mounted/here", "/../..", "/"])
def test_within_a_container_the_group_itself_is_what_is_mounted(tmp_path: Path, path: str) -> None:
    root = tree(tmp_path, f"0::{path}\n", {"memory.max": "500", "memory.current": "200"})
    assert limits(root) == Limits(500, 300, None)


def test_no_limit_is_no_limit(tmp_path: Path) -> None:
    root = tree(
        tmp_path, "0::/app\n2:cpu:/\n", {"app/memory.max": "max", "app/cpu.max": "max 100000", "cpu/x": ""}
    )
    (root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us").write_text("-1")
    (root / "sys/fs/cgroup/cpu/cpu.cfs_period_us").write_text("100000")
    assert limits(root) == Limits()


def test_more_than_the_limit_may_be_in_use(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", {"memory.max": "500", "memory.current": "900"})
    assert limits(root).memory_available_bytes == 0


def test_a_system_without_control_groups_has_no_limits(tmp_path: Path) -> None:
    assert limits(tmp_path) == Limits()


def test_what_can_t_be_read_is_passed_over(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "nonsense\n0::/app\n",
        {"app/memory.max": "500", "app/memory.current": "?", "app/memory.stat": "odd", "app/cpu.max": "1"},
    )
    assert limits(root) == Limits(500, 500, None)


def test_this_machine_can_be_asked() -> None:
    found = limits()
    assert found.memory_bytes is None or found.memory_bytes > 0
    assert found.cores is None or found.cores > 0
