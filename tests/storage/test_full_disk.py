import os
import signal
from pathlib import Path

import pytest

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.errors import DataFolderError, RedisFullError, RedisUnreachableError
from storage.full_disk import is_disk_full
from storage.server import EmbeddedServer


@pytest.mark.parametrize(
    "line",
    [
        "12:M 25 Nov # Short write while writing to the AOF file: (nwritten=35968, expected=39512)",
        "12:M 25 Nov # Error writing to the AOF file: No space left on device",
        "12:M 25 Nov # Error trying to write the temporary AOF manifest file: Disk quota exceeded",
    ],
)
def test_a_log_that_tells_of_a_full_disk_is_believed(tmp_path: Path, line: str) -> None:
    assert is_disk_full(tmp_path, f"12:M 25 Nov * Ready to accept connections\n{line}\n12:G bye")


@pytest.mark.parametrize("log_tail", ["", "12:M 25 Nov # Error writing to the AOF file: Input/output error"])
def test_a_disk_with_space_is_not_full(tmp_path: Path, log_tail: str) -> None:
    assert not is_disk_full(tmp_path, log_tail)
    assert not is_disk_full(tmp_path / "gone", log_tail)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, which has no size")
def test_a_disk_that_tells_no_size_is_not_taken_for_a_full_one() -> None:
    assert not is_disk_full(Path("/proc/self"), "")


def test_a_server_that_ended_on_a_full_disk_says_what_to_do(folder: DataFolder) -> None:
    with open_redis(None, folder) as handle:
        assert handle.log_path is not None
        pid = int(handle.client.info("server")["process_id"])
        # As a server does that can't write, which is tried with a disk in tests/facestream/test_disk_full.py.
        with handle.log_path.open("a") as log:
            log.write("Short write while writing to the AOF file: (nwritten=35968, expected=39512)\n")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RedisFullError) as caught, handle.errors():
            handle.client.get("name")
    assert str(caught.value) == (
        f"The disk is full, and so the embedded server of {folder.path} has ended. What was stored before is "
        "kept. Free some space, then run the same command again."
    )
    assert caught.value.where == f"the embedded server of {folder.path}"


def test_a_full_disk_of_an_earlier_server_is_not_held_against_a_later_one(folder: DataFolder) -> None:
    (folder.redis_dir / "redis.log").write_text("Error writing to the AOF file: No space left on device\n")
    with open_redis(None, folder) as handle:
        os.kill(int(handle.client.info("server")["process_id"]), signal.SIGKILL)
        with pytest.raises(RedisUnreachableError, match="has ended while it was"), handle.errors():
            handle.client.get("name")


def test_a_server_that_can_not_start_on_a_full_disk_says_what_to_do(
    folder: DataFolder, tmp_path: Path
) -> None:
    binary = tmp_path / "server"
    text = 'test "$1" = --version && echo v=9.0.0 || { echo "write: No space left on device"; exit 1; }'
    binary.write_text(f"#!/bin/sh\n{text}\n")
    binary.chmod(0o755)

    with (
        pytest.raises(DataFolderError, match="Free some space") as caught,
        EmbeddedServer(folder, binary=binary),
    ):
        pass

    assert f"The disk of {folder.path} is full" in str(caught.value)
    assert caught.value.path == folder.path
