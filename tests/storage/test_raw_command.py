import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.errors import CommandError
from storage.raw_command import run_command


def test_gives_the_reply_in_the_shape_that_the_client_gives_it(client: redis.Redis) -> None:
    client.hset("typed:hash", "field", b"\xff")
    assert run_command(client, ["PING"]) is True
    assert run_command(client, ["HGETALL", "typed:hash"]) == {b"field": b"\xff"}
    plain = redis.Redis.from_pool(client.connection_pool)
    plain.response_callbacks.clear()
    assert run_command(plain, ["PING"]) == b"PONG"
    assert run_command(plain, ["HGETALL", "typed:hash"]) == [b"field", b"\xff"]


def test_what_the_server_refuses_is_an_error_with_its_words(client: redis.Redis) -> None:
    with pytest.raises(CommandError, match=r"^BANANA: unknown command"):
        run_command(client, ["BANANA"])


def test_leaves_no_connection_behind(client: redis.Redis) -> None:
    before = len(client.client_list())
    for _ in range(3):
        run_command(client, ["PING"])
    deadline_s = time.monotonic() + 5
    while len(client.client_list()) > before:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@contextlib.contextmanager
def lossy(server: Path, place: Path) -> Iterator[Path]:
    """A socket that passes everything on to a server, and hangs up instead of bringing a reply to INCR."""

    def serve(connection: socket.socket) -> None:
        with connection, socket.socket(socket.AF_UNIX) as onward:
            onward.connect(str(server))
            while command := connection.recv(100_000):
                onward.sendall(command)
                reply = onward.recv(100_000)
                if b"INCR" in command:
                    return
                connection.sendall(reply)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if done.is_set():
                connection.close()
                return
            serve(connection)

    path, done = place / "lossy.sock", threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield path
        finally:
            done.set()
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join()


def test_a_command_whose_reply_is_lost_takes_effect_once(tmp_path: Path) -> None:
    with open_redis(None, DataFolder(tmp_path / "data")) as handle:
        assert handle.socket_path is not None
        with (
            lossy(handle.socket_path, tmp_path) as path,
            open_redis(f"unix://{path}", None) as cut_off,
        ):
            # One connection at a time goes through.
            cut_off.client.connection_pool.disconnect()
            with pytest.raises(redis.ConnectionError):
                run_command(cut_off.client, ["INCR", "typed"])
        assert handle.client.get("typed") == b"1"


def test_a_command_that_blocks_longer_than_a_timeout_ends_in_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.SOCKET_TIMEOUT_S", 0.3)
    with open_redis(None, DataFolder(tmp_path)) as handle:
        started_s = time.monotonic()
        assert run_command(handle.client, ["BLPOP", "nothing", "1"]) is None
        assert 1.0 <= time.monotonic() - started_s < 4.0
