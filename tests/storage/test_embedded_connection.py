"""Connections to the embedded server of a data folder."""

import fcntl
import os
import signal
import time

import pytest
import redis

from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.errors import RedisFullError, RedisLoadingError, RedisServerError, RedisUnreachableError


def test_without_a_url_the_folders_own_server_is_used(folder: DataFolder) -> None:
    with open_redis(None, folder) as handle:
        assert handle.embedded
        assert handle.socket_path == folder.socket_path
        assert handle.where == f"the embedded server of {folder.path}"
        assert handle.warnings == ()
        handle.client.set("name", b"\x00\xff")
        assert handle.client.get("name") == b"\x00\xff"


def test_two_handles_see_the_same_data(folder: DataFolder) -> None:
    with open_redis(None, folder) as one, open_redis(None, folder) as two:
        one.client.set("name", "value")
        assert two.client.get("name") == b"value"


def test_closing_leaves_the_server_and_may_be_repeated(folder: DataFolder) -> None:
    handle = open_redis(None, folder)
    handle.client.ping()

    handle.close()
    handle.close()

    # Blocks until the server and its guardian have gone.
    with (folder.path / "guardian.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert not folder.socket_path.exists()


def test_neither_a_url_nor_a_folder_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="neither"):
        open_redis(None, None)


def kill(handle: RedisHandle) -> None:
    """End the embedded server as nothing should, and wait until its guardian has noticed."""
    os.kill(int(handle.client.info("server")["process_id"]), signal.SIGKILL)
    assert handle.log_path is not None
    deadline_s = time.monotonic() + 10
    while "exit status -9" not in handle.log_path.read_text():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def without_a_url(caught: pytest.ExceptionInfo[RedisServerError], handle: RedisHandle) -> str:
    """The message, having checked that it is about the server and its log, and not about a URL."""
    told = str(caught.value)
    assert told.startswith(f"The embedded server of {handle.where.rpartition(' ')[2]} ")
    assert "URL" not in told
    assert "port" not in told
    assert caught.value.where == handle.where
    return told


def test_an_embedded_server_that_was_killed_is_told_with_its_log(folder: DataFolder) -> None:
    with open_redis(None, folder) as handle:
        kill(handle)
        with pytest.raises(RedisUnreachableError) as caught, handle.errors():
            handle.client.get("name")
    told = without_a_url(caught, handle)
    assert f"Its log {folder.redis_dir / 'redis.log'} ends with:\n" in told
    assert "guardian: the server has ended, exit status -9" in told
    assert "disk has free space" in told
    assert "run the command again" in told
    assert len(told.splitlines()) <= 4


def test_an_embedded_server_without_a_log_is_told_all_the_same(folder: DataFolder) -> None:
    with open_redis(None, folder) as handle:
        kill(handle)
        assert handle.log_path is not None
        handle.log_path.unlink()
        with pytest.raises(RedisUnreachableError) as caught, handle.errors():
            handle.client.get("name")
    assert f"Its log is {handle.log_path}." in without_a_url(caught, handle)


def test_an_embedded_server_that_hangs_is_told_with_its_log(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.SOCKET_TIMEOUT_S", 0.3)
    monkeypatch.setattr("storage.connection._RETRIES", 0)
    with open_redis(None, folder) as handle:
        pid = int(handle.client.info("server")["process_id"])
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(RedisUnreachableError, match="does not answer") as caught, handle.errors():
                handle.client.get("name")
        finally:
            os.kill(pid, signal.SIGCONT)
    told = without_a_url(caught, handle)
    assert "Ready to accept connections" in told
    assert "disk has free space" in told


def test_an_embedded_server_that_refuses_writes_is_told_apart(folder: DataFolder) -> None:
    with open_redis(None, folder) as handle:
        handle.client.config_set("maxmemory", 1)
        with pytest.raises(RedisFullError, match="refuses writes") as caught, handle.errors():
            handle.client.set("name", "value")
        assert "Free some disk space" in without_a_url(caught, handle)
        with pytest.raises(RedisLoadingError) as loading, handle.errors():
            raise redis.BusyLoadingError("LOADING")
        without_a_url(loading, handle)


def test_a_mistake_of_ours_passes_through_the_embedded_servers_errors(folder: DataFolder) -> None:
    with open_redis(None, folder) as handle:
        handle.client.set("name", "value")
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"), handle.errors():
            handle.client.xlen("name")
