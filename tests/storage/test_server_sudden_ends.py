"""Signals and sudden ends of a server, its guardian and its holders."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import redis
from held_server import (
    Holder,
    client_of,
    guardian_process,
    info,
    is_free,
    is_gone,
    run_of,
    server_process,
    until,
)

from storage.datafolder import DataFolder
from storage.guardian import STOP_TIMEOUT_S, ask
from storage.server import EmbeddedServer


def test_interrupting_the_terminal_leaves_the_server_to_its_holder(
    folder: DataFolder, hold: Callable[[], Holder]
) -> None:
    holder = hold()
    run = holder.says()

    os.killpg(holder.process.pid, signal.SIGINT)

    assert holder.says() == run


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_guardian_outlives_the_signals_that_end_a_session(folder: DataFolder, number: signal.Signals) -> None:
    with EmbeddedServer(folder) as server:
        guardian_process(folder).send_signal(number)
        time.sleep(0.1)
        assert not is_free(folder, "guardian")
        assert ask(str(server.socket_path), "PING") == b"+PONG"
    until(lambda: is_gone(folder))


def test_next_holder_recovers_a_server_whose_guardian_was_killed(
    folder: DataFolder, hold: Callable[[], Holder]
) -> None:
    holder = hold()
    run = holder.says()
    guardian_process(folder).kill()
    until(lambda: is_free(folder, "guardian"))
    holder.kill()
    assert not is_free(folder, "server")

    with EmbeddedServer(folder) as server:
        assert run_of(server.socket_path) == run
        assert not is_free(folder, "guardian")

    until(lambda: is_gone(folder))


def test_leaving_holder_replaces_a_guardian_that_was_killed(folder: DataFolder) -> None:
    with EmbeddedServer(folder):
        guardian_process(folder).kill()
        until(lambda: is_free(folder, "guardian"))

    until(lambda: is_gone(folder))


def leave_hanging(folder: DataFolder) -> psutil.Process:
    """Leave a server that hangs to a guardian that has only adopted it."""
    with EmbeddedServer(folder) as server, client_of(server) as client:
        client.set("name", "value")
        process = server_process(server)
        guardian_process(folder).kill()
        until(lambda: is_free(folder, "guardian"))
        process.suspend()
    assert not is_free(folder, "guardian")
    return process


def test_guardian_kills_an_adopted_server_that_hangs_and_nobody_else(
    folder: DataFolder, tmp_path: Path
) -> None:
    confused = DataFolder(tmp_path / "confused")
    hanging, unknown = leave_hanging(folder), leave_hanging(confused)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        try:
            # As a number that was given to somebody else.
            (confused.path / "server.lock").write_text(str(bystander.pid))
            until(lambda: is_gone(folder) and is_free(folder, "holders"), within_s=STOP_TIMEOUT_S + 30)
            until(lambda: is_free(confused, "guardian"), within_s=30)
            # Nobody may be there to bury it.
            assert not hanging.is_running() or hanging.status() == psutil.STATUS_ZOMBIE
            assert bystander.poll() is None
            assert unknown.status() == psutil.STATUS_STOPPED
            # The next one is not kept out; it says what hangs.
            assert is_free(confused, "holders")
            assert f"process '{bystander.pid}' is not it" in (confused.redis_dir / "redis.log").read_text()
        finally:
            unknown.kill()
            bystander.kill()
    assert "killing it" in (folder.redis_dir / "redis.log").read_text()
    with EmbeddedServer(folder) as server, client_of(server) as client:
        assert client.get("name") == b"value"


def test_only_the_server_itself_is_taken_for_it(folder: DataFolder, tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from storage.guardian import is_server\n"
        "lock = os.open(sys.argv[1], os.O_RDWR)\n"
        "print(*(is_server(int(pid), lock, sys.argv[2]) for pid in sys.argv[3:]))\n"
    )
    with EmbeddedServer(folder) as server, EmbeddedServer(DataFolder(tmp_path / "other")) as other:
        processes = [server_process(server).pid, server_process(other).pid, os.getpid(), 2**22 + 1]
        files = [str(folder.path / "server.lock"), str(server.socket_path)]
        command = [sys.executable, "-c", script, *files, *map(str, processes)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.split() == ["True", "False", "False", "False"]


def test_next_holder_starts_a_server_when_all_processes_were_killed(
    folder: DataFolder, hold: Callable[[], Holder]
) -> None:
    holder = hold()
    run = holder.says()
    server_pid = int(info(folder.socket_path, "server", "process_id"))
    guardian_process(folder).kill()
    holder.kill()
    os.kill(server_pid, signal.SIGKILL)
    until(lambda: is_gone(folder))
    assert folder.socket_path.exists()

    with EmbeddedServer(folder) as server:
        assert run_of(server.socket_path) != run


def test_holder_gets_a_new_server_after_the_server_crashed_under_another(
    folder: DataFolder, hold: Callable[[], Holder]
) -> None:
    with EmbeddedServer(folder) as server:
        run = run_of(server.socket_path)
        server_process(server).kill()

        assert hold().says() not in (run, "")


def test_killing_the_server_loses_no_acknowledged_write(folder: DataFolder) -> None:
    acknowledged: list[int] = []

    def write_on(client: redis.Redis) -> None:
        for number in range(1_000_000):
            client.xadd("writes", {"number": number})
            acknowledged.append(number)

    with EmbeddedServer(folder) as server, client_of(server) as client:
        process = server_process(server)

        def kill_after_200() -> None:
            until(lambda: len(acknowledged) >= 200)
            process.kill()

        killer = threading.Thread(target=kill_after_200)
        killer.start()
        with pytest.raises(redis.ConnectionError):
            write_on(client)
        killer.join()

    with EmbeddedServer(folder) as server, client_of(server) as client:
        stored = [int(fields[b"number"]) for _, fields in client.xrange("writes")]
    assert len(acknowledged) >= 200
    assert stored[: len(acknowledged)] == acknowledged
    # The one that was under way may have arrived.
    assert len(stored) <= len(acknowledged) + 1


def test_a_torn_last_write_does_not_keep_the_server_from_starting(folder: DataFolder) -> None:
    with EmbeddedServer(folder) as server, client_of(server) as client:
        client.set("whole", 1)
        client.set("torn", 1)
    until(lambda: is_gone(folder))
    (log,) = folder.redis_dir.glob("appendonlydir/*.incr.aof")
    os.truncate(log, log.stat().st_size - 3)

    with EmbeddedServer(folder) as server, client_of(server) as client:
        assert client.mget("whole", "torn") == [b"1", None]


def test_leftovers_of_a_crashed_machine_do_not_confuse(folder: DataFolder) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder.socket_path))
    # A process that lives but is no server: this one.
    (folder.path / "server.lock").write_text(str(os.getpid()))

    with EmbeddedServer(folder) as server:
        assert server_process(server).pid != os.getpid()
