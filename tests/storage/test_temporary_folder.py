from __future__ import annotations

import tempfile
from pathlib import Path

import psutil
import pytest

from storage.connection import open_redis
from storage.temporary_folder import temporary_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def servers_of(folder: Path) -> list[int]:
    """Processes that were started for a folder."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or [])
    ]


def test_neither_folder_nor_server_is_left(temporary: Path) -> None:
    with temporary_folder() as folder:
        with open_redis(None, folder) as handle:
            handle.client.set("fs:key", "value")
            assert servers_of(folder.path)
        assert folder.path.parent == temporary

    assert list(temporary.iterdir()) == []
    assert servers_of(folder.path) == []


def test_nothing_is_left_after_an_interrupt(temporary: Path) -> None:
    def interrupted() -> None:
        with temporary_folder() as folder, open_redis(None, folder):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list(temporary.iterdir()) == []
    assert servers_of(temporary) == []


def test_nor_is_a_socket_that_lies_elsewhere(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = temporary / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))

    with temporary_folder() as folder:
        socket = folder.socket_path
        assert long not in socket.parents
        with open_redis(None, folder) as handle:
            assert handle.client.ping()
            assert socket.exists()

    assert not socket.parent.exists()
    assert list(long.iterdir()) == []


def test_a_folder_whose_server_never_ran_is_taken_away_at_once(temporary: Path) -> None:
    with temporary_folder() as folder:
        assert folder.redis_dir.is_dir()

    assert list(temporary.iterdir()) == []


def test_two_at_once_are_two_folders(temporary: Path) -> None:
    with temporary_folder() as one, temporary_folder() as other:
        assert one.path != other.path
