"""Settings of a server, its files and what it inherits."""

import contextlib
import stat
import threading
from pathlib import Path

import psutil
import pytest
from held_server import client_of, guardian_process, is_gone, server_process, until

from storage.datafolder import DataFolder
from storage.guardian import ask
from storage.server import EmbeddedServer


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
