"""Starts that fail or take long."""

import shutil
import time
from pathlib import Path

import pytest
from held_server import client_of, is_free, is_gone, program, server_process, until

from storage.datafolder import DataFolder
from storage.errors import DataFolderError, ServerStartError
from storage.server import EmbeddedServer
from storage.server_binary import find_server_binary


def test_a_server_that_ends_at_its_start_is_reported_with_its_log(folder: DataFolder) -> None:
    (folder.redis_dir / "appendonlydir").mkdir()
    (folder.redis_dir / "appendonlydir" / "appendonly.aof.manifest").write_text("rubbish\n")

    with pytest.raises(ServerStartError, match="ended before it answered") as caught, EmbeddedServer(folder):
        pass

    assert "manifest" in caught.value.log_tail
    assert caught.value.log_tail in str(caught.value)
    assert caught.value.binary == find_server_binary()
    until(lambda: is_gone(folder))
    assert is_free(folder, "holders")


def test_log_of_an_earlier_run_is_not_taken_for_that_of_this_one(folder: DataFolder, tmp_path: Path) -> None:
    (folder.redis_dir / "redis.log").write_text("an older trouble\n")
    binary = program(
        tmp_path / "server", 'test "$1" = --version && echo v=9.0.0 || { echo new trouble; exit 3; }'
    )

    with pytest.raises(ServerStartError) as caught, EmbeddedServer(folder, binary=binary):
        pass

    assert "new trouble" in caught.value.log_tail
    assert "older trouble" not in caught.value.log_tail


def test_a_hung_server_is_reported_with_its_process(folder: DataFolder) -> None:
    with EmbeddedServer(folder) as server:
        process = server_process(server)
        process.suspend()
        try:
            with pytest.raises(ServerStartError, match=f"its process is {process.pid}"):
                EmbeddedServer(folder, timeout_s=0.1).__enter__()
        finally:
            process.resume()
        with EmbeddedServer(folder) as again:
            assert server_process(again) == process


def test_loading_may_take_longer_than_the_timeout_while_it_goes_on(
    folder: DataFolder, tmp_path: Path
) -> None:
    with EmbeddedServer(folder) as server, client_of(server) as client:
        pipeline = client.pipeline(transaction=False)
        for number in range(9999):
            pipeline.set(f"key{number}", b"x")
        pipeline.execute()
    until(lambda: is_gone(folder))
    # 0.1 ms for each key: the server's own option for tests of its loading. It answers after every 1024.
    slow = program(tmp_path / "server", f'exec "{find_server_binary()}" "$@" --key-load-delay 100')

    started_s = time.monotonic()
    with EmbeddedServer(folder, binary=slow, timeout_s=0.8) as server, client_of(server) as client:
        assert time.monotonic() - started_s > 1.0
        assert client.dbsize() == 9999


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "echo 'Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc bits=64'",
            "has version 6.2.14, older than 7",
        ),
        ("echo 'hello'", "no Valkey or Redis server"),
    ],
)
def test_an_unfit_program_is_refused(folder: DataFolder, tmp_path: Path, text: str, complaint: str) -> None:
    binary = program(tmp_path / "server", text)

    with pytest.raises(ServerStartError, match=complaint) as caught, EmbeddedServer(folder, binary=binary):
        pass

    assert caught.value.binary == binary
    assert str(binary) in str(caught.value)
    assert is_gone(folder)


def test_a_program_that_can_not_be_executed_is_refused(folder: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a program")
    for binary in (tmp_path / "text", tmp_path / "missing", tmp_path):
        with pytest.raises(ServerStartError, match="may execute"), EmbeddedServer(folder, binary=binary):
            pass


def test_a_lock_that_can_not_be_opened_is_a_trouble_of_the_folder(folder: DataFolder) -> None:
    (folder.path / "holders.lock").mkdir()

    with pytest.raises(DataFolderError, match=r"holders\.lock can't be opened"), EmbeddedServer(folder):
        pass


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server on the PATH")
def test_another_server_program_reads_and_writes_the_same_data(folder: DataFolder) -> None:
    other = Path(shutil.which("redis-server") or "")
    for count, binary in enumerate((None, other, None), start=1):
        with EmbeddedServer(folder, binary=binary) as server, client_of(server) as client:
            assert client.incr("starts") == count
            client.xadd("stream", {"n": count})
            assert client.xlen("stream") == count
        until(lambda: is_gone(folder))
