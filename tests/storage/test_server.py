"""Who shares a server, and when it ends."""

import contextlib
import fcntl
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from held_server import Holder, client_of, is_gone, run_of, server_process, until

from storage.datafolder import DataFolder
from storage.guardian import ask
from storage.server import EmbeddedServer


def test_a_second_process_joins_the_same_server(folder: DataFolder, hold: Callable[[], Holder]) -> None:
    with EmbeddedServer(folder) as server:
        assert hold().says() == run_of(server.socket_path)


def test_holders_within_one_process_share_a_server(folder: DataFolder) -> None:
    with EmbeddedServer(folder) as one, EmbeddedServer(DataFolder(folder.path)) as two:
        assert server_process(one).pid == server_process(two).pid


def test_ten_holders_at_the_same_moment_get_one_server(
    folder: DataFolder, hold: Callable[[], Holder]
) -> None:
    runs = {holder.says() for holder in [hold() for _ in range(10)]}

    assert len(runs) == 1
    assert (folder.redis_dir / "redis.log").read_text().count("Ready to accept connections") == 1


def test_threads_that_come_and_go_always_have_a_server(folder: DataFolder) -> None:
    def come_and_go(_: int) -> bytes:
        with EmbeddedServer(folder) as server:
            return ask(str(server.socket_path), "PING")

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(come_and_go, range(30))) == [b"+PONG"] * 30
    until(lambda: is_gone(folder))


def test_server_is_gone_after_the_last_holder_left_and_its_data_stays(folder: DataFolder) -> None:
    with EmbeddedServer(folder) as server, client_of(server) as client:
        client.set("name", b"\x00value")
        process = server_process(server)

    until(lambda: is_gone(folder) and not process.is_running())
    assert not folder.socket_path.exists()
    with EmbeddedServer(folder) as server, client_of(server) as client:
        assert client.get("name") == b"\x00value"


def test_server_stays_while_one_holder_stays(folder: DataFolder, hold: Callable[[], Holder]) -> None:
    first, second = hold(), hold()
    run = first.says()
    assert second.says() == run

    first.leave()

    with EmbeddedServer(folder) as server:
        assert run_of(server.socket_path) == run
    time.sleep(0.2)
    assert ask(str(folder.socket_path), "PING") == b"+PONG"


def test_server_is_gone_after_its_only_holder_was_killed(
    folder: DataFolder, hold: Callable[[], Holder]
) -> None:
    holder = hold()
    holder.says()

    holder.kill()

    until(lambda: is_gone(folder))


def test_server_stays_while_a_forked_child_holds_it(folder: DataFolder) -> None:
    script = (
        "import os, sys\n"
        "from storage.datafolder import DataFolder\n"
        "from storage.server import EmbeddedServer\n"
        "with EmbeddedServer(DataFolder(sys.argv[1])):\n"
        "    if os.fork() == 0:\n"
        "        sys.stdin.read()\n"
        "        os._exit(0)\n"
        "    print('forked', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        parent.stdout.readline()
        assert parent.wait(5) == 0
        time.sleep(0.2)
        assert ask(str(folder.socket_path), "PING") == b"+PONG"
        parent.stdin.close()
    until(lambda: is_gone(folder))


def test_a_newcomer_while_the_server_stops_gets_a_fresh_one(folder: DataFolder) -> None:
    for count in range(1, 8):
        with EmbeddedServer(folder) as server, client_of(server) as client:
            assert client.incr("starts") == count


def test_an_error_under_the_holder_still_leaves(folder: DataFolder) -> None:
    with pytest.raises(ZeroDivisionError), EmbeddedServer(folder):
        _ = 1 / 0

    until(lambda: is_gone(folder))


def test_one_object_holds_once_at_a_time(folder: DataFolder) -> None:
    server = EmbeddedServer(folder)
    with server, pytest.raises(RuntimeError, match="make another one"):
        server.__enter__()
    with server:
        assert ask(str(server.socket_path), "PING") == b"+PONG"


def test_who_begins_a_server_holds_it_before_it_answers(folder: DataFolder) -> None:
    server = EmbeddedServer(folder)
    with contextlib.ExitStack() as stack:
        stack.push(server)
        server.begin()
        with EmbeddedServer(folder) as joined:
            begun = run_of(joined.socket_path)
        with EmbeddedServer(folder) as joined:
            assert run_of(joined.socket_path) == begun

    until(lambda: is_gone(folder))


def test_nothing_is_begun_while_the_last_server_stops(folder: DataFolder) -> None:
    server = EmbeddedServer(folder)
    with (folder.path / "holders.lock").open("a") as stopping:
        fcntl.flock(stopping, fcntl.LOCK_EX)
        server.begin()
        server.__exit__(None, None, None)

    assert is_gone(folder)
