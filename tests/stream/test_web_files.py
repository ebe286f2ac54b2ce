"""What playlists name, and what a redirection makes of it."""

from __future__ import annotations

import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stream.errors import (
    CameraForbiddenError,
    CameraLoginError,
    CameraLostError,
    CameraRefusedError,
    CameraUnreachableError,
)
from stream.web_files import WebFiles

BODY = bytes(range(256)) * 4
FILM_BYTES = 30_000_000
PATIENCE_S = 8.0
SHOWN = "http://camera/***"


class _Web(BaseHTTPRequestHandler):
    """Echoes the credentials at /who, redirects from /to?ADDRESS, drips at /slow, sends parts of /part.

    /no/... refuses all logins, as the query says in which way, and /forbidden what nobody may see.
    """

    logins: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path.startswith("/no/"):
            self._refuse(query)
            return
        if path == "/to":
            self._answer(302, b"", Location=query)
        elif path == "/who" and not self.headers.get("Authorization"):
            self._answer(401, b"", **{"WWW-Authenticate": 'Basic realm="camera"'})
        elif path == "/who":
            self._answer(200, self.headers["Authorization"].encode())
        elif path == "/part":
            start, end = self.headers["Range"].removeprefix("bytes=").split("-")
            self._answer(206, BODY[int(start) : int(end) + 1])
        elif path == "/slow":
            self._go_on(b"HTTP/1.1 200 OK\r\n\r\n", b".")
        elif path == "/drip":
            # Headers without an end.
            self._go_on(b"HTTP/1.1 200 OK\r\nX-A: ", b"y")
        elif path == "/away":
            # A redirection with a body that has none.
            self._go_on(b"HTTP/1.1 302 Found\r\nLocation: /whole\r\n\r\n", b".")
        elif path == "/film":
            self.send_response(200)
            self.end_headers()
            for _ in range(FILM_BYTES // 1000):
                self.wfile.write(bytes(1000))
            self.wfile.write(BODY)
        elif path == "/whole":
            self._answer(200, BODY)
        else:
            self._answer(404, b"")

    def _refuse(self, how: str) -> None:
        if proof := self.headers.get("Authorization"):
            self.logins.append(proof.split()[0])
        nonce = f'nonce="{time.monotonic_ns()}", qop="auth"'
        stale = ", stale=TRUE" if how == "stale" else ""
        ways = {
            "Basic": ['Basic realm="camera"'],
            "Digest": [f'Digest realm="camera", {nonce}'],
            "stale": [f'Digest realm="camera", {nonce}{stale}'],
            "both": [f'Digest realm="camera", {nonce}', 'Basic realm="camera"'],
        }
        self.send_response(403 if how == "forbidden" else 401)
        for way in ways.get(how, []):
            self.send_header("WWW-Authenticate", way)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _go_on(self, first: bytes, piece: bytes) -> None:
        end_s = time.monotonic() + PATIENCE_S
        try:
            self.wfile.write(first)
            while time.monotonic() < end_s:
                self.wfile.write(piece)
                time.sleep(0.02)
        except (ConnectionError, ssl.SSLError):
            return

    def _answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _serving(context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Host and port of a web server within the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(0.02))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """Host and port of a web server."""
    with _serving() as place:
        yield place


@pytest.fixture
def safe_web(tmp_path: Path) -> Iterator[str]:
    """Host and port of one over TLS, whose certificate nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")]), datetime.now(UTC)
    unsigned = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = unsigned.not_valid_before(now).not_valid_after(now + timedelta(days=1)).serial_number(1)
    certificate = dated.sign(key, hashes.SHA256())
    path = tmp_path / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(
        certificate.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with _serving(context) as place:
        yield place


@pytest.fixture
def files() -> Iterator[WebFiles]:
    opened = WebFiles(5.0, SHOWN)
    opened.opened = True
    yield opened
    opened.close()


def _read(files: WebFiles, address: str, **options: str) -> bytes:
    file = files(address, 1, options)
    return b"".join(iter(lambda: file.read(100), b""))


def test_an_address_of_the_web_is_read_to_its_end(web: str, files: WebFiles) -> None:
    assert _read(files, f"http://{web}/whole") == BODY
    assert _read(files, f"http://{web}/to?/whole") == BODY


def test_it_may_be_of_a_server_whose_certificate_nobody_has_signed(safe_web: str, files: WebFiles) -> None:
    assert _read(files, f"https://{safe_web}/to?/whole") == BODY
    for path in ("slow", "drip"):
        files.step_begins(0.3)
        begun_s = time.monotonic()
        with pytest.raises(CameraLostError):
            _read(files, f"https://{safe_web}/{path}")
        assert time.monotonic() - begun_s < PATIENCE_S / 2


@pytest.mark.parametrize("path", ["part", "whole"])
def test_a_part_begins_where_it_should_also_if_the_server_sends_all(
    web: str, files: WebFiles, path: str
) -> None:
    read = _read(files, f"http://{web}/{path}", offset="300", end_offset="700")
    assert read[:400] == BODY[300:700]


@pytest.mark.parametrize(
    "address",
    ["tcp://h:1/", "tls://h:1/", "file:///etc/passwd", "/etc/passwd", "data:,x", "ftp://h/", "http:", ""],
)
def test_what_is_not_of_the_web_is_refused(files: WebFiles, address: str) -> None:
    with pytest.raises(CameraRefusedError, match="neither http:// nor https://"):
        files(address, 1, {})


def test_an_encrypted_playlist_is_refused_by_its_name(web: str, files: WebFiles) -> None:
    with pytest.raises(CameraRefusedError, match="encrypted"):
        files(f"crypto+http://{web}/whole", 1, {"key": "00" * 16, "iv": "00" * 16})


@pytest.mark.parametrize("scheme", ["file", "ftp", "data", "tcp"])
def test_a_redirection_leads_nowhere_else_either(
    web: str, files: WebFiles, tmp_path: Path, scheme: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    with pytest.raises(CameraLostError):
        files(f"http://{web}/to?{scheme}://{secret}", 1, {})


def test_credentials_go_to_the_host_in_whose_address_they_stand(web: str, files: WebFiles) -> None:
    assert _read(files, f"http://eve:s3%40cret@{web}/who") == b"Basic ZXZlOnMzQGNyZXQ="
    other = web.replace("127.0.0.1", "localhost")
    for address in (f"http://{other}/who", f"http://eve:s3%40cret@{web}/to?http://{other}/who"):
        files.step_begins(5.0)
        with pytest.raises(CameraLostError, match=r"\(401\)"):
            files(address, 1, {})


def test_what_is_missing_is_empty_and_told_until_the_camera_is_open(web: str, files: WebFiles) -> None:
    files.opened = False
    assert _read(files, f"http://{web}/nothing") == b""
    assert isinstance(files.failure, CameraUnreachableError)
    assert "(404)" in str(files.failure)
    files.opened = True
    with pytest.raises(CameraLostError, match=r"\(404\)"):
        files(f"http://{web}/nothing", 1, {})


def test_a_server_that_drips_is_left_in_time(web: str, files: WebFiles) -> None:
    files.deadline_s = time.monotonic() + 0.3
    begun_s = time.monotonic()
    with pytest.raises(CameraLostError, match="too slowly"):
        _read(files, f"http://{web}/slow")
    assert 0.2 < time.monotonic() - begun_s < 5


def test_of_a_step_that_failed_nothing_more_comes_and_the_next_one_begins_anew(
    web: str, files: WebFiles
) -> None:
    file = files(f"http://{web}/slow", 1, {})
    files.step_begins(0.1)
    with pytest.raises(CameraLostError, match="too slowly"):
        b"".join(iter(lambda: file.read(100), b""))
    # PyAV prints what it is told beyond the first error.
    assert file.read(100) == b""
    assert files(f"http://{web}/nothing", 1, {}).read(100) == b""
    files.step_begins(5.0)
    assert _read(files, f"http://{web}/whole") == BODY


def test_headers_that_have_no_end_are_left_in_time(web: str, files: WebFiles) -> None:
    files.deadline_s = time.monotonic() + 0.3
    begun_s = time.monotonic()
    with pytest.raises(CameraLostError):
        files(f"http://{web}/drip", 1, {})
    assert 0.2 < time.monotonic() - begun_s < PATIENCE_S / 2


def test_a_body_of_a_redirection_is_not_waited_for(web: str, files: WebFiles) -> None:
    begun_s = time.monotonic()
    assert _read(files, f"http://{web}/away") == BODY
    assert time.monotonic() - begun_s < PATIENCE_S / 2


def test_what_lies_before_a_part_is_never_held_as_a_whole(web: str, files: WebFiles) -> None:
    tracemalloc.start()
    try:
        part = {"offset": str(FILM_BYTES), "end_offset": str(FILM_BYTES + 400)}
        file = files(f"http://{web}/film", 1, part)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert file.read(400) == BODY[:400]
    assert peak_bytes < FILM_BYTES / 10


def test_what_lies_before_a_part_is_skipped_in_time(web: str, files: WebFiles) -> None:
    files.deadline_s = time.monotonic() + 0.3
    begun_s = time.monotonic()
    with pytest.raises(CameraLostError):
        files(f"http://{web}/slow", 1, {"offset": "1000000", "end_offset": "1000001"})
    assert time.monotonic() - begun_s < PATIENCE_S / 2


def test_closing_closes_what_was_left_open(web: str, files: WebFiles) -> None:
    file = files(f"http://{web}/slow", 1, {})
    assert file.read(1) == b"."
    files.close()
    assert file.read(1) == b""


@pytest.mark.parametrize(
    ("how", "logins"),
    [
        ("Basic", ["Basic"]),
        ("Digest", ["Digest"]),
        ("both", ["Digest"]),
        # Only the nonce was too old, it says.
        ("stale", ["Digest", "Digest"]),
    ],
)
def test_a_password_that_is_refused_is_sent_once(web: str, how: str, logins: list[str]) -> None:
    _Web.logins.clear()
    files = WebFiles(PATIENCE_S, SHOWN)
    with pytest.raises(CameraLoginError, match=r"\(401\): the user name or password is refused") as refusal:
        files(f"http://eve:wr0ng@{web}/no/film?{how}", 0, {})
    assert _Web.logins == logins
    assert "wr0ng" not in str(refusal.value)


def test_what_a_playlist_names_and_nobody_may_see_is_a_matter_for_a_person(web: str) -> None:
    files = WebFiles(PATIENCE_S, SHOWN)
    # Another variant may do.
    assert files(f"http://{web}/no/film?forbidden", 0, {}).read(1) == b""
    assert isinstance(files.failure, CameraForbiddenError)


def test_a_login_that_expires_while_the_camera_is_open_ends_the_connection_alone(web: str) -> None:
    files = WebFiles(PATIENCE_S, SHOWN)
    files.opened = True
    with pytest.raises(CameraLostError):
        files(f"http://{web}/no/film?forbidden", 0, {})
