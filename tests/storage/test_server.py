import contextlib
import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import redis

from storage.datafolder import DataFolder
from storage.errors import DataFolderError, ServerStartError
from storage.guardian import STOP_TIMEOUT_S, ask
from storage.server import EmbeddedServer
from storage.server_binary import find_server_binary

# A holder in a process of its own: says who serves it, then holds until its input ends.
HOLDER = """
import sys
import time
from storage.datafolder import DataFolder
from storage.guardian import ask
from storage.server import EmbeddedServer

def say():
    info = ask(str(server.socket_path), "INFO", "server").decode().splitlines()
    print(next(line for line in info if line.startswith("run_id:")), flush=True)

with EmbeddedServer(DataFolder(sys.argv[1])) as server:
    try:
        say()
        sys.stdin.read()
    except KeyboardInterrupt:
        # As long as a server that was interrupted as well would need to end.
        time.sleep(0.3)
        say()
        sys.stdin.read()
"""


class Holder:
    """A process that holds a folder's server."""

    def __init__(self, folder: DataFolder) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def says(self) -> str:
        """Which run of the server answers it."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def hold(folder: DataFolder) -> Iterator[Callable[[], Holder]]:
    holders: list[Holder] = []

    def start() -> Holder:
        holders.append(Holder(folder))
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()


def until(happened: Callable[[], bool], *, within_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline_s, f"not within {within_s} s"
        time.sleep(0.01)


def is_free(folder: DataFolder, lock: str) -> bool:
    with (folder.path / f"{lock}.lock").open("a") as file:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False


def is_gone(folder: DataFolder) -> bool:
    """Whether neither the server nor its guardian lives."""
    return is_free(folder, "guardian") and is_free(folder, "server")


def info(socket_path: Path, section: str, name: str) -> str:
    lines = ask(str(socket_path), "INFO", section).decode().splitlines()
    return next(line for line in lines if line.startswith(f"{name}:")).partition(":")[2]


def run_of(socket_path: Path) -> str:
    return f"run_id:{info(socket_path, 'server', 'run_id')}"


def server_process(server: EmbeddedServer) -> psutil.Process:
    return psutil.Process(int(info(server.socket_path, "server", "process_id")))


def guardian_process(folder: DataFolder) -> psutil.Process:
    (found,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.endswith("guardian.py") for word in process.info["cmdline"] or ())
        and str(folder.path) in process.info["cmdline"]
    )
    return found


@contextlib.contextmanager
def client_of(server: EmbeddedServer) -> Iterator[redis.Redis]:
    with contextlib.closing(redis.Redis(unix_socket_path=str(server.socket_path), retry=None)) as client:
        yield client


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# Who shares a server, and when it ends.


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


# Signals and sudden ends.


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


# Settings, files and what is inherited.


def test_only_the_owner_can_reach_the_server_and_its_files(folder: DataFolder) -> None:
    with EmbeddedServer(folder) as server, client_of(server) as client:
        client.set("name", "value")
        assert stat.S_IMODE(server.socket_path.stat().st_mode) == 0o700
        assert client.config_get("port") == {"port": "0"}
        assert not [
            c for c in server_process(server).net_connections("inet") if c.status == psutil.CONN_LISTEN
        ]
        files = [path for path in folder.path.rglob("*") if path.is_file()]
        assert len(files) > 5
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.rglob("*") if path.is_dir()} == {
            0o700
        }


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at open files through /proc")
def test_server_and_guardian_inherit_no_lock_that_is_not_theirs(folder: DataFolder) -> None:
    def locks(process: psutil.Process) -> list[str]:
        opened = []
        for entry in Path(f"/proc/{process.pid}/fd").iterdir():
            # The server also opens and closes files while it is looked at.
            with contextlib.suppress(FileNotFoundError):
                opened.append(str(entry.readlink()))
        return sorted(Path(path).name for path in opened if path.endswith(".lock"))

    with EmbeddedServer(folder) as server:
        assert locks(server_process(server)) == ["server.lock"]
        # Its own: the lock it was given and the two that it waits for.
        until(lambda: locks(guardian_process(folder)) == ["guardian.lock", "holders.lock", "server.lock"])


def test_holding_leaves_no_thread_process_or_descriptor_behind(folder: DataFolder) -> None:
    me = psutil.Process()
    with EmbeddedServer(folder):
        pass
    before = (me.num_fds(), threading.active_count(), len(me.children(recursive=True)))

    for _ in range(3):
        with EmbeddedServer(folder), EmbeddedServer(folder):
            # Neither the server nor its guardian is a child of ours.
            assert len(me.children(recursive=True)) == before[2]

    assert (me.num_fds(), threading.active_count(), len(me.children(recursive=True))) == before
    until(lambda: is_gone(folder))


def test_deleted_bytes_leave_the_disk_when_the_file_is_rewritten(folder: DataFolder) -> None:
    def on_disk() -> bool:
        return any(b"find-me" in path.read_bytes() for path in folder.redis_dir.rglob("*") if path.is_file())

    with EmbeddedServer(folder) as server, client_of(server) as client:
        entry = client.xadd("stream", {"name": "find-me" * 10})
        client.xadd("stream", {"name": "stays"})
        assert on_disk()
        client.xdel("stream", entry)
        client.bgrewriteaof()
        until(lambda: not on_disk())


@pytest.mark.parametrize(
    "name", ["with space", "mit ümlaut 名前", "quote'and\"double", "long" * 40, "%d $HOME #x"]
)
def test_any_folder_name_works(tmp_path: Path, name: str) -> None:
    folder = DataFolder(tmp_path / name)
    for count in (1, 2):
        with EmbeddedServer(folder) as server, client_of(server) as client:
            assert client.incr("starts") == count
            assert client.config_get("dir") == {"dir": str(folder.redis_dir)}
    until(lambda: is_gone(folder))
    assert list(folder.redis_dir.glob("appendonlydir/*.incr.aof"))
    if folder.socket_path.parent != folder.redis_dir:
        folder.socket_path.parent.rmdir()


def test_a_large_log_is_begun_anew(folder: DataFolder) -> None:
    log = folder.redis_dir / "redis.log"
    log.write_bytes(b"old\n" * 300_000)

    with EmbeddedServer(folder):
        assert log.stat().st_size < 10_000
        assert (folder.redis_dir / "redis.log.1").stat().st_size == 1_200_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to stand for a full disk")
def test_a_log_that_takes_no_more_keeps_no_server_alive(folder: DataFolder) -> None:
    (folder.redis_dir / "redis.log").symlink_to("/dev/full")

    for _ in range(2):
        with EmbeddedServer(folder) as server:
            assert ask(str(server.socket_path), "PING") == b"+PONG"
        until(lambda: is_gone(folder))


# Starts that fail or take long.


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
