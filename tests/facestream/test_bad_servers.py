"""--redis: a server that can't be used is named with what to do, soon, and never with its password."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_runs import PATIENCE_S, Cli, wait_until

from storage.server_binary import find_server_binary

pytestmark = pytest.mark.e2e

SECRET = "S3cretWord"

# A server that is silent is given up after 5 s; the rest is for the start of Python on a busy machine.
LONGEST_S = 30.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def real_server(folder: Path, *settings: str) -> Iterator[int]:
    """A real server; gives its port."""
    # Somebody else may take a free port before the server does.
    for attempt in range(5):
        port, log = free_port(), folder / f"server{attempt}.log"
        words = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--logfile", str(log)]
        process = subprocess.Popen([str(find_server_binary()), *words, *settings], stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda p=port, s=process: s.poll() is not None or listens(p), "the server")  # type: ignore[misc]
            if process.poll() is None:
                yield port
                return
        finally:
            process.kill()
            process.wait(PATIENCE_S)
    pytest.fail(log.read_text())


@contextlib.contextmanager
def old_server() -> Iterator[int]:
    """What answers as Redis 6.2 does to those who ask what it is; gives its port."""
    told = "# Server\r\nredis_version:6.2.14\r\nrole:master\r\n"
    replies = {b"PING": "+PONG\r\n", b"INFO": f"${len(told)}\r\n{told}\r\n"}

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as commands:
            while header := commands.readline():
                words = []
                for _ in range(int(header[1:])):
                    length = int(commands.readline()[1:])
                    words.append(commands.read(length + 2)[:-2])
                connection.sendall(replies.get(words[0].upper(), "+OK\r\n").encode())

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # Wakes the thread where closing alone does not.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)


def check_refusal(cli: Cli, media: Path, url: str, *reasons: str) -> None:
    """Both who writes and who reads say why, soon, and touch no data folder instead."""
    # At once, as a server that is silent is waited for.
    by_option = cli.start("run", "--redis", url, media / "photos")
    by_environment = cli.start("people", FACESTREAM_REDIS=url)
    for done in (by_option.end(LONGEST_S), by_environment.end(LONGEST_S)):
        assert done.code == 1, done
        assert done.stdout == ""
        assert done.stderr.startswith("Error: ")
        assert "127.0.0.1" in done.stderr
        for reason in reasons:
            assert reason in done.stderr
        assert "S3cret" not in done.stderr
        assert len(done.stderr) < 400
    assert not cli.data_dir.exists()


def test_a_server_that_refuses(cli: Cli, media: Path) -> None:
    # Nobody listens at port 1.
    url = f"redis://worker:{SECRET}@127.0.0.1:1/0"
    check_refusal(cli, media, url, "Nobody listens at redis://worker:***@127.0.0.1:1/0", "Start the server")


def test_a_server_that_never_answers(cli: Cli, media: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://:{SECRET}@127.0.0.1:{listener.getsockname()[1]}/0"
        check_refusal(cli, media, url, "does not answer in time", "Check host and port")


def test_a_server_that_wants_a_password(cli: Cli, media: Path, tmp_path: Path) -> None:
    with real_server(tmp_path, "--requirepass", "S3cretOfAnother") as port:
        url = f"redis://127.0.0.1:{port}/0"
        check_refusal(cli, media, url, f"{url} wants a password and got none", "Give it in the URL: redis://")


def test_a_server_that_wants_another_password(cli: Cli, media: Path, tmp_path: Path) -> None:
    with real_server(tmp_path, "--requirepass", "S3cretOfAnother") as port:
        url = f"redis://:{SECRET}@127.0.0.1:{port}/0"
        check_refusal(cli, media, url, "does not accept the user or password", "Check both in the URL")


def test_a_server_that_is_read_only(cli: Cli, media: Path, tmp_path: Path) -> None:
    with real_server(tmp_path, "--replicaof", "127.0.0.1", "1") as port:
        url = f"redis://127.0.0.1:{port}/0"
        check_refusal(cli, media, url, f"{url} is a read-only replica. Give the URL of the primary")


def test_a_server_that_is_too_old(cli: Cli, media: Path) -> None:
    with old_server() as port:
        url = f"redis://:{SECRET}@127.0.0.1:{port}/0"
        check_refusal(cli, media, url, "has version 6.2.14; facestream needs Redis 7 or newer", "Update it")


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}@127.0.0.1:1/0?banana=1",
        f"http://worker:{SECRET}@127.0.0.1",
        f"redis://worker:{SECRET}@127.0.0.1:99999",
    ],
)
def test_a_url_that_can_not_be_one(cli: Cli, media: Path, url: str) -> None:
    check_refusal(cli, media, url, "The Redis URL ")
    assert "S3cret" not in cli("redis", "--redis", url, "PING", code=1).said


def test_a_run_that_says_everything_keeps_the_password_to_itself(cli: Cli, media: Path) -> None:
    url = f"redis://worker:{SECRET}@127.0.0.1:1/0"

    done = cli.start("run", "-vv", "--debug", "--redis", url, media / "photos").end()

    assert done.code == 1
    assert "Traceback" in done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert "S3cret" not in done.said


def test_a_bad_server_is_reported_before_what_takes_its_time_is_loaded(cli: Cli, media: Path) -> None:
    url = "redis://127.0.0.1:1/0"

    said = cli("run", "--redis", url, media / "photos", code=1, PYTHONPROFILEIMPORTTIME="1").stderr

    loaded = {
        line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")
    }
    assert "storage.connection" in loaded
    assert loaded.isdisjoint({"cv2", "onnxruntime", "av"})
