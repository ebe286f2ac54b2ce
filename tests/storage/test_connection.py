import contextlib
import fcntl
import logging
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from storage.connection import MAX_BLOCK_MS, SOCKET_TIMEOUT_S, RedisHandle, open_redis
from storage.datafolder import DataFolder
from storage.errors import (
    RedisAuthError,
    RedisFullError,
    RedisLoadingError,
    RedisReadOnlyError,
    RedisServerError,
    RedisUnreachableError,
    RedisUrlError,
    StorageError,
    UnsupportedServerError,
)
from storage.guardian import ask
from storage.server_binary import find_server_binary

SECRET = "S3cret/Word"
ESCAPED = "S3cret%2FWord"
PIECES = ("S3cret", "Word")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A real server of a person's own, on TCP loopback and on a unix socket."""

    def __init__(self, place: Path, binary: Path, *settings: str) -> None:
        place.mkdir()
        self.place = place
        self.socket_path = place / "own.sock"
        files = [
            "--dir",
            str(place),
            "--unixsocket",
            str(self.socket_path),
            "--logfile",
            str(place / "own.log"),
        ]
        self._command = [str(binary), "--bind", "127.0.0.1", *files, *settings]
        # Somebody else may take a free port before the server does.
        for _ in range(5):
            self.port = free_port()
            if self.start():
                return
        pytest.fail((place / "own.log").read_text())

    def start(self) -> bool:
        self.process = subprocess.Popen([*self._command, "--port", str(self.port)], stdin=subprocess.DEVNULL)
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                if ask(str(self.socket_path), "PING").startswith((b"+PONG", b"-NOAUTH")):
                    return True
            time.sleep(0.005)
        return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*settings: str, binary: Path | None = None) -> Server:
        place = tmp_path / f"own{len(servers)}"
        servers.append(Server(place, binary or find_server_binary(), *settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@contextlib.contextmanager
def listener_that(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server that does with every connection what the test says; gives its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                answer(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def speaks_redis(replies: dict[bytes, bytes]) -> Callable[[socket.socket], None]:
    """A little RESP server: one reply by the name of the command, +OK to all others."""

    def answer(connection: socket.socket) -> None:
        with connection.makefile("rb") as commands:
            while header := commands.readline():
                words = []
                for _ in range(int(header[1:])):
                    length = int(commands.readline()[1:])
                    words.append(commands.read(length + 2)[:-2])
                connection.sendall(replies.get(words[0].upper(), b"+OK\r\n"))

    return answer


def bulk(text: str) -> bytes:
    return f"${len(text)}\r\n{text}\r\n".encode()


def refused(url: str, kind: type[StorageError], *, timeout_s: float = 5.0) -> str:
    """Open what must fail so; return the message, having checked that nothing tells the secret."""
    with pytest.raises(kind) as caught:
        open_redis(url, None, timeout_s=timeout_s)
    assert caught.type is kind
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for piece in PIECES:
        assert piece not in told
    assert isinstance(caught.value, RedisServerError)
    assert caught.value.where in str(caught.value)
    return str(caught.value)


# The embedded server.


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


# A server of one's own.


def test_every_form_of_url_reaches_the_server(own_server: Callable[..., Server]) -> None:
    server = own_server("--appendonly", "yes")
    for url in (
        server.url,
        f"valkey://127.0.0.1:{server.port}",
        f" REDIS://127.0.0.1:{server.port}/0?db=0 ",
        f"unix://{server.socket_path}",
        f"unix://{server.socket_path}?db=0",
    ):
        with open_redis(url, None) as handle:
            assert handle.client.incr("opened")
            assert not handle.embedded
            assert handle.socket_path is None
            assert handle.warnings == ()
    with open_redis(server.url, None) as handle:
        assert handle.client.get("opened") == b"5"


def test_a_url_goes_before_the_folder(own_server: Callable[..., Server], folder: DataFolder) -> None:
    with open_redis(own_server().url, folder) as handle:
        assert not handle.embedded
    assert not (folder.path / "holders.lock").exists()


def test_the_database_of_the_url_is_used(own_server: Callable[..., Server]) -> None:
    server = own_server()
    with open_redis(f"{server.url[:-1]}3", None) as three, open_redis(server.url, None) as zero:
        three.client.set("name", "value")
        assert zero.client.get("name") is None


def test_password_and_user_are_used_and_shown_nowhere(
    own_server: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = own_server("--requirepass", SECRET, "--user", "worker", "on", f">{SECRET}", "~*", "+@all")
    address = f"127.0.0.1:{server.port}"
    for url in (
        f"redis://:{ESCAPED}@{address}",
        f"redis://worker:{ESCAPED}@{address}",
        f"redis://{address}?password={ESCAPED}",
        f"unix://{server.socket_path}?password={ESCAPED}",
    ):
        with open_redis(url, None) as handle:
            assert handle.client.ping()
            told = (
                f"{handle!r} {handle.where} {handle.client!r} {handle.client.connection_pool!r} {caplog.text}"
            )
        for piece in PIECES:
            assert piece not in told


def test_a_wrong_or_missing_password_is_told_apart_from_other_troubles(
    own_server: Callable[..., Server],
) -> None:
    server = own_server("--requirepass", "right")
    address = f"127.0.0.1:{server.port}"

    started_s = time.monotonic()
    assert "password" in refused(f"redis://:{ESCAPED}@{address}", RedisAuthError)
    assert "wants a password and got none" in refused(f"redis://{address}", RedisAuthError)
    assert "does not accept" in refused(f"redis://nobody:{ESCAPED}@{address}", RedisAuthError)
    assert time.monotonic() - started_s < 2


def test_a_password_for_a_server_without_one_is_refused(own_server: Callable[..., Server]) -> None:
    # The server takes any password of its default user that needs none, but not of an unknown user.
    refused(f"redis://nobody:{ESCAPED}@127.0.0.1:{own_server().port}", RedisAuthError)


def test_a_user_without_the_rights_is_told_which(own_server: Callable[..., Server]) -> None:
    server = own_server("--user", "worker", "on", f">{SECRET}", "~*", "+ping", "+get")

    assert "'info'" in refused(f"redis://worker:{ESCAPED}@127.0.0.1:{server.port}", RedisAuthError)


def test_a_read_only_replica_is_refused(own_server: Callable[..., Server]) -> None:
    primary = own_server()
    replica = own_server("--replicaof", "127.0.0.1", str(primary.port))

    assert "URL of the primary" in refused(replica.url, RedisReadOnlyError)


def test_a_server_in_memory_only_is_warned_about(own_server: Callable[..., Server]) -> None:
    with open_redis(own_server("--save", "").url, None) as handle:
        assert len(handle.warnings) == 1
        assert "memory only" in handle.warnings[0]
    for settings in (("--save", "60 1"), ("--save", "", "--appendonly", "yes")):
        with open_redis(own_server(*settings).url, None) as handle:
            assert handle.warnings == ()


def test_a_server_that_evicts_is_warned_about(own_server: Callable[..., Server]) -> None:
    settings = ("--appendonly", "yes", "--maxmemory", "100mb")
    with open_redis(own_server(*settings, "--maxmemory-policy", "allkeys-lru").url, None) as handle:
        assert len(handle.warnings) == 1
        assert "allkeys-lru" in handle.warnings[0]
    with open_redis(own_server(*settings, "--maxmemory-policy", "noeviction").url, None) as handle:
        assert handle.warnings == ()


def test_a_hosted_server_that_hides_its_settings_is_used_without_a_claim(
    own_server: Callable[..., Server],
) -> None:
    server = own_server("--save", "", "--user", "worker", "on", f">{SECRET}", "~*", "+@all", "-config")
    with open_redis(f"redis://worker:{ESCAPED}@127.0.0.1:{server.port}", None) as handle:
        assert handle.warnings == ()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server on the PATH")
def test_redis_7_is_good_enough(own_server: Callable[..., Server]) -> None:
    server = own_server("--appendonly", "yes", binary=Path(shutil.which("redis-server") or ""))
    with open_redis(server.url, None) as handle:
        assert handle.client.ping()
        assert handle.warnings == ()


@pytest.mark.parametrize("version", ["6.2.0", "2.8.19", ""])
def test_a_server_that_is_too_old_is_refused(version: str) -> None:
    told = bulk(f"# Server\r\nredis_version:{version}\r\nrole:master\r\n")
    with listener_that(speaks_redis({b"INFO": told, b"PING": b"+PONG\r\n"})) as address:
        assert "Redis 7 or newer" in refused(f"redis://:{ESCAPED}@{address}", UnsupportedServerError)


def test_a_sentinel_is_refused(tmp_path: Path, own_server: Callable[..., Server]) -> None:
    told = bulk("# Server\r\nredis_version:7.2.4\r\nredis_mode:sentinel\r\n")
    with listener_that(speaks_redis({b"INFO": told, b"PING": b"+PONG\r\n"})) as address:
        assert "sentinel" in refused(f"redis://{address}", UnsupportedServerError)


def test_a_server_that_still_loads_is_said_to_be_loading() -> None:
    loading = {b"PING": b"-LOADING Redis is loading the dataset in memory\r\n"}
    with listener_that(speaks_redis(loading)) as address:
        assert "try again later" in refused(f"redis://{address}", RedisLoadingError)


# Nobody there, or somebody else.


def test_a_port_where_nobody_listens_is_named() -> None:
    port = free_port()

    assert f"user:***@127.0.0.1:{port}" in refused(
        f"redis://user:{ESCAPED}@127.0.0.1:{port}", RedisUnreachableError
    )


def test_a_socket_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "does not exist" in refused(f"unix://{tmp_path}/no.sock", RedisUnreachableError)


def test_a_socket_file_without_a_server_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "old.sock"))

    assert "Nobody listens" in refused(f"unix://{tmp_path}/old.sock", RedisUnreachableError)


def test_an_unknown_host_is_named() -> None:
    assert "is unknown" in refused(f"redis://:{ESCAPED}@nowhere.invalid:6379", RedisUnreachableError)


def test_a_silent_port_is_given_up_after_one_timeout() -> None:
    def stay_silent(connection: socket.socket) -> None:
        while connection.recv(1000):
            pass

    with listener_that(stay_silent) as address:
        started_s = time.monotonic()
        assert "does not answer in time" in refused(
            f"redis://{address}", RedisUnreachableError, timeout_s=0.3
        )
        assert time.monotonic() - started_s < 1.5


def test_a_port_that_hangs_up_is_unreachable() -> None:
    with listener_that(lambda connection: connection.close()) as address:
        refused(f"redis://:{ESCAPED}@{address}", RedisUnreachableError)


def test_tls_to_a_server_without_it_is_said_to_be_tls_trouble(own_server: Callable[..., Server]) -> None:
    url = f"rediss://:{ESCAPED}@127.0.0.1:{own_server().port}"

    # A server without TLS waits for the end of a line in what it gets, so there is no answer at all.
    assert "whether the port speaks TLS" in refused(url, RedisUnreachableError, timeout_s=0.3)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_tls_needs_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", *new_key, "-keyout", str(key), "-out", str(certificate), *names]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    told = bulk("# Server\r\nredis_version:7.2.4\r\nrole:master\r\n")

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            speaks_redis({b"INFO": told, b"PING": b"+PONG\r\n"})(encrypted)

    with listener_that(answer) as address:
        assert "agreement on TLS" in refused(f"rediss://:{ESCAPED}@{address}", RedisUnreachableError)
        for scheme in ("rediss", "valkeys"):
            with open_redis(f"{scheme}://:{ESCAPED}@{address}?ssl_ca_certs={certificate}", None) as handle:
                assert handle.client.ping()
        missing = refused(f"rediss://{address}?ssl_ca_certs={tmp_path}/none.pem", RedisUnreachableError)
        assert "does not exist" in missing


def test_a_web_server_is_no_redis() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listener_that(answer) as address:
        assert "does not speak the Redis protocol" in refused(f"redis://{address}", UnsupportedServerError)


def test_an_echo_of_the_password_is_not_told() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"?" + connection.recv(1000).replace(b"\r\n", b" ") + b"\r\n")

    with listener_that(answer) as address:
        refused(f"redis://:{ESCAPED}@{address}", UnsupportedServerError)


# URLs.


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        f"{SECRET}",
        f"user:{SECRET}@localhost:6379",
        f"http://:{SECRET}@localhost",
        f"redis:/:{SECRET}@localhost",
        f"redis://user:{SECRET}@localhost:6379",
        f"redis://:{SECRET}@localhost",
        f"redis://:{ESCAPED}@localhost:port",
        f"redis://:{ESCAPED}@localhost:99999",
        f"redis://:{ESCAPED}@localhost/database",
        f"redis://:{ESCAPED}@localhost/0?db=none",
        "redis://:S3cret?Word@localhost",
        "redis://:S3cret?x=Word@localhost",
        "redis://:S3cret#Word@localhost",
        "redis://:S3cret[Word@localhost",
        f"redis://:{ESCAPED}@[::1",
        f"redis://:{ESCAPED}@localhost/0?socket_timeout=1",
        f"redis://:{ESCAPED}@localhost?connection_class=x",
        f"redis://localhost?ssl_password={ESCAPED}",
        f"rediss://localhost?ssl_password={ESCAPED}&decode_responses=true",
        "unix://",
        f"unix://:{ESCAPED}@",
        "unix://relative/redis.sock",
        f"redis://:{ESCAPED}@{'x' * 64}",
        f"redis://:{ESCAPED}@a..b",
        "\x00",
        "redis://\ud800",
    ],
)
def test_a_url_that_can_not_be_read_is_refused_without_telling_its_secret(url: str) -> None:
    refused(url, RedisUrlError)


def test_a_database_that_is_not_there_is_a_trouble_of_the_url(own_server: Callable[..., Server]) -> None:
    assert "no database of this number" in refused(f"{own_server().url[:-1]}99", RedisUrlError)


# Troubles in use.


def test_a_blocking_read_ends_before_the_client_takes_it_for_dead() -> None:
    assert 0 < MAX_BLOCK_MS / 1000 < SOCKET_TIMEOUT_S


def test_the_client_finds_a_server_again_that_was_restarted(own_server: Callable[..., Server]) -> None:
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    with open_redis(server.url, None) as handle:
        handle.client.set("name", "value")
        server.stop()
        assert server.start()
        assert handle.client.get("name") == b"value"


def test_a_server_that_went_away_is_unreachable(own_server: Callable[..., Server]) -> None:
    server = own_server()
    with open_redis(server.url, None) as handle:
        server.stop()
        with pytest.raises(RedisUnreachableError, match="Nobody listens"), handle.errors():
            handle.client.get("name")


def test_a_full_memory_is_told_apart(own_server: Callable[..., Server]) -> None:
    with open_redis(own_server("--maxmemory", "1").url, None) as handle:
        with pytest.raises(RedisFullError, match="memory limit"), handle.errors():
            handle.client.set("name", "value")
        for transaction in (True, False):
            pipeline = handle.client.pipeline(transaction=transaction)
            pipeline.set("name", "value")
            with pytest.raises(RedisFullError, match="memory limit"), handle.errors():
                pipeline.execute()
        with pytest.raises(RedisFullError, match="memory limit"), handle.errors():
            handle.client.eval("return redis.call('set', 'name', 'value')", 0)


def test_a_failing_disk_is_told_apart(own_server: Callable[..., Server]) -> None:
    server = own_server("--save", "3600 100000")
    with open_redis(server.url, None) as handle:
        shutil.rmtree(server.place)
        handle.client.bgsave()
        deadline_s = time.monotonic() + 5
        while handle.client.info("persistence")["rdb_last_bgsave_status"] == "ok":
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        with pytest.raises(RedisFullError, match="Check its disk"), handle.errors():
            handle.client.set("name", "value")
        pipeline = handle.client.pipeline()
        pipeline.set("name", "value")
        with pytest.raises(RedisFullError, match="Check its disk"), handle.errors():
            pipeline.execute()


def test_a_primary_that_became_a_replica_is_told_apart(own_server: Callable[..., Server]) -> None:
    server, primary = own_server(), own_server()
    with open_redis(server.url, None) as handle:
        handle.client.replicaof("127.0.0.1", primary.port)
        with pytest.raises(RedisReadOnlyError, match="primary"), handle.errors():
            handle.client.set("name", "value")


def test_a_mistake_of_ours_passes_through(own_server: Callable[..., Server]) -> None:
    with open_redis(own_server().url, None) as handle:
        handle.client.set("name", "value")
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"), handle.errors():
            handle.client.xlen("name")
        with pytest.raises(ZeroDivisionError), handle.errors():
            _ = 1 / 0
