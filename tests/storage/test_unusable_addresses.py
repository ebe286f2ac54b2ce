"""Addresses at which no server is that can be used, and URLs that are none."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from made_listener import bulk, listener_that, speaks_redis
from secret_urls import ESCAPED, SECRET, refused
from tcp_server import Server, free_port

from storage.connection import open_redis
from storage.errors import RedisUnreachableError, RedisUrlError, UnsupportedServerError

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
