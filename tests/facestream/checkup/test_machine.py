from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from facestream.checkup.machine import check_memory, check_processors, folder_finding


def test_a_folder_with_room_is_fine_and_left_as_it_is(tmp_path: Path) -> None:
    finding = folder_finding("data folder", tmp_path, "--data-dir", least_bytes=1)

    assert finding.status == "ok"
    assert str(tmp_path) in finding.detail
    assert "GB free" in finding.detail
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_still_to_be_made_is_not_made(tmp_path: Path) -> None:
    finding = folder_finding("data folder", tmp_path / "a" / "b", "--data-dir", least_bytes=1)

    assert finding.status == "ok"
    assert "b (not there yet)" in finding.detail
    assert list(tmp_path.iterdir()) == []


def test_little_room_is_a_warning(tmp_path: Path) -> None:
    finding = folder_finding("data folder", tmp_path, "--data-dir", least_bytes=1e30)

    assert finding.status == "warning"
    assert "--data-dir" in finding.mend


def test_a_folder_below_a_file_can_t_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    finding = folder_finding("data folder", tmp_path / "file" / "data", "--data-dir")

    assert finding.status == "failed"
    assert "Not a directory" in finding.detail
    assert "--data-dir" in finding.mend


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this system")
def test_a_folder_that_nobody_may_write_to_is_named() -> None:
    finding = folder_finding("model cache", Path("/proc/self/models"), "FACESTREAM_CACHE_DIR")

    assert finding.status == "failed"
    assert "/proc/self/models can't be written to (" in finding.detail


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_only_processors_that_may_be_used_are_counted() -> None:
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        (finding,) = check_processors()
    finally:
        os.sched_setaffinity(0, everywhere)

    count = os.cpu_count()
    assert finding.detail.startswith("1" if count == 1 else f"1 of {count}")


def test_memory_is_not_more_than_the_machine_has() -> None:
    (finding,) = check_memory()

    available, total = (float(word) for word in finding.detail.split() if word[0].isdigit())
    assert 0 < available <= total <= psutil.virtual_memory().total / 1e9 + 0.05
    assert finding.status == ("warning" if available < 1 else "ok")
