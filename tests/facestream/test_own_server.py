"""--redis: a server of one's own, over TCP, with a password."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from command_runs import PATIENCE_S, Cli, wait_until

import facestream
from storage.connection import open_redis
from storage.errors import StorageError
from storage.server_binary import find_server_binary

pytestmark = pytest.mark.e2e

PASSWORD = "S3cret/W0rd@x"


@dataclass(frozen=True)
class Server:
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"redis://:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/0"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(server: Server) -> bool:
    with contextlib.suppress(StorageError), open_redis(server.url, None) as handle:
        return bool(handle.client.ping())
    return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A real server with a password that keeps its data."""
    # Somebody else may take a free port before the server does.
    for attempt in range(5):
        made = Server(free_port(), tmp_path / f"server{attempt}.log")
        words = ["--bind", "127.0.0.1", "--port", str(made.port), "--requirepass", PASSWORD]
        files = [
            "--dir",
            str(tmp_path),
            "--logfile",
            str(made.log),
            "--loglevel",
            "debug",
            "--appendonly",
            "yes",
        ]
        process = subprocess.Popen([str(find_server_binary()), *words, *files], stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda m=made, p=process: p.poll() is not None or answers(m), "the server")  # type: ignore[misc]
            if process.poll() is None:
                yield made
                return
        finally:
            process.kill()
            process.wait(PATIENCE_S)
    pytest.fail(made.log.read_text())


def pieces_in(text: str | bytes) -> list[str]:
    """What of the password can be read in a text."""
    pieces = [PASSWORD, quote(PASSWORD, safe=""), "S3cret", "W0rd"]
    return [piece for piece in pieces if (piece if isinstance(text, str) else piece.encode()) in text]  # type: ignore[operator]


def test_people_are_kept_there_and_the_password_nowhere(cli: Cli, media: Path, server: Server) -> None:
    run = cli("run", "-vv", "--debug", "--json", "--redis", server.url, media / "photos")
    assert len(run.json()["people"]) == 7
    by_option = cli("people", "--json", "--redis", server.url)
    by_environment = cli("people", "--json", FACESTREAM_REDIS=server.url)
    assert by_option.json() == by_environment.json() == run.json()["people"]
    address = cli("redis", "--socket", "--redis", server.url)
    assert f"127.0.0.1:{server.port}" in address.stdout
    demo_hint = cli("redis", "--redis", server.url, "PING")
    assert demo_hint.stdout == "PONG\n"

    for done in (run, by_option, by_environment, address, demo_hint):
        assert pieces_in(done.said) == []
    with open_redis(server.url, None) as handle:
        keys = list(handle.client.scan_iter("*"))
        assert b"fs:{default}:identity:p1" in keys
        for key in keys:
            assert pieces_in(key + bytes(handle.client.dump(key) or b"")) == []
    written = [server.log, *(path for path in cli.data_dir.parent.rglob("*") if path.is_file())]
    assert [path for path in written if pieces_in(path.read_bytes())] == []


def test_no_embedded_server_is_started(cli: Cli, server: Server) -> None:
    cli("people", "--redis", server.url)
    assert cli.server_processes() == []
    assert not (cli.data_dir / "redis" / "redis.log").exists()


def test_the_client_reads_from_it_and_people_are_forgotten_there(
    cli: Cli, media: Path, server: Server
) -> None:
    cli("run", "--redis", server.url, media / "photos" / "astronaut.jpg")

    with facestream.connect(cli.data_dir, redis=server.url) as store:
        (person,) = store.people()
        assert store.where.endswith(f"127.0.0.1:{server.port}/0")
        assert pieces_in(f"{store!r} {store.where}") == []
        assert person.thumbnails
        assert (store.thumbnail(person.thumbnails[0]) or b"").startswith(b"\xff\xd8\xff")

    # Its files are its owner's: they are told what stays in them until then.
    done = cli("people", "forget", person.id, "--yes", "--redis", server.url)
    assert done.stdout == f"{person.id} is forgotten: 1 track deleted.\n"
    assert "snapshots keep what was in them until they are rewritten" in done.stderr
    assert "replicas" in done.stderr
    assert cli("people", "--json", "--redis", server.url).json() == []
    assert [path for path in cli.data_dir.rglob("*.jpg") if path.is_file()] == []


def test_a_data_folder_that_is_given_goes_before_a_server_from_the_environment(
    cli: Cli, server: Server
) -> None:
    done = cli("redis", "--socket", "--data-dir", cli.data_dir, FACESTREAM_REDIS=server.url)
    assert done.stdout.strip().endswith("redis.sock")
